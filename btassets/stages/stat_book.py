"""Stage `stat_book`: what the books are worth against the benchmark, random picks, trials and their path.

Belongs here: which books are run for the statistics, and the layout of their rows. Does not belong
here: the walk-forward book (`walk_forward_book.py`), how a book is walked (`engine.portfolio`) and the
estimators (`engine.statistics`).
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.portfolio.book import BookResult, simulate_books
from btassets.engine.portfolio.entries import Entries
from btassets.engine.portfolio.exits import Exits, precompute_exits
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.rules import BookConfig, BookRules
from btassets.engine.portfolio.variants import POLICIES, STRATEGY_VARIANTS
from btassets.engine.statistics.book import (
    ACTIVE,
    ALPHA,
    BETA,
    INFORMATION_RATIO,
    RANDOM_DRAWS,
    PermutedRanks,
    market_model,
    random_p,
    stable_tickers,
    ticker_permutations,
)
from btassets.engine.statistics.capacity import break_even_cost_frac, capacity_usd
from btassets.engine.statistics.distributions import normal_quantile
from btassets.engine.statistics.ewc import DAILY, estimate
from btassets.engine.statistics.families import step_down
from btassets.engine.statistics.influence import series_influence
from btassets.engine.statistics.overfit import overfit_probability
from btassets.engine.statistics.path_noise import DROP_FRACS, kept_rows, spread
from btassets.engine.statistics.return_series import daily_returns
from btassets.engine.statistics.sharpe import (
    deflated_sharpe,
    expected_max_sharpe,
    min_track_record,
    null_sharpe_variance,
    probabilistic_sharpe,
    return_moments,
    sharpe_error,
)
from btassets.engine.statistics.verdicts import out_of_sample
from btassets.stages.book import Book
from btassets.stages.book_runs import book_rules
from btassets.stages.freshness import bars_version
from btassets.stages.portfolio_sims import read_benchmark_closes, read_setups_in_play
from btassets.stages.run_stage import StageResult
from btassets.stages.sessions import read_sessions
from btassets.stages.stat_sample import (
    NO_FAMILY,
    NO_WINDOWS,
    Sample,
    as_statistics,
    estimate_row,
    read_sample,
)
from btassets.stages.stored_panel import stored_panel
from btassets.stages.trials import n_trials_of_run
from btassets.stages.walk_forward_book import WalkForward, walk_forward
from btassets.tables import STAT_BOOK, STAT_OVERFIT, WF_EQUITY, WF_WINDOWS

PATH_RUNS = 40
LEAST_TICKERS = 20
"""Tickers that can swap places, below which picking at random is hardly different from picking."""

_DAYS = 252
_RANKS_AT_ONCE = 12_000_000
"""Percentiles of random books that stand in memory at once: 96 MB."""

Floats = npt.NDArray[np.float64]
Row = dict[str, Any]


@dataclass(frozen=True)
class Playing:
    """The book's inputs, prepared once for every book of the statistics.

    Attributes
    ----------
    panel, tickers
        Bars on the calendar, and the tickers in its order.
    entries
        Setups that meet the floors, by session.
    rules
        The scenario's rules.
    exits
        By policy.
    activation, raw
        Percentiles of the entries, shape (n_entries,).
    is_qualified, meets_core
        Verdicts of the gate, shape (n_entries,).
    start
        First session of every book; None: each its own.
    benchmark_returns
        Daily returns of the benchmark on the calendar's sessions, shape (n_sessions,), NaN where it has
        no close on either day.
    """

    panel: BarPanel
    tickers: list[str]
    entries: Entries
    rules: BookRules
    exits: dict[str, Exits]
    activation: Floats
    raw: Floats
    is_qualified: npt.NDArray[np.bool_]
    meets_core: npt.NDArray[np.bool_]
    start: int | None
    benchmark_returns: Floats


def compute(book: Book) -> StageResult:
    """Tables `stat_book`, `stat_overfit`, `wf_windows` and `wf_equity` of the scenario."""
    ranks = _ranks(book)
    playing = _playing(book, ranks)
    weeks = _rank_panel(playing, ranks) if ranks.num_rows else None
    del ranks
    sample = read_sample(book, only_core=True)
    trials = n_trials_of_run(book, bars_version(book))
    books = _books(playing)
    rows: list[Row] = []
    for name, result in books.items():
        if result is not None:
            rows += _market_rows(name, result, playing, sample)
            rows += _sharpe_rows(name, result, trials)
    rows += _capacity_rows(sample, playing)
    walk = walk_forward(book, playing, sample)
    # What only exits and samples need goes before the many books come.
    del sample
    playing = replace(playing, panel=playing.panel.of_closes())
    rows += _random_rows(book, playing, weeks, books)
    rows += _path_rows(playing)
    rows += _variant_rows(playing)
    overfit = _overfit_rows(trials, books, walk)
    tables = {
        "stat_book": as_statistics(rows, STAT_BOOK.schema, book.scenario),
        "stat_overfit": as_statistics(overfit, STAT_OVERFIT.schema, book.scenario),
        "wf_windows": as_statistics(walk.windows, WF_WINDOWS.schema, book.scenario),
        "wf_equity": _equity(book, walk),
    }
    by_measure = {row["measure"]: row for row in rows if row["policy"] == "hold"}
    numbers = {
        "alpha_pct_a_year": by_measure.get("alpha", {}).get("estimate"),
        "random_pick_p": by_measure.get("random_pick", {}).get("p_raw"),
        "windows": len(walk.windows),
    }
    numbers = {k: None if isinstance(v, float | np.floating) and not np.isfinite(v) else v for k, v in numbers.items()}
    return StageResult(tables, numbers)


def _ranks(book: Book) -> pa.Table:
    columns = ("grid", "asof_date", "ticker", "activation_momentum_percentile")
    where = pc.field("grid") == "week"
    return book.lake.read_where("percentile_ranks", book.scenario, columns, where, wanted=columns[1:])


def _playing(book: Book, ranks: pa.Table) -> Playing:
    graded = read_setups_in_play(book)
    sessions = read_sessions(book)
    panel, tickers = stored_panel(book, sessions.days)
    entries = Entries.from_rows(
        panel,
        ticker_no=pc.index_in(graded["ticker"], pa.array(tickers, pa.string())).to_numpy().astype(np.int32),
        asof_date=graded["asof_date"].cast(pa.int32()).to_numpy(),
        is_long=pc.equal(graded["direction"], "long").to_numpy(),
        **{name: graded[name].to_numpy() for name in ("entry", "stop", "target")},
    )
    rules = book_rules(book.settings)
    start = None
    if rules.fill == "open" and ranks.num_rows:
        start = int(np.searchsorted(panel.calendar, pc.min(ranks["asof_date"]).cast(pa.int32()).as_py()))
    closes = np.full(len(panel.calendar), np.nan)
    benchmark = read_benchmark_closes(book, sessions.last)
    if benchmark is not None:
        at = np.searchsorted(panel.calendar, benchmark.dates)
        inside = at < len(panel.calendar)
        at, values = at[inside], benchmark.closes[inside]
        exact = panel.calendar[at] == benchmark.dates[inside]
        closes[at[exact]] = values[exact]
    returns = np.concatenate((np.full(1, np.nan), closes[1:] / closes[:-1] - 1.0))
    at = entries.row_no
    return Playing(
        panel=panel,
        tickers=tickers,
        entries=entries,
        rules=rules,
        exits={p: precompute_exits(panel, entries, replace(rules, policy=p)) for p in POLICIES},
        activation=graded["activation_momentum_percentile"].to_numpy()[at],
        raw=graded["momentum_percentile"].to_numpy()[at],
        is_qualified=graded["qualified"].to_numpy()[at].astype(np.bool_),
        meets_core=graded["meets_core"].to_numpy()[at].astype(np.bool_),
        start=start,
        benchmark_returns=returns,
    )


def _books(playing: Playing) -> dict[str, BookResult | None]:
    results = simulate_books(
        playing.panel,
        playing.entries,
        list(playing.exits.values()),
        [BookConfig(playing.rules, exits_no=k) for k in range(len(POLICIES))],
        masks=playing.is_qualified[np.newaxis],
        ranks=playing.activation[np.newaxis],
        start_session=playing.start,
        with_trades=False,
    )
    return dict(zip(POLICIES, results, strict=True))


def _row(policy: str, measure: str, value: float, unit: str, **more: Any) -> Row:
    return {
        "policy": policy,
        "measure": measure,
        "estimate": value,
        "unit": unit,
        **NO_FAMILY,
        **NO_WINDOWS,
        **more,
    }


def _market_rows(name: str, result: BookResult, playing: Playing, sample: Sample) -> list[Row]:
    """Alpha, beta, information ratio and active return, over all sessions and over the test sessions."""
    returns = daily_returns(result.equity)
    benchmark = playing.benchmark_returns[result.sessions[1:]]
    found = estimate(market_model(returns, benchmark), DAILY)
    rows = []
    for measure, column, unit in (
        ("alpha", ALPHA, "frac_a_year"),
        ("beta", BETA, "ratio"),
        ("information_ratio", INFORMATION_RATIO, "ratio"),
        ("active_return", ACTIVE, "frac_a_year"),
    ):
        rows.append(_row(name, measure, found.estimate[column], unit) | estimate_row(found, column, unit))
    if len(sample.walk) and rows:
        late = result.sessions[1:] >= sample.walk[0].test_first
        later = estimate(market_model(returns[late], benchmark[late]), DAILY)
        sign = 1 if not found.estimate[ALPHA] < 0 else -1
        p, confirmed = out_of_sample(
            float(later.estimate[ALPHA]),
            float(later.se[ALPHA]),
            int(later.dof[ALPHA]),
            len(sample.walk),
            sign,
        )
        rows[0] |= {
            "oos_estimate": later.estimate[ALPHA],
            "oos_p": p,
            "oos_windows": len(sample.walk),
            "oos_confirmed": confirmed,
        }
    return rows


def _sharpe_rows(name: str, result: BookResult, trials: int) -> list[Row]:
    returns = daily_returns(result.equity)
    moments = return_moments(returns[~np.isnan(returns)])
    days = {"n_setups": moments.n, "n_weeks": moments.n}
    error = sharpe_error(moments) * math.sqrt(_DAYS)
    half = normal_quantile(0.975) * error
    around = {"se": error, "ci_lo": moments.annual_sharpe - half, "ci_hi": moments.annual_sharpe + half}
    return [
        _row(name, "sharpe", moments.annual_sharpe, "a_year", **days, **around),
        _row(name, "probabilistic_sharpe", probabilistic_sharpe(moments), "probability", **days),
        _row(name, "deflated_sharpe", deflated_sharpe(moments, trials), "probability", **days),
        _row(name, "min_track_record", min_track_record(moments), "days", **days),
    ]


def _capacity_rows(sample: Sample, playing: Playing) -> list[Row]:
    qualified = sample.flags["qualified"]
    risk = sample.floats["risk_pct"][qualified]
    n = {"n_setups": int(qualified.sum())}
    rows = []
    for policy, k in (("target", 0), ("hold", len(sample.exits) - 1)):
        gross = sample.net_r[qualified, k] + sample.floats["cost_r"][qualified]
        rows.append(_row(policy, "break_even_cost_per_side", break_even_cost_frac(gross, risk), "frac", **n))
    weight = playing.rules.notional_cap_frac
    rows.append(_row("hold", "capacity", capacity_usd(sample.floats["adv20_usd"][qualified], weight), "usd", **n))
    return rows


def _random_rows(
    book: Book,
    playing: Playing,
    weeks: tuple[Floats, npt.NDArray[np.int64]] | None,
    books: dict[str, BookResult | None],
) -> list[Row]:
    """How many of 499 books, in which tickers have swapped percentiles, did as well as the main book."""
    cutoff = book.settings.gates.min_momentum_percentile
    if book.settings.method.ranking != "eligible" or cutoff <= 0 or weeks is None:
        return []
    panel, week_of = weeks
    is_stable = stable_tickers(panel)
    if np.count_nonzero(is_stable) < LEAST_TICKERS:
        return []
    core = np.flatnonzero(playing.meets_core & playing.entries.is_long)
    entries = _some_entries(playing.entries, core, len(playing.panel.calendar))
    week = week_of[entries.asof_session]
    source = ticker_permutations(is_stable, RANDOM_DRAWS)
    permuted = PermutedRanks(panel, source, week, entries.ticker_no)
    at_once = min(RANDOM_DRAWS, max(1, _RANKS_AT_ONCE // max(len(core), 1)))
    room = np.empty((at_once, len(core)))
    rows = []
    for policy in ("hold", "target"):
        observed = books[policy]
        if observed is None or rows:
            continue
        exits = _some_exits(playing.exits[policy], core)
        results: list[BookResult | None] = []
        for first in range(0, len(permuted), at_once):
            percentiles = permuted.of_draws(first, first + at_once, room)
            results += simulate_books(
                playing.panel,
                entries,
                [exits],
                [BookConfig(playing.rules, rank_no=d, cutoff_pct=cutoff) for d in range(len(percentiles))],
                masks=np.ones((1, len(core)), dtype=np.bool_),
                ranks=percentiles,
                start_session=playing.start,
                with_trades=False,
                with_curves=False,
                with_counts=False,
            )
        totals = np.array([math.nan if r is None else r.total_return_pct / 100.0 for r in results])
        mine = observed.total_return_pct / 100.0
        known = totals[~np.isnan(totals)]
        quartiles = np.quantile(known, (0.025, 0.5, 0.975)) if len(known) else np.full(3, np.nan)
        rows += [
            _row(
                policy,
                "random_pick",
                mine - quartiles[1],
                "frac",
                p_raw=random_p(mine, totals),
                n_setups=len(known),
            ),
            _row(policy, "random_pick_median", quartiles[1], "frac", ci_lo=quartiles[0], ci_hi=quartiles[2]),
        ]
    return rows


def _rank_panel(playing: Playing, ranks: pa.Table) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Percentiles by week end and ticker, and the row of the last week end at or before each session."""
    day = ranks["asof_date"].cast(pa.int32()).to_numpy()
    ticker = pc.index_in(ranks["ticker"], pa.array(playing.tickers, pa.string())).to_numpy()
    days, week_no = np.unique(day, return_inverse=True)
    panel = np.full((len(days), len(playing.tickers)), np.nan)
    panel[week_no, ticker] = ranks["activation_momentum_percentile"].to_numpy()
    week_of = np.searchsorted(days, playing.panel.calendar, side="right") - 1
    return panel, np.append(week_of, len(days) - 1).astype(np.int64)


def _some_entries(entries: Entries, chosen: npt.NDArray[np.int64], n_sessions: int) -> Entries:
    return replace(
        entries,
        **{
            name: np.ascontiguousarray(getattr(entries, name)[chosen])
            for name in (
                "row_no",
                "ticker_no",
                "asof_date",
                "asof_session",
                "is_session",
                "is_long",
                "entry",
                "stop",
                "target",
            )
        },
        session_starts=np.searchsorted(entries.asof_session[chosen], np.arange(n_sessions + 2)).astype(np.int64),
    )


def _some_exits(exits: Exits, chosen: npt.NDArray[np.int64]) -> Exits:
    names = ("status", "fill_price", "first_bar", "exit_bar", "exit_price", "reason")
    return Exits(exits.fill, *(np.ascontiguousarray(getattr(exits, name)[chosen]) for name in names))


def _path_rows(playing: Playing) -> list[Row]:
    """Spread of the hold book's CAGR and Sharpe when setups are dropped by lot."""
    qualified = np.flatnonzero(playing.is_qualified & playing.entries.is_long)
    if not len(qualified):
        return []
    entries = _some_entries(playing.entries, qualified, len(playing.panel.calendar))
    exits = _some_exits(playing.exits["hold"], qualified)
    rows = []
    for frac in DROP_FRACS:
        results = simulate_books(
            playing.panel,
            entries,
            [exits],
            [BookConfig(playing.rules, mask_no=k) for k in range(PATH_RUNS)],
            masks=kept_rows(len(qualified), frac, PATH_RUNS),
            ranks=playing.activation[qualified][np.newaxis],
            start_session=playing.start,
            with_trades=False,
            with_curves=False,
            with_counts=False,
        )
        for measure, unit in (("cagr_pct", "pct_a_year"), ("sharpe", "a_year")):
            values = [math.nan if r is None or getattr(r, measure) is None else getattr(r, measure) for r in results]
            name = f"path_sd_{measure}_{100 * frac:.0f}pct_dropped"
            rows.append(_row("hold", name, spread(np.array(values)), unit, n_setups=PATH_RUNS))
    return rows


def _variant_rows(playing: Playing) -> list[Row]:
    """Daily return of each variant minus the base variant's, paired, as one family."""
    hold = replace(playing.rules, policy="hold")
    configs = [
        BookConfig(
            replace(hold, max_positions=v.max_positions, risk_frac=v.risk_frac),
            rank_no=int(v.ranking == "raw"),
            cutoff_pct=v.cutoff_pct,
        )
        for v in STRATEGY_VARIANTS
    ]
    results = simulate_books(
        playing.panel,
        playing.entries,
        [playing.exits["hold"]],
        configs,
        masks=playing.meets_core[np.newaxis],
        ranks=np.stack([playing.activation, playing.raw]),
        start_session=playing.start,
        with_trades=False,
        with_curves=False,
        with_counts=False,
    )
    n_sessions = len(playing.panel.calendar)
    returns = np.full((n_sessions, len(results)), np.nan)
    for k, result in enumerate(results):
        if result is not None and len(result.sessions) > 1:
            returns[result.sessions[1:], k] = daily_returns(result.equity)
    gaps = (returns[:, 1:] - returns[:, :1]) * _DAYS
    influence = series_influence(gaps)
    found = estimate(influence, DAILY)
    family = step_down(influence, DAILY, is_member=~found.is_too_short)
    return [
        {
            **_row(v.variant, "return_minus_base", found.estimate[k], "frac_a_year"),
            **estimate_row(found, k, "frac_a_year"),
            "family": "variants",
            "family_size": family.size,
            "p_adj": family.p_adj[k],
            "adj_method": "step_down",
        }
        for k, v in enumerate(STRATEGY_VARIANTS[1:])
    ]


def _overfit_rows(trials: int, books: dict[str, BookResult | None], walk: WalkForward) -> list[Row]:
    rows: list[Row] = [{"measure": "trials", "estimate": float(trials), "unit": "n"}]
    hold = books.get("hold") or books.get("target")
    if hold is not None:
        returns = daily_returns(hold.equity)
        moments = return_moments(returns[~np.isnan(returns)])
        luck = expected_max_sharpe(trials, null_sharpe_variance(moments)) * math.sqrt(_DAYS)
        rows += [
            {"measure": "expected_max_sharpe", "estimate": luck, "unit": "a_year", "n_setups": moments.n},
            {
                "measure": "deflated_sharpe",
                "estimate": deflated_sharpe(moments, trials),
                "unit": "probability",
            },
        ]
    found = overfit_probability(walk.weekly_r)
    rows.append({"measure": "pbo", "estimate": found.pbo_frac, "unit": "frac", "n_setups": found.n_configurations})
    return rows + walk.comparison


def _equity(book: Book, walk: WalkForward) -> pa.Table:
    n = len(walk.dates)
    values = [
        pa.repeat(book.scenario, n),
        pa.array(walk.dates.astype(np.int32), pa.date32()),
        *(
            pa.array(column, mask=np.isnan(column))
            for column in (walk.equity, walk.fixed_equity, walk.benchmark_equity)
        ),
    ]
    return pa.table(values, schema=WF_EQUITY.schema)
