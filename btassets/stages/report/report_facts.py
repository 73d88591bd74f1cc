"""Facts about the book in the report: universe, data quality, settings, assumptions, warnings.

Belongs here: facts and sentences with their numbers. Does not belong here: results of the backtest, and anything that
identifies a machine: paths are reduced to their last part.
"""

import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.days import iso_day
from btassets.engine.floors import BUILT_IN_RANKING
from btassets.engine.market.calendar import has_ended
from btassets.run.tables import RunContext, Tables
from btassets.settings.load import settings_hash
from btassets.settings.models import Settings, flatten
from btassets.sources.universe.benchmark_name import NO_BENCHMARK
from btassets.sources.universe.ticker_names import canonical_ticker
from btassets.stages.bars.sessions_view import blocked_days
from btassets.stages.bars.universe import active_tickers
from btassets.stages.replay.candidates import failed_tickers

MIN_QUALIFIED = 100
MIN_RANKED = 20
MAX_AGE_DAYS = 5
"""Weekdays after T from which bars count as old."""

_PATH = re.compile(r"(?:(?<=^)|(?<=[\s\"'(=:]))(?:~|[A-Za-z]:)?[/\\](?:[^\s/\\:;,'\"]+[/\\])*([^\s/\\:;,'\"]+)")
_PATH_SETTINGS = ("source.path", "source.url", "benchmark", "universe.membership")
_SEVERITIES = ("block", "quarantine", "warn", "info")


def without_paths(text: str) -> str:
    """`text` with every absolute path reduced to its last part.

    >>> without_paths("/home/a/bars/SPY.csv: 3 rows have no price")
    'SPY.csv: 3 rows have no price'
    """
    return _PATH.sub(r"\1", text)


def _told(tables: Tables, settings: Settings, text: str) -> str:
    """A finding without paths; the book's and the source's folders go first, as they may contain blanks."""
    book = tables.context.folder
    source = (book / Path(settings.source.path).expanduser()).absolute()
    for folder in sorted({source, source.parent, book}, key=lambda p: -len(str(p))):
        if folder != folder.parent:
            text = text.replace(f"{folder}{os.sep}", "")
    return without_paths(text)


_NOT_SHOWN = ("schedule.", "holdings.", "fills.", "alerts")
"""Settings of the machine and the account: they affect no number, and addresses may hold secrets."""


def shown_settings(settings: Settings) -> dict[str, Any]:
    """Every setting that can affect a number, by its dotted key as JSON; paths reduced to their last part."""
    flat = {key: list(v) if isinstance(v, tuple) else v for key, v in flatten(settings).items()}
    flat = {
        key: value for key, value in flat.items() if not key.startswith(("schedule.", "holdings.", "fills.", "alerts"))
    }
    return flat | {key: last_part(str(flat[key])) for key in _PATH_SETTINGS}


def last_part(name: str) -> str:
    """Name of a file or folder without its parents; other words are unchanged."""
    return PurePath(name.replace("\\", "/")).name if name else name


def benchmark_name(settings: Settings) -> str | None:
    """Name of the benchmark without path and suffix, None without one.

    >>> benchmark_name(Settings(benchmark="../bars/SPY.parquet"))
    'SPY'
    """
    name = settings.benchmark
    if name == NO_BENCHMARK:
        return None
    is_file = any(sign in name for sign in "/\\") or name.lower().endswith((".parquet", ".csv", ".gz", ".zip"))
    return last_part(name).split(".")[0] if is_file else name


def universe(tables: Tables, settings: Settings, last: int, n_at_as_of: int) -> dict[str, Any]:
    """Tickers in the book, tickers behind, refused tickers.

    Parameters
    ----------
    last
        T, days since 1970-01-01.
    n_at_as_of
        Tickers with a bar at T.
    """
    footers = tables.bucketed("ohlcv_history").footers()
    own = {ticker: footers[ticker] for ticker in active_tickers(tables, settings)}
    ends = {ticker: facts["last"] for ticker, facts in own.items() if facts["n_rows"]}
    newest = max(ends.values(), default=last)
    current = [ticker for ticker, end in ends.items() if not has_ended(end, last)]
    n_ended = len(ends) - len(current)
    blocked = [
        {"ticker": t, "reason": _told(tables, settings, facts["blocked"])}
        for t, facts in own.items()
        if facts.get("blocked")
    ]
    return {
        "tickers": len(ends),
        "current": len(current),
        "ended": n_ended,
        "at_as_of": n_at_as_of,
        "newest_session": iso_day(newest),
        "behind": [ticker for ticker in current if ends[ticker] < newest],
        "blocked": blocked,
        "failed": [{"ticker": t, "reason": _told(tables, settings, r)} for t, r in failed_tickers(tables).items()],
        "survivorship": survivorship(tables, settings, n_ended, ends),
    }


def without_bars(tables: Tables, tickers: Collection[str]) -> list[str]:
    """Members of the file of dated membership without a bar; none without such a file."""
    membership = tables.outside("membership")
    return [] if membership is None else [t for t in membership.spells if t not in tickers]


def survivorship(tables: Tables, settings: Settings, n_ended: int, tickers: Collection[str]) -> str:
    """Quality of the universe's membership data, as a sentence.

    Parameters
    ----------
    n_ended
        Tickers whose bars end before T.
    tickers
        Tickers with bars.
    """
    membership = tables.outside("membership")
    if membership is not None:
        missing = without_bars(tables, tickers)
        spells = f"point in time by {membership.name}: {len(membership.spells)} members in total"
        if missing:
            return f"{spells}, {len(missing)} of them without a bar (first: {missing[0]})"
        return f"{spells}, all with bars, {n_ended} ended"
    kind = "static list" if settings.universe.tickers else "all tickers of the source"
    if not n_ended:
        return f"{kind}: survivors only, the bars of every ticker reach the last session"
    return f"{kind} with {n_ended} ended: membership at each date unknown"


def data_quality(tables: Tables, settings: Settings, benchmark_texts: Sequence[str]) -> dict[str, Any]:
    """Rows dropped by rule, findings by rule with the first case of each, blocked days, overrides, revisions."""
    footers = tables.bucketed("ohlcv_history").footers()
    dropped: dict[str, int] = {}
    for ticker in active_tickers(tables, settings):
        for rule, n in (footers[ticker].get("dropped") or {}).items():
            dropped[rule] = dropped.get(rule, 0) + n
    facts = tables["bar_problems"].facts
    unused = [tuple(pair) for pair in facts.get("unused", ())]
    revised = tables["bar_revisions"].read().sort_by("seen_date")["ticker"].to_pylist()
    return {
        "rows_dropped": dict(sorted(dropped.items())),
        "problems": findings_by_rule(tables, settings, tables["bar_problems"].read().to_pylist()),
        "benchmark": [_told(tables, settings, text) for text in benchmark_texts],
        "days_blocked": [iso_day(day) for day in blocked_days(tables).tolist()],
        "overrides": [
            {
                "ticker": canonical_ticker(given.ticker),
                "rule": given.rule,
                "reason": without_paths(given.reason),
                "is_used": (canonical_ticker(given.ticker), given.rule) not in unused,
            }
            for given in settings.quality.overrides
        ],
        "revisions": {"n": len(revised), "n_tickers": len(set(revised)), "newest": revised[-1] if revised else None},
    }


def findings_by_rule(tables: Tables, settings: Settings, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `bar_problems` by rule and severity, the worst first, each with its first case."""
    findings: dict[tuple[str, str], dict[str, Any]] = {}
    tickers: dict[tuple[str, str], set[str]] = {}
    for row in found:
        key = (row["rule"], row["severity"])
        day = None if row["date"] is None else row["date"].isoformat()
        first = {"ticker": row["ticker"], "date": day, "text": _told(tables, settings, row["text"])}
        findings.setdefault(key, {"rule": key[0], "severity": key[1], "n_cases": 0, "n_tickers": 0, "first": first})
        findings[key]["n_cases"] += row["n"]
        # A day across tickers is not a ticker's finding.
        tickers.setdefault(key, set()).update({row["ticker"]} - {""})
        findings[key]["n_tickers"] = len(tickers[key])
    return sorted(findings.values(), key=lambda row: (_severity_place(row["severity"]), _rule_number(row["rule"])))


def _rule_number(rule: str) -> int:
    return int(rule.removeprefix("Q"))


def _severity_place(severity: str) -> int:
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)


def thin_weeks(ranks: pa.Table) -> tuple[int, int]:
    """Number of as-of dates that rank fewer than 20 members, and number of all."""
    own = ranks.filter(pc.not_equal(ranks["grid"], "latest"))
    n_thin = pc.count_distinct(own["asof_date"].filter(pc.less(own["n_ranked"], MIN_RANKED))).as_py()
    return n_thin, pc.count_distinct(own["asof_date"]).as_py()


def warnings(
    tables: Tables,
    settings: Settings,
    report: Mapping[str, Any],
    *,
    last: int,
    today: np.datetime64,
    n_thin: int,
    n_weeks: int,
) -> list[str]:
    """Warnings for readers of the headline, as `code: sentence`.

    Parameters
    ----------
    report
        The document so far; reads `universe`, `overall_qualified`, `data_quality`.
    last
        T, days since 1970-01-01.
    today
        The day of the run; the text only says that the bars are old, never by how much, so that runs on most days print
        the same text.
    n_thin, n_weeks
        As-of dates that rank fewer than 20 members, and all of them.
    """
    found: list[str] = []
    facts, qualified = report["universe"], report["overall_qualified"]
    old = np.datetime64(last, "D")
    if settings.source.kind != "demo" and np.busday_count(old, today) > MAX_AGE_DAYS:
        found.append(
            f"stale_bars: the last common session, {iso_day(last)}, was more than {MAX_AGE_DAYS} trading days old "
            "when this was computed; nothing here describes the market of today."
        )
    if facts["behind"]:
        n, current = len(facts["behind"]), facts["current"]
        verb = "has" if n == 1 else "have"
        found.append(f"tickers_behind: {n} of {current} current tickers {verb} no bar for {facts['newest_session']}.")
    if facts["blocked"]:
        found.append(
            f"tickers_blocked: {len(facts['blocked'])} tickers were refused by the quality rules, first "
            f"{facts['blocked'][0]['ticker']}."
        )
    found += _quality_warnings(report["data_quality"])
    if settings.gates.ranking != BUILT_IN_RANKING:
        found.append(
            f"ranked_by_signal: gates.ranking is {settings.gates.ranking}; rows and sentences that say residual "
            "rank by it, those that say raw rank by momentum."
        )
    if facts["failed"]:
        found.append(
            f"tickers_failed: the replay of {len(facts['failed'])} tickers failed, "
            f"first {facts['failed'][0]['ticker']}."
        )
    if n_thin:
        found.append(
            f"thin_universe: {n_thin} of {n_weeks} as-of dates rank fewer than {MIN_RANKED} tickers; a percentile "
            "means little there."
        )
    if benchmark_name(settings) is None:
        found.append(
            "no_benchmark: residual momentum and every comparison with a benchmark are missing; the raw rank is "
            "used alone."
        )
    elif report["data_quality"]["benchmark"]:
        found.append(f"benchmark_gaps: {report['data_quality']['benchmark'][0]}")
    if qualified["total"] < MIN_QUALIFIED:
        found.append(
            f"small_sample: {qualified['total']} graded qualified setups; below {MIN_QUALIFIED} any mean is luck."
        )
    trimmed = qualified["net_avg_r_ex_top5"]
    if trimmed is not None and trimmed <= 0 < (qualified["net_avg_r"] or 0):
        found.append(
            f"outlier_dependent: without the best 5% of the setups the mean is {trimmed:+.3f}R instead of "
            f"{qualified['net_avg_r']:+.3f}R."
        )
    is_list = tables.outside("membership") is None
    if is_list or without_bars(tables, tables.bucketed("ohlcv_history").footers()):
        found.append(
            f"survivorship: {facts['survivorship']}; returns of tickers that left the list earlier may be missing."
        )
    return found


def _quality_warnings(quality: Mapping[str, Any]) -> list[str]:
    """Blocked days, and findings confirmed by an override."""
    found: list[str] = []
    if quality.get("days_blocked"):
        days = quality["days_blocked"]
        found.append(f"days_blocked: {len(days)} days are blocked because too few tickers have a bar, first {days[0]}.")
    if quality.get("overrides"):
        given = quality["overrides"]
        found.append(
            f"overrides: {len(given)} findings of the quality rules are confirmed as correct by an override, first "
            f"{given[0]['ticker']} {given[0]['rule']}: {given[0]['reason']}"
        )
    return found


def _exit_rules(settings: Settings) -> list[str]:
    """Exits beside target, stop and time, one sentence each."""
    exits, rules = settings.exits, list[str]()
    if exits.trail_atr:
        rules.append(f"The stop trails the best price by {exits.trail_atr:g} ATR of the signal's day.")
    if exits.breakeven_r:
        rules.append(f"The stop moves to the signal's close after a gain of {exits.breakeven_r:g}R.")
    if exits.part_frac < 1.0:
        rules.append(f"{exits.part_frac * 100:g}% of a position is sold at the target, the rest later.")
    return rules


def assumptions(settings: Settings, benchmark: str | None) -> list[str]:
    """Assumptions behind the numbers, one sentence each, with the values in force."""
    method, book, costs = settings.method, settings.portfolio, settings.costs
    hold, horizon = max(settings.exits.hold_days), settings.engine.horizon_days
    is_open = method.fill == "open"
    basis = {
        "total": "adjusted for splits and dividends",
        "split": "adjusted for splits, not for dividends",
        "raw": "unadjusted",
    }[settings.basis]
    ranked = {
        "eligible": "Each eligible ticker is ranked once per as-of date; ties share the mean rank.",
        "rows": "Every setup row is ranked within its ISO week; ties are split by their order.",
    }[method.ranking]
    return [
        "Inputs: prices and volumes; sentiment, fundamentals and events are not in it.",
        "One history is one regime: a result of these years need not hold in others.",
        "As-of dates: the last session of each completed week."
        if method.asof_grid == "week"
        else "As-of dates: every fifth bar of each ticker's own history.",
        "Fill: the open of the next session; an open at or beyond stop or target is no trade. 1R remains the "
        "planned risk."
        if is_open
        else "Fill: the close that produced the signal, which nobody can trade.",
        f"Costs: {costs.per_side_frac * 100:g}% of the notional per side, in every net number.",
        f"Prices: {basis}, for the stocks{' and the benchmark' if benchmark else ''}.",
        f"A trade that hits neither level in {horizon} sessions is "
        + ("marked to its last close." if method.expired == "mark" else "counted as 0R."),
        *_exit_rules(settings),
        (
            "Ended tickers are graded to their last bar; return to the holder after it: "
            f"{costs.delisting_return * 100:+g}%."
        )
        if method.ended == "graded"
        else f"Setups in the last {horizon} bars of an ended ticker are left out.",
        ranked,
        f"The portfolio starts with {book.starting_capital:,.0f} dollars, holds at most {book.max_positions} "
        f"positions, risks {book.risk_frac * 100:g}% of equity in each and puts at most "
        f"{book.notional_cap_frac * 100:g}% into one; long only.",
        f"Exits of the portfolio: race of stop and target for at most {horizon} sessions (target), or the stop alone "
        f"with a sale after {hold} sessions (hold).",
        "Universe: dated membership from a file; positions are kept after membership ends."
        if settings.universe.membership
        else "Universe: a list without dates; membership at each date is unknown.",
    ]


def reproduce(context: RunContext, settings: Settings) -> dict[str, Any]:
    """How to reproduce this report: the command, and every non-default setting."""
    default, own = shown_settings(Settings()), shown_settings(settings)
    changed = {key: value for key, value in own.items() if value != default[key]}
    words = ["btassets", "run"]
    if context.scenario != "base":
        is_named = context.scenario in context.named_scenarios
        words += ["--scenario", context.scenario] if is_named else []
        for key, value in sorted(context.all_overrides.items()):
            words += ["--set", f"{key}={value}"]
    return {
        "command": without_paths(" ".join(words)),
        "settings_hash": settings_hash(settings),
        "settings_not_default": changed,
    }
