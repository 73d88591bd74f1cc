"""Uncertainty in the report: the statistics tables as shown, and intervals for its other tables.

Belongs here: the rows shown, rounded in readable units, and the estimate behind each interval of the report. Does not
belong here: the estimates (`stat_*.py`), drawing (`btassets.render`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from btassets.engine.recommendation.advice_sentences import headline
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.advice.stat_claims import SINCE
from btassets.stages.statistics.stat_sample import PICKED
from btassets.stages.statistics.stat_signals import MAIN_HORIZON

Row = Mapping[str, Any]
Document = dict[str, Any]

_SCALED = {"frac_a_year": ("pct_a_year", 100.0), "frac": ("pct", 100.0)}
_DIGITS = {
    "r": 3,
    "ic": 4,
    "pct_a_year": 2,
    "pct": 2,
    "ratio": 2,
    "probability": 4,
    "a_year": 2,
    "days": 0,
    "n": 0,
    "usd": 0,
}
_SIGNAL_DIGITS = {
    **dict.fromkeys(("q", "q_table", "spread_p", "neutral_p", "neutral_q", "neutral_spread_p"), 4),
    **dict.fromkeys(("avg_cross_section", "neutral_cross_section"), 1),
    **dict.fromkeys(("horizon_ic", "spread", "neutral_ic", "neutral_spread"), 4),
    **dict.fromkeys(("turnover_top", "turnover_bottom", "rank_autocorrelation"), 3),
    **{f"quintile_{k}": 4 for k in range(1, 6)},
}
_OWN = ("signal", "label", "form", "source", "sign", "state", "reason", "n_values", "n_missing", "n_tickers", "n_dates")
_HELD_APART = ("population", "cutoff", "floor")
"""Groupings that the report's own tables show with intervals."""


def statistics_document(tables: Tables) -> Document:
    """Part `statistics` of the report; every list may be empty, missing values are null."""

    def rows(table: str) -> list[dict[str, Any]]:
        return tables[table].read().to_pylist()

    groups, windows = rows("stat_groups"), rows("wf_windows")
    return {
        "claims": [claim_row(row) for row in rows("stat_claims")],
        "signals": [_signal(row) for row in rows("stat_signals")],
        "own_signals": [_named(row, *_OWN) for row in rows("own_signal_proofs")],
        "regimes": [_group(row) for row in _regimes(groups)],
        "pairs": [{**_named(row, "member", "against", "measure"), **tested_row(row)} for row in rows("stat_pairs")],
        "calibration": [
            {
                **_named(row, "direction", "bin", "measure"),
                "stated": _rounded(row["stated"], 4),
                "hit": _rounded(row["hit"], 4),
                **tested_row(row),
            }
            for row in rows("stat_calibration")
        ],
        "book": [{**_named(row, "policy", "measure"), **tested_row(row)} for row in rows("stat_portfolio")],
        "overfit": [{"measure": row["measure"], **_estimate(row)} for row in rows("stat_overfit")],
        "windows": [_window(row) for row in windows],
        "walk_forward": _walk_forward(tables["wf_equity"].read()),
        "health": [{**row, "value": _rounded(row["value"], 4)} for row in map(_without_scenario, rows("stat_health"))],
    }


def _without_scenario(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "scenario"}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _named(row: Row, *names: str) -> Document:
    return {name: row[name] for name in names}


def _estimate(row: Row) -> Document:
    """Estimate, interval and size of a row, rounded in its unit; fractions become percent."""
    unit, scale = _SCALED.get(row["unit"], (row["unit"], 1.0))
    digits = _DIGITS.get(unit, 4)

    def number(name: str) -> float | None:
        return None if row[name] is None else _rounded(scale * row[name], digits)

    low, high = number("ci_lo"), number("ci_hi")
    return {
        "estimate": number("estimate"),
        "unit": unit,
        "ci": None if low is None or high is None else [low, high],
        "n": row["n_setups"],
        "n_weeks": row["n_weeks"],
        "n_eff": _rounded(row["n_eff"], 1),
        "p": _rounded(row["p_raw"], 4),
        "mde80": number("mde80"),
    }


def tested_row(row: Row) -> Document:
    """An estimate with its family and its out-of-sample result."""
    unit, scale = _SCALED.get(row["unit"], (row["unit"], 1.0))
    return {
        **_estimate(row),
        "p_adj": _rounded(row.get("p_adj"), 4),
        "family": row.get("family"),
        "family_size": row.get("family_size"),
        "adj_method": row.get("adj_method"),
        "oos_estimate": None
        if row.get("oos_estimate") is None
        else _rounded(scale * row["oos_estimate"], _DIGITS.get(unit, 4)),
        "oos_p": _rounded(row.get("oos_p"), 4),
        "oos_windows": row.get("oos_windows"),
        "oos_confirmed": row.get("oos_confirmed"),
    }


def claim_row(row: Row) -> Document:
    """A claim as shown: rounded in its unit, without a verdict if nothing was tested."""
    tested = dict.fromkeys(("estimate", "ci", "n", "n_weeks", "n_eff", "p", "mde80"))
    tested = tested_row(row) if row["unit"] is not None else tested | {"unit": None, "oos_confirmed": "n/a"}
    names = ("topic", "item_key", "seed_rule_says", "claim_kind", "verdict", "evidence_text")
    days = {name: None if row[name] is None else row[name].isoformat() for name in SINCE[:3]}
    return _judged({**_named(row, *names), **tested, **days, **_named(row, *SINCE[3:])})


def _judged(row: Document) -> Document:
    """The row without a verdict if nothing was tested: no estimate, or one without any error."""
    if row["estimate"] is None or (row["ci"] is None and row["p"] is None):
        row["verdict"] = None
    return row


def _signal(row: Row) -> Document:
    found = {name: _rounded(row[name], digits) for name, digits in _SIGNAL_DIGITS.items()}
    low, high = _rounded(row["neutral_ci_lo"], 4), _rounded(row["neutral_ci_hi"], 4)
    whole = _rounded(row["horizon_ic_lo"], 4), _rounded(row["horizon_ic_hi"], 4)
    names = ("signal", "horizon_days", "is_primary", "has_star", "verdict", "neutral_verdict", "n_tried")
    intervals = {
        "horizon_ic_ci": None if None in whole else list(whole),
        "neutral_ci": None if low is None or high is None else [low, high],
    }
    return _judged({**_named(row, *names), **_estimate(row), **found, **intervals})


def _regimes(groups: Sequence[Row]) -> Iterable[Row]:
    """Groups by direction, year and regime under the longest hold, in the market-adjusted measure."""
    exits = [row["exit"] for row in groups if row["grouping"] == "direction"]
    measures = {row["measure"] for row in groups}
    measure = "adjusted_r" if "adjusted_r" in measures else "net_r"
    last = exits[-1] if exits else None
    return (
        row
        for row in groups
        if row["grouping"] not in _HELD_APART and row["exit"] == last and row["measure"] == measure
    )


def _group(row: Row) -> Document:
    return {
        **_named(row, "grouping", "member", "exit", "measure", "is_descriptive", "is_too_short"),
        **_estimate(row),
        "largest_year_pct": None if row["largest_year_frac"] is None else round(100 * row["largest_year_frac"], 1),
    }


def _window(row: Row) -> Document:
    days = ("train_first", "train_last", "test_first", "test_last")
    return {
        **_named(row, "window", "ranking", "min_momentum_percentile", "exit", "n_train", "n_test"),
        **{name: None if row[name] is None else row[name].isoformat() for name in days},
        **{name: _rounded(row[name], 3) for name in ("train_net_r", "test_net_r", "fixed_net_r")},
    }


def _walk_forward(table: pa.Table) -> Document:
    """Curves of the portfolio that follows the windows' picks, at week ends and the last session."""
    dates = table["date"].to_pylist()
    kept = [
        at
        for at, day in enumerate(dates)
        if at in (0, len(dates) - 1) or dates[at + 1].isocalendar()[:2] != day.isocalendar()[:2]
    ]
    part = table.take(kept) if kept else table
    names = {"picked": "equity", "fixed": "fixed_equity", "benchmark": "benchmark_equity"}
    return {
        "dates": [day.isoformat() for day in part["date"].to_pylist()],
        "series": {
            name: [_rounded(v, 2) for v in part[column].to_pylist()]
            for name, column in names.items()
            if part[column].null_count < part.num_rows
        },
    }


def with_verdicts(report: Document) -> None:
    """Add to the advice and headline of a report the verdicts of its claims, and the location of their evidence."""
    claims = report["statistics"]["claims"]
    place = {(claim["topic"], claim["item_key"]): at for at, claim in enumerate(claims)}
    for row in (*report["advice"], *report["research_advice"]):
        at = place.get((row["topic"], row["item_key"]))
        row["claim"] = at
        row["verdict"] = None if at is None else claims[at]["verdict"]
    whole = next((claim["verdict"] for claim in claims if claim["topic"] == "headline"), None)
    by_topic = {claim["topic"]: claim["verdict"] for claim in claims}
    listed = next((claim["verdict"] for claim in claims if claim["topic"] == "list"), None)
    text = headline(report["recommendation"], by_topic, ranking=whole, listed=listed)
    report["headline"] = {"text": text, "verdict": whole}


def with_intervals(report: Document, tables: Tables, settings: Settings) -> None:
    """Add 95% intervals to the means of the report's own tables, as `<name>_ci`."""
    with_group_intervals(
        report, tables["stat_groups"].read().to_pylist(), tables["stat_pairs"].read().to_pylist(), settings
    )
    _signal_intervals(report)
    _calibration_intervals(report)


def with_group_intervals(report: Document, rows: Sequence[Row], pairs: Sequence[Row], settings: Settings) -> None:
    """Add the intervals of means over setups: rows of `stat_groups` and `stat_pairs`."""
    groups = {(row["grouping"], row["member"], row["exit"]): row for row in rows if row["measure"] == "net_r"}
    longest = f"hold_{max(settings.exits.hold_days)}"

    def put(row: Document, name: str, grouping: str, member: str, exit_name: str) -> None:
        key = (grouping, member, exit_name)
        row[f"{name}_ci"] = _estimate(groups[key])["ci"] if key in groups else None

    put(report["overall_qualified"], "net_avg_r", "population", "qualified", "target")
    put(report["overall_all"], "net_avg_r", "population", "all", "target")
    for direction, row in report["by_direction"].items():
        put(row, "net_avg_r", "direction", direction, "target")
    for row in report["sweep"]:
        put(row, "net_avg_r", "cutoff", f"{row['min_momentum_percentile']:g}", "target")
    for row in report["time_exit_sweep"]:
        put(row, "net_avg_r", "population", "qualified", f"hold_{row['hold_days']}")
    for row in report["gate_ablation"]:
        put(row, "net_avg_r", "floor", row["variant"], "target")
        put(row, "hold_net_avg_r", "floor", row["variant"], longest)
    floors = {row["against"]: row for row in pairs if row["family"] == "floors" and row["member"] != PICKED}
    for row in report["gate_ablation_deltas"]:
        found = _estimate(floors[row["variant"]])["ci"] if row["variant"] in floors else None
        # The pair is the whole gate minus the gate without the floor.
        row["delta_hold_net_avg_r_ci"] = None if found is None else [-found[1] + 0.0, -found[0] + 0.0]


def _signal_intervals(report: Document) -> None:
    found = {row["signal"]: row for row in report["statistics"]["signals"] if row["horizon_days"] == MAIN_HORIZON}
    for row in report["signal_eval"]:
        row["mean_ic_ci"] = found[row["signal"]]["horizon_ic_ci"] if row["signal"] in found else None
        row["verdict"] = found[row["signal"]]["verdict"] if row["signal"] in found else None


def _calibration_intervals(report: Document) -> None:
    gaps = {
        (row["direction"], row["bin"]): row["ci"]
        for row in report["statistics"]["calibration"]
        if row["bin"] is not None
    }
    for row in report["calibration"]:
        row["gap_pct_ci"] = gaps.get((row["direction"], row["bin"]))
