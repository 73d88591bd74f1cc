"""Days judged from bars, as tests have them: the stage counts them from the lake."""

from collections.abc import Sequence

import numpy as np

from btassets.engine.market.quality_rules import QualityRules
from btassets.engine.market.quality_sessions import Days, ScreenedDays, is_quiet, screen_counted_days
from btassets.engine.market.raw_bars import RawBars


def screen_days(
    bars_by_ticker: Sequence[RawBars],
    rules: QualityRules | None = None,
    *,
    sessions: Days | None = None,
    last_session: int | None = None,
) -> ScreenedDays:
    """Find days on which many tickers lack a bar (Q19) or have one without trading (Q20).

    The same as `screen_counted_days`, from bars.
    """
    dated = [bars for bars in bars_by_ticker if len(bars)]
    if not dated:
        return ScreenedDays((), np.empty(0, dtype=np.int32))
    return screen_counted_days(
        np.concatenate([bars.dates for bars in dated]),
        np.concatenate([bars.dates[is_quiet(bars.volume, bars.high, bars.low)] for bars in dated]),
        np.array([bars.dates[0] for bars in dated]),
        np.array([bars.dates[-1] for bars in dated]),
        rules,
        sessions=sessions,
        last_session=last_session,
    )
