"""Setups of a replay graded again under holds or an exit policy that it does not have.

Belongs here: the setups' levels on the portfolios' bars, graded by the code of the replay. Does not belong here: the
choice of exits (`sweep_portfolios.py`), ranking, floors and results (`sweep_setups.py`).

A replay of its own would find the same setups a second time: only their grading depends on the exits.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.market.bars import Bars
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.replay.candidate_columns import LABELS, graded_names
from btassets.engine.replay.grading import AlignedBars, GivenPrices, grade_setups
from btassets.graph.replay import CANDIDATES
from btassets.settings.models import Settings
from btassets.stages.replay.arrow_columns import as_array


def graded_under(
    candidates: pa.Table, panel: BarPanel, tickers: Sequence[str], settings: Settings, holds: Sequence[int]
) -> pa.Table:
    """`candidates` with the graded columns of other exits, row by row; returns of the benchmark are null.

    Parameters
    ----------
    candidates
        Rows of the replay, those of a ticker together.
    panel, tickers
        Bars up to T of every ticker in them.
    settings
        Horizon and gaps of the replay, and the exit policy.
    holds
        Ascending.
    """
    spec = CANDIDATES.under(holds)
    kinds = {column.name: column.type for column in spec.columns}
    names = graded_names(holds)
    if not candidates.num_rows:
        return spec.schema.empty_table()
    parts = [_graded(rows, panel, tickers, settings, holds) for rows in _by_ticker(candidates)]
    given = [name for name in spec.names if name not in names]
    columns = {name: candidates[name] for name in given}
    for name in names:
        values = np.concatenate([part[name] for part in parts])
        columns[name] = as_array(values, kinds[name], LABELS.get(name))
    return pa.table(columns).select(list(spec.names))


def _by_ticker(candidates: pa.Table) -> list[pa.Table]:
    ends = pc.run_end_encode(candidates["ticker"].combine_chunks()).run_ends.to_pylist()
    return [candidates.slice(first, end - first) for first, end in zip([0, *ends[:-1]], ends, strict=True)]


def _graded(
    rows: pa.Table, panel: BarPanel, tickers: Sequence[str], settings: Settings, holds: Sequence[int]
) -> dict[str, np.ndarray]:
    k = tickers.index(rows["ticker"][0].as_py())
    own = slice(int(panel.offsets[k]), int(panel.offsets[k + 1]))
    session_no = panel.session_no[own]
    unknown = np.full(len(session_no), np.nan)
    prices = (panel.open[own], panel.high[own], panel.low[own], panel.close[own])
    asof = np.searchsorted(panel.calendar, rows["asof_date"].cast(pa.int32()).to_numpy())
    is_long = pc.equal(rows["direction"].cast(pa.string()), "long").to_numpy()
    levels = (rows[name].to_numpy() for name in ("entry", "stop", "target", "rr", "price_factor"))
    return grade_setups(
        AlignedBars(Bars(panel.calendar[session_no], *prices, unknown), unknown, unknown, session_no),
        len(panel.calendar) - 1,
        GivenPrices(
            np.searchsorted(session_no, asof).astype(np.int32), np.where(is_long, 1, -1).astype(np.int8), *levels
        ),
        is_ended=bool(panel.is_ended[k]),
        horizon_days=settings.engine.horizon_days,
        hold_days=holds,
        policy=settings.exits.policy,
        gap_days=settings.engine.gap_days,
    )
