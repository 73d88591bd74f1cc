"""Checks that assets return with their data: severities, and which of them block.

Belongs here: check specs and turning stage facts into results. A blocking check that fails stops
everything below its asset. Does not belong here: separate check steps; they cost a process each.
"""

from typing import Any

import dagster as dg

from btassets.run.sql_models import load_tests

BLOCKING = ("bars_sane", "benchmark_present", "no_lookahead")

_SPECS = {
    "restated_history": ("ohlcv_history", "Bars that were read before are still the same in the source."),
    "bars_sane": (
        "ohlcv_history",
        "Stored bars keep the engine's input contract: dates ascend, 0 < low <= open, close <= high.",
    ),
    "files_accepted": ("bar_problems", "No ticker's newest bars were refused by a quality rule."),
    "rows_clean": ("bar_problems", "No row was taken out of a ticker's bars."),
    "days_complete": ("bar_problems", "No day was left out or told because too few tickers have it (Q19, Q20)."),
    "overrides_used": ("bar_problems", "Every override in the settings still answers a finding."),
    "universe_coverage": ("sessions", "Most living tickers have a bar at T."),
    "bars_current": ("sessions", "No session of the exchange has passed whose bars are due and missing."),
    "stale_tickers": ("sessions", "Living tickers that lack the last session."),
    "benchmark_present": ("benchmark_closes", "The named benchmark covers the tickers' sessions."),
    "no_lookahead": ("candidates", "Setups of a sample are the same when every later bar is taken away."),
    "thin_signals": ("factor_ic", "Every signal was measured in enough independent windows."),
    "small_sample": ("setup_stats", "At least 100 qualified setups stand behind the statistics."),
    "outlier_dependent": ("setup_stats", "Expectancy survives without its best 5% of trades."),
    "survivorship_unknown": ("backtest_report", "The universe is known as it was at each date."),
}


def _told(name: str) -> tuple[str, str]:
    """Asset and description of a check; each query of `dbt_like_sql/tests` is one."""
    return _SPECS[name] if name in _SPECS else ("model_tests", load_tests()[name].description)


def specs(*names: str) -> list[dg.AssetCheckSpec]:
    """Check specs by name, on the asset that returns them."""
    return [
        dg.AssetCheckSpec(name, asset=_told(name)[0], description=_told(name)[1], blocking=name in BLOCKING)
        for name in names
    ]


def of_asset(asset: str) -> list[dg.AssetCheckSpec]:
    """Check specs of one asset."""
    queries = load_tests() if asset == "model_tests" else ()
    return specs(*(name for name, (owner, _about) in _SPECS.items() if owner == asset), *queries)


def result(name: str, *, passed: bool, severity: str = "WARN", **numbers: Any) -> dg.AssetCheckResult:
    """Check result with its numbers; a blocking check is always an error."""
    level = dg.AssetCheckSeverity.ERROR if name in BLOCKING or severity == "ERROR" else dg.AssetCheckSeverity.WARN
    metadata = {key: value for key, value in numbers.items() if value is not None}
    return dg.AssetCheckResult(
        passed=passed, check_name=name, asset_key=_told(name)[0], severity=level, metadata=metadata
    )


def evaluation(name: str, *, passed: bool, **numbers: Any) -> dg.AssetCheckEvaluation:
    """Check result that no asset made: a sensor looked again. A warning when it failed."""
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(_told(name)[0]),
        check_name=name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={key: value for key, value in numbers.items() if value is not None},
    )
