"""The setups behind the cells of a sweep, computed from the existing replay.

Belongs here: running the two ranking models for one sample (dates, ranking, fill, expiries), with every floor at its
loosest value over the cells. Does not belong here: portfolios and statistics (`sweep_portfolios.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from glob import escape
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from btassets.book.book import Book
from btassets.engine.conventions import HOLD_DAYS, replay_holds
from btassets.engine.floors import floors_of, loosest
from btassets.engine.portfolio.panel import BarPanel
from btassets.graph.ranking import GRADED_SETUPS
from btassets.graph.stage import Reads
from btassets.run.floor_sql import bind_floors
from btassets.run.hold_sql import bind_holds
from btassets.run.settings_relation import settings_relations
from btassets.run.sql_models import MEMORY_LIMIT, database, load_models
from btassets.run.tables import Tables
from btassets.settings.models import Gates, Settings
from btassets.stages.ranking.signal_ranks import signal_ranks
from btassets.stages.ranking.tie_order import in_tie_order
from btassets.studies.sweep.sweep_holds import graded_under

_COLUMNS = (
    "row_no",
    "ticker",
    "asof_date",
    "direction",
    "entry",
    "stop",
    "target",
    "rr",
    "confidence",
    "action",
    "risk_level",
    "price_factor",
    "momentum_percentile",
    "activation_momentum_percentile",
    "is_graded",
    "risk_pct",
    "gross_r",
)
SIGNALS_READ = Reads(
    "sweep",
    "btassets/studies/sweep/sweep_setups.py",
    reads=("factor_signals", "own_signals", "own_signal_proofs"),
)
"""Inputs of the ranks of signals."""

_HOLDS_AT_ONCE = 8
"""Holds graded again in one pass: four columns each for every setup of the replay."""


@dataclass(frozen=True)
class Setups:
    """Setups of one sample in the tie order, and its first ranked week end.

    Attributes
    ----------
    rows
        Those that pass the loosest floors.
    first_week
        Days since 1970-01-01; None when no week end was ranked.
    """

    rows: pa.Table
    first_week: int | None


def read_setups(
    book: Book,
    settings: Settings,
    gates: Sequence[Gates],
    holds: Sequence[int],
    panel: BarPanel,
    tickers: Sequence[str],
) -> Setups:
    """Rank and grade the candidates of the book's replay under the sample of `settings`.

    Reads only the replay of the earlier run, and writes nothing.

    Parameters
    ----------
    settings
        Section `method`, the ranking of the gate, the delisting return and the exit policy are used; its floors and
        holds are not.
    gates
        Those of every cell.
    holds
        Those of every cell; the ones that the replay lacks are graded here.
    panel, tickers
        Bars behind the replay.
    """
    values = [g.values() for g in gates]
    floors = loosest(values)
    every = floors_of(floors)
    in_use = {f.column for f in every if any(f.is_on(own.get(f.setting, f.off)) for own in values)}
    from_candidates = sorted(in_use - {*GRADED_SETUPS.names, *(f.column for f in every if f.signal)})
    beside = sorted(in_use - set(_COLUMNS) - set(from_candidates))
    exits = book.settings.exits
    is_regraded = settings.exits.policy != exits.policy
    passes = _passes(holds, () if is_regraded else replay_holds(exits.hold_days))
    policy = settings.exits.model_copy(update={"hold_days": exits.hold_days})
    settings = settings.model_copy(update={"exits": policy})
    wanted = list(dict.fromkeys(floor for own in gates for floor in own.floors))
    signals = signal_ranks(Tables(SIGNALS_READ, book), settings, wanted)
    parts: list[pa.Table] = []
    with database(book.lake.root, MEMORY_LIMIT) as connection:
        _set(connection, settings, book.scenario, floors)
        connection.register("signal_ranks", signals)
        files = [escape(str(path)) for path in book.lake.bucket_files(book.candidates)]
        connection.read_parquet(files).create_view("candidates")
        stored_signals = book.lake.existing_path("factor_signals", book.replay)
        connection.read_parquet(escape(str(stored_signals))).create_view("factor_signals")
        ranks = connection.sql(load_models()["percentile_ranks"].sql).to_arrow_table()
        connection.register("percentile_ranks", ranks)
        stored = connection.sql("from candidates").to_arrow_table() if any(p.is_regraded for p in passes) else None
        for one in passes:
            if one.is_regraded:
                under = policy.model_copy(update={"hold_days": one.graded})
                _set(connection, settings.model_copy(update={"exits": under}), book.scenario, floors)
                connection.register("signal_ranks", signals)
                again = graded_under(stored, panel, tickers, settings, one.graded)
                connection.register("candidates", again)
            names = [f"time_r_{n}" for n in one.holds]
            columns = ("row_no", "ticker", *names) if parts else (*_COLUMNS, *names, *beside)
            kept = _in_play(connection, settings).project(", ".join(columns))
            if from_candidates and not parts:
                key = "ticker, asof_date, direction"
                stated = connection.table("candidates").project(", ".join((key, *from_candidates)))
                kept = kept.join(stated, key, how="left")
            parts.append(in_tie_order(kept.to_arrow_table()))
    rows, *more = parts
    for part in more:
        for name in part.column_names[2:]:
            rows = rows.append_column(name, part[name])
    weeks = ranks["asof_date"].filter(pc.equal(ranks["grid"], "week"))
    first = pc.min(weeks).cast(pa.int32()).as_py() if len(weeks) else None
    return Setups(rows, first)


class _Pass(NamedTuple):
    """One pass over the setups: the wanted holds of it, those that it grades, and whether it grades again."""

    holds: tuple[int, ...]
    graded: tuple[int, ...]
    is_regraded: bool


def _passes(holds: Sequence[int], stored: Sequence[int]) -> list[_Pass]:
    """Passes that give every hold; the first one, which also gives the race, grades again only without stored rows."""
    missing = sorted(set(holds) - set(stored))
    passes = [_Pass(tuple(n for n in stored if n in holds), tuple(stored), False)] if stored else []  # noqa: FBT003
    for at in range(0, len(missing), _HOLDS_AT_ONCE):
        chosen = tuple(missing[at : at + _HOLDS_AT_ONCE])
        passes.append(_Pass(chosen, replay_holds(chosen), True))  # noqa: FBT003 - a fact of the pass
    return passes or [_Pass((), HOLD_DAYS, True)]  # noqa: FBT003 - a fact of the pass


def _set(connection: duckdb.DuckDBPyConnection, settings: Settings, scenario: str, floors: Mapping[str, Any]) -> None:
    """Bind the relations of the settings under these floors, and the macros of holds and floors."""
    relations = settings_relations(settings, scenario, gates=floors)
    for name, table in relations.items():
        connection.register(name, table)
    bind_holds(connection, relations)
    bind_floors(connection, relations)


def _in_play(connection: duckdb.DuckDBPyConnection, settings: Settings) -> duckdb.DuckDBPyRelation:
    """Graded setups that pass the loosest floors."""
    graded = connection.sql(load_models()["graded_setups"].sql).filter("meets_core")
    # The legacy profile's calendar consists of all tickers that any variant would buy, at any cutoff.
    return graded.filter("momentum_ok") if settings.method.portfolio == "open" else graded
