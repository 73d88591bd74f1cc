"""The setups behind the cells of a sweep, computed from the existing replay.

Belongs here: running the two ranking models for one sample (dates, ranking, fill, expiries), with every floor at its
loosest value over the cells. Does not belong here: portfolios and statistics (`sweep_portfolios.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from glob import escape

import pyarrow as pa
import pyarrow.compute as pc

from btassets.book.book import Book
from btassets.engine.floors import FLOORS, loosest
from btassets.graph.ranking import GRADED_SETUPS
from btassets.run.settings_relation import settings_relations
from btassets.run.sql_models import MEMORY_LIMIT, database, load_models
from btassets.settings.models import Gates, Settings

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
    "momentum_percentile",
    "activation_momentum_percentile",
    "is_graded",
    "risk_pct",
    "gross_r",
    "time_r_5",
    "time_r_10",
    "time_r_21",
    "time_r_30",
)


@dataclass(frozen=True)
class Setups:
    """Setups of one sample by `row_no`, the tie order, and its first ranked week end.

    Attributes
    ----------
    rows
        Those that pass the loosest floors.
    first_week
        Days since 1970-01-01; None when no week end was ranked.
    """

    rows: pa.Table
    first_week: int | None


def read_setups(book: Book, settings: Settings, gates: Sequence[Gates]) -> Setups:
    """Rank and grade the candidates of the book's replay under the sample of `settings`.

    Reads only the replay of the earlier run, and writes nothing.

    Parameters
    ----------
    settings
        Section `method` and the delisting return are used; its gates are not.
    gates
        Those of every cell.
    """
    floors = Gates(**loosest([g.model_dump() for g in gates]))
    in_use = {f.column for f in FLOORS if any(f.is_on(getattr(g, f.setting)) for g in gates)}
    from_candidates = sorted(in_use - set(GRADED_SETUPS.names))
    columns = (*_COLUMNS, *sorted(in_use - set(_COLUMNS) - set(from_candidates)))
    settings = settings.model_copy(update={"gates": floors})
    with database(book.lake.root, MEMORY_LIMIT) as connection:
        for name, table in settings_relations(settings, book.scenario).items():
            connection.register(name, table)
        files = [escape(str(path)) for path in book.lake.bucket_files(book.candidates)]
        connection.read_parquet(files).create_view("candidates")
        signals = book.lake.existing_path("factor_signals", book.replay)
        connection.read_parquet(escape(str(signals))).create_view("factor_signals")
        models = load_models()
        ranks = connection.sql(models["percentile_ranks"].sql).to_arrow_table()
        connection.register("percentile_ranks", ranks)
        graded = connection.sql(models["graded_setups"].sql).filter("meets_core")
        # The legacy profile's calendar consists of all tickers that any variant would buy, at any cutoff.
        if settings.method.portfolio == "open":
            graded = graded.filter("momentum_ok")
        kept = graded.project(", ".join(columns))
        if from_candidates:
            key = "ticker, asof_date, direction"
            stated = connection.table("candidates").project(", ".join((key, *from_candidates)))
            kept = kept.join(stated, key, how="left")
        rows = kept.to_arrow_table().sort_by("row_no")
    weeks = ranks["asof_date"].filter(pc.equal(ranks["grid"], "week"))
    first = pc.min(weeks).cast(pa.int32()).as_py() if len(weeks) else None
    return Setups(rows, first)
