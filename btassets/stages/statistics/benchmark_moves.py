"""The part of next week's returns explained by beta x benchmark, for many rows.

Belongs here: betas at the rows' dates and the benchmark's moves after them. Does not belong here: the returns.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.portfolio.stored_inputs import read_benchmark_closes
from btassets.stages.statistics.betas import row_betas

_WEEK_SESSIONS = 5


def benchmark_moves(
    tables: Tables,
    settings: Settings,
    tickers: Sequence[str],
    ticker_no: npt.NDArray[np.int32],
    asof: npt.NDArray[np.int32],
) -> npt.NDArray[np.float64]:
    """Beta x the benchmark's return over the five sessions after each row's date, 0 if unknown.

    Parameters
    ----------
    tickers
        Names by number.
    ticker_no, asof
        Shape (n_rows,); `asof` in int32 days.
    """
    sessions = read_sessions(tables)
    closes = read_benchmark_closes(tables, sessions.last)
    if closes is None or not len(asof):
        return np.zeros(len(asof))
    at = np.searchsorted(sessions.days, asof)
    later = sessions.days[np.minimum(at + _WEEK_SESSIONS, len(sessions.days) - 1)]
    move = row_betas(tables, settings, tickers, ticker_no, asof) * (closes.on(later) / closes.on(asof) - 1.0)
    return np.where(np.isfinite(move), move, 0.0)
