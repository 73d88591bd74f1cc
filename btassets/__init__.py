"""btassets: backtest research on daily bars, every stage a Dagster asset."""

__version__ = "0.1.0"
