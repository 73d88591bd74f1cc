"""Tickers: spelling and dated membership."""
