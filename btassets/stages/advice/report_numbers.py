"""The numbers of a report: the finished tables rounded and laid out under the report's key names.

Belongs here: the rounding of each number (by Python's `round`, nowhere else), and the layout shared by both profiles.
Does not belong here: computing any of them, and prose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from btassets.engine.floors import BUILT_IN_RANKING, FLOORS, RANKING
from btassets.engine.portfolio.variant_list import StrategyVariant, difference, variant_label
from btassets.engine.recommendation.advice_rules import recommendation, research_recommendation
from btassets.engine.signals import SIGNALS
from btassets.settings.models import Settings
from btassets.settings.variant_settings import portfolio_variants

SCHEMA_VERSION = 1

STEP_DAYS = 5
MIN_LOOKBACK_BARS = 60

_DIGITS = {
    "hit_rate": 1,
    "win_rate": 1,
    "avg_r": 3,
    "total_r": 2,
    "net_avg_r": 3,
    "net_total_r": 2,
    "best_r": 2,
    "worst_r": 2,
    "avg_hold_days": 1,
    "net_r_per_day": 4,
    "median_net_r": 3,
    "profit_factor": 2,
    "net_avg_r_ex_top5": 3,
    "hold_avg_r": 3,
    "hold_net_avg_r": 3,
    "hold_total_r": 2,
    "avg_cross_section": 1,
    "mean_ic": 4,
    "ic_t_stat": 2,
    "ic_positive_pct": 1,
    "mean_quintile_spread": 4,
    "thinned_mean_ic": 4,
    "final_equity": 2,
    "total_return_pct": 1,
    "cagr_pct": 1,
    "max_drawdown_pct": 1,
    "sharpe": 2,
    "avg_trade_pnl": 2,
    "best_trade_r": 2,
    "worst_trade_r": 2,
    "best_trade_pnl": 2,
    "worst_trade_pnl": 2,
    "spy_return_pct": 1,
    "return_pct": 1,
    "avg_exposure_pct": 1,
    "avg_net_r": 3,
    "risk_per_trade_pct": 2,
    "min_stated_pct": 1,
    "max_stated_pct": 1,
    "mean_stated_pct": 1,
    "hit_pct": 1,
    "gap_pct": 1,
}
"""Decimals of every rounded column; other columns (counts, names, cutoffs) are left unchanged."""

_OPTIONAL_GATES = {floor.setting: floor.off for floor in FLOORS if floor.is_optional}
"""Gates unknown to the legacy profile, with the value that disables them."""

_OPTIONAL_SIGNALS = frozenset(signal.name for signal in SIGNALS if signal.is_optional)

_BOOK_KEYS = (
    *(
        "starting_capital",
        "final_equity",
        "total_return_pct",
        "cagr_pct",
        "max_drawdown_pct",
        "sharpe",
        "trades",
    ),
    *("win_rate", "avg_trade_pnl", "best_trade_r", "worst_trade_r", "best_trade_pnl", "worst_trade_pnl"),
    *("avg_hold_days", "skipped_book_full", "spy_return_pct", "yearly_returns", "start_date", "end_date"),
)
"""Numbers of a portfolio in both profiles, in order; all null for a portfolio that never started."""

_REFUSALS = ("slots", "cash", "size", "short")
_NOT_FILLED = ("no_next_bar", "gapped_stop", "gapped_target", "no_levels")
_KEPT_WITHOUT_TRADES = (
    "starting_capital",
    "trades",
    "skipped_book_full",
    "spy_return_pct",
    "start_date",
    "end_date",
)

_THINNED = ("thinned_weeks", "thinned_mean_ic")


@dataclass(frozen=True)
class ReportInputs:
    """All inputs of a report's numbers.

    Attributes
    ----------
    settings, settings_hash, scenario
        The requested scenario and its settings.
    n_tickers
        Tickers with bars, the benchmark not counted unless listed.
    tables
        Models by name: `setup_stats`, `gate_sweep`, `gate_ablation`, `time_exit_sweep`,
        `setup_group_stats`, `calibration`, `factor_ic`, unrounded.
    policies, variants
        Unrounded rows of `portfolio_sims` and `strategy_variants`; a portfolio that never started has only its names
        (`start_date` null or absent).
    equal_weight
        Return in percent of the equal-weight holds by name, None without a common calendar.
    dropped
        Rows without a result, by reason.
    warnings
        Sentences for the readers of the numbers.
    """

    settings: Settings
    settings_hash: str
    scenario: str
    n_tickers: int
    tables: Mapping[str, pa.Table]
    policies: Sequence[Mapping[str, Any]]
    variants: Sequence[Mapping[str, Any]]
    equal_weight: Mapping[str, float] | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)
    warnings: Sequence[str] = ()


def price(value: float) -> float:
    """A price as quoted: two decimals from a dollar on, else four digits."""
    return round(value, 2 if abs(value) >= 1 else 4)


def rounded_rows(table: pa.Table, *without: str) -> list[dict[str, Any]]:
    """Rows of a model as report rows: rounded, without `scenario` and the named columns."""
    rows = table.drop_columns(["scenario", *without]).to_pylist()
    return [{name: _rounded(name, value) for name, value in row.items()} for row in rows]


def report_numbers(inputs: ReportInputs) -> dict[str, Any]:
    """All numbers of the report, JSON-able, keys in a fixed order.

    Both profiles have the same keys. The standard profile adds some (see `_standard_extras`), shows a policy without
    trades as nulls instead of leaving it out, and lists refusals in each portfolio.
    """
    settings = inputs.settings
    is_standard = settings.profile == "standard"
    variants = portfolio_variants(settings.variant)
    populations = {row["population"]: row for row in rounded_rows(inputs.tables["setup_stats"])}
    stats = {name: _without(row, "population", "n_rows") for name, row in populations.items()}
    factor_rows = rounded_rows(inputs.tables["factor_ic"], *(() if is_standard else _THINNED))
    if not is_standard:
        factor_rows = [row for row in factor_rows if row["signal"] not in _OPTIONAL_SIGNALS]
    report: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "profile": settings.profile,
        "scenario": inputs.scenario,
        "fill": settings.method.fill,
        "settings_hash": inputs.settings_hash,
        "tickers": inputs.n_tickers,
        "candidates": populations["all"]["n_rows"],
        "qualified": populations["qualified"]["n_rows"],
        "params": {
            "step_days": STEP_DAYS,
            "horizon_days": settings.engine.horizon_days,
            "min_lookback": MIN_LOOKBACK_BARS,
            "cost_per_side_pct": round(settings.costs.per_side_frac * 100, 3),
        },
        "activation": _activation(settings),
        "overall_qualified": stats["qualified"],
        "overall_all": stats["all"],
        "by_direction": {"long": stats["long"], "short": stats["short"]},
        "min_momentum_percentile": settings.gates.min_momentum_percentile,
        "sweep": rounded_rows(inputs.tables["gate_sweep"]),
        "gate_ablation": rounded_rows(inputs.tables["gate_ablation"]),
        "time_exit_sweep": _holds(inputs.tables),
        "portfolio_sim": {
            "params": _book_params(settings),
            "policies": [
                {"policy": row["policy"], **book_numbers(row, is_standard=is_standard)}
                for row in inputs.policies
                if is_standard or _has_started(row)
            ],
        },
        "strategy_variants": {
            "variants": [
                {
                    **_variant(row),
                    **_labels(row, variants, is_standard=is_standard),
                    **book_numbers(row, is_standard=is_standard),
                }
                for row in inputs.variants
                if is_standard or _has_started(row)
            ],
        },
        # Best first by the rounded mean; ties keep the order of their names.
        "signal_eval": sorted(factor_rows, key=lambda row: row["mean_ic"], reverse=True),
    }
    report["recommendation"] = recommendation(report)
    report["research_recommendation"] = research_recommendation(report, variants)
    if is_standard:
        report |= _standard_extras(inputs)
    return report


def _holds(tables: Mapping[str, pa.Table]) -> list[dict[str, Any]]:
    """Rows of the fixed holds; one beyond the horizon has the target exit over its own setups beside it."""
    groups = tables["setup_group_stats"].to_pylist()
    raced = {row["member"]: row["net_avg_r"] for row in groups if row["family"] == "race_of_hold"}
    rows = rounded_rows(tables["time_exit_sweep"])
    for row in rows:
        if str(row["hold_days"]) in raced:
            row["target_net_avg_r"] = _rounded("net_avg_r", raced[str(row["hold_days"])])
    return rows


def _standard_extras(inputs: ReportInputs) -> dict[str, Any]:
    stats = {row["population"]: row for row in inputs.tables["setup_stats"].to_pylist()}
    return {
        "graded": stats["all"]["total"],
        "dropped": dict(inputs.dropped),
        "equal_weight": None
        if inputs.equal_weight is None
        else {f"{name}_return_pct": round(float(value), 1) for name, value in inputs.equal_weight.items()},
        "calibration": rounded_rows(inputs.tables["calibration"]),
        "warnings": list(inputs.warnings),
    }


def _rounded(name: str, value: Any) -> Any:
    digits = _DIGITS.get(name)
    return value if digits is None or value is None else round(value, digits)


def _without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _activation(settings: Settings) -> dict[str, Any]:
    """Names of the gates; the legacy profile shows only its own, unless another one is active.

    The ranking is named if it is not the built-in one.
    """
    gates = settings.gates.values()
    is_legacy = settings.profile == "legacy"
    idle = {name for name, off in _OPTIONAL_GATES.items() if is_legacy and gates[name] == off}
    ranked = {} if settings.gates.ranking == BUILT_IN_RANKING else {RANKING: settings.gates.ranking}
    return _without(gates, *idle) | ranked


def _book_params(settings: Settings) -> dict[str, Any]:
    portfolio = settings.portfolio
    return {
        "starting_capital": portfolio.starting_capital,
        "max_positions": portfolio.max_positions,
        "risk_per_trade_pct": round(portfolio.risk_frac * 100, 2),
        "notional_cap_pct": round(portfolio.notional_cap_frac * 100, 1),
        "cost_per_side_pct": round(settings.costs.per_side_frac * 100, 3),
        "hold_days": max(settings.exits.hold_days),
    }


def _has_started(row: Mapping[str, Any]) -> bool:
    return row.get("start_date") is not None


def _variant(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "variant": row["variant"],
        "ranking": row["ranking"],
        "cutoff": row["cutoff"],
        "max_positions": row["variant_max_positions"],
        "risk_per_trade_pct": _rounded("risk_per_trade_pct", row["risk_per_trade_pct"]),
        "risk_scale": None,
    }


def _labels(row: Mapping[str, Any], variants: Sequence[StrategyVariant], *, is_standard: bool) -> dict[str, Any]:
    """Label of a variant, and what differs from the base; the legacy profile has neither."""
    if not is_standard:
        return {}
    found = next(v for v in variants if v.variant == row["variant"])
    return {"label": variant_label(found, variants[0]), "differs": difference(found, variants[0])}


def book_numbers(row: Mapping[str, Any], *, is_standard: bool) -> dict[str, Any]:
    """Rounded numbers of one portfolio's row; the standard profile adds refusals, and nulls if nothing was traded."""
    if not _has_started(row):
        return dict.fromkeys(_BOOK_KEYS)
    book = {name: _rounded(name, row[name]) for name in _BOOK_KEYS}
    book["yearly_returns"] = [
        {"year": year["year"], "return_pct": _rounded("return_pct", year["return_pct"])}
        for year in row["yearly_returns"]
    ]
    book |= {name: row[name].isoformat() for name in ("start_date", "end_date")}
    if not is_standard:
        return book
    if not row["trades"]:
        book |= {name: None for name in _BOOK_KEYS if name not in _KEPT_WITHOUT_TRADES}
        book["yearly_returns"] = []
    book["refusals"] = {name: row[f"refused_{name}"] for name in _REFUSALS}
    book["skipped_held"] = row["skipped_held"]
    book["not_filled"] = {name: row[name] for name in _NOT_FILLED}
    return book | {name: _rounded(name, row[name]) for name in ("avg_exposure_pct", "avg_net_r")}
