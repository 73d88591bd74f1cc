"""Stage `signal_ranks`: values and percentiles of the signals that the gate names.

At each week end, and at T, eligible tickers are ranked by the value of that date times the signal's sign, so that 100
is the strongest. The models carry the ranks to the rows between week ends.

Belongs here: the table. Does not belong here: which signals exist and may be used (`gate_signals.py`), momentum
(`dbt_like_sql/percentile_ranks.sql`), floors (`engine.floors`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.cross_section.percentiles import ticker_percentile
from btassets.engine.floors import BUILT_IN_RANKING, percentile_of, value_of
from btassets.graph.ranking import SIGNAL_RANKS
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.settings.signal_floors import floor_signals, floor_values
from btassets.stages.ranking.gate_signals import GateSignal, named_signals, refuse_row_ranking

_GRIDS = (("week", "is_week"), ("latest", "is_latest"))


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Table `signal_ranks`."""
    table = signal_ranks(tables, settings, settings.gates.floors)
    return StageResult({"signal_ranks": table}, {"rows": table.num_rows})


def signal_ranks(tables: Tables, settings: Settings, floors: Sequence[str]) -> pa.Table:
    """Rows of the table for the ranking of a gate and floors on signals.

    Parameters
    ----------
    tables
        Reader of signals and proofs.
    settings
        Its rankings are used.
    floors
        As in `gates.floors`; of a sweep those of every cell.

    Raises
    ------
    SettingError
        If a signal is unknown, or rows are ranked instead of tickers.
    GateSignalError
        If an own signal was refused.
    """
    ranking = settings.gates.ranking
    ranked = () if ranking == BUILT_IN_RANKING else (ranking,)
    signals = tuple(dict.fromkeys((*ranked, *floor_signals(floors))))
    spec = SIGNAL_RANKS.beside(floor_values(floors))
    if not signals:
        return spec.schema.empty_table()
    refuse_row_ranking(settings.method.ranking, ranking, floors)
    found = named_signals(tables, {name: _setting(name, ranking) for name in signals})
    grid = tables["factor_signals"].read(["ticker", "asof_date", "eligible", *(flag for _, flag in _GRIDS)])
    values = {name: _values(tables, found[name]) for name in signals}
    parts = [_ranked(grid, flag, word, found, values, ranking) for word, flag in _GRIDS]
    whole = pa.concat_tables(parts)
    scenario = pa.repeat(pa.scalar(tables.scenario), whole.num_rows)
    return whole.add_column(0, "scenario", scenario).select(list(spec.names)).cast(spec.schema)


def _setting(name: str, ranking: str) -> str:
    return "gates.ranking" if name == ranking else "gates.floors"


def _values(tables: Tables, signal: GateSignal) -> npt.NDArray[np.float64]:
    """Values of a signal at the rows of `factor_signals`, NaN: none."""
    if signal.is_own:
        column = tables["own_signals"].where(["signal", "value"], pc.field("signal") == signal.name, wanted=["value"])[
            "value"
        ]
    else:
        column = tables["factor_signals"].read([signal.name])[signal.name]
    return column.to_numpy().astype(np.float64)


def _ranked(
    grid: pa.Table,
    flag: str,
    word: str,
    found: Mapping[str, GateSignal],
    values: Mapping[str, npt.NDArray[np.float64]],
    ranking: str,
) -> pa.Table:
    """Rows of one grid that have a value of any signal, with the columns of every signal."""
    is_member = pc.and_(grid[flag], grid["eligible"]).to_numpy().astype(np.bool_)
    is_member &= np.logical_or.reduce([~np.isnan(value) for value in values.values()])
    at = np.flatnonzero(is_member)
    rows = grid.select(["ticker", "asof_date"]).take(pa.array(at))
    days = rows["asof_date"].cast(pa.int32()).to_numpy().astype(np.int32)
    columns: dict[str, Any] = {
        "grid": pa.repeat(pa.scalar(word), len(at)),
        "asof_date": rows["asof_date"],
        "ticker": rows["ticker"].cast(pa.string()),
        **dict.fromkeys(("ranking_value", "ranking_percentile"), pa.nulls(len(at), pa.float64())),
    }
    for name, signal in found.items():
        own = values[name][at]
        pair = pa.array(own, from_pandas=True), pa.array(ticker_percentile(days, own * signal.sign), from_pandas=True)
        columns |= dict(zip((value_of(name), percentile_of(name)), pair, strict=True))
        if name == ranking:
            columns |= dict(zip(("ranking_value", "ranking_percentile"), pair, strict=True))
    return pa.table(columns)
