"""Settings of the quality rules: thresholds, and overrides.

Belongs here: one setting per threshold of docs/method/quality.md. Does not belong here: the rules
(`engine.market`).
"""

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field, field_validator

from btassets.settings.section import Frac, NonNegative, Positive, Section

Ratio = Annotated[float, Field(gt=1.0, allow_inf_nan=False)]


class QualityOverride(Section):
    """A user's confirmation that a finding of one rule about one ticker is correct data."""

    ticker: str = Field(min_length=1, description="the ticker")
    rule: Literal["Q3", "Q4", "Q5", "Q6", "Q7", "Q8", "Q9", "Q23", "Q27"] = Field(
        description="the rule that blocked it"
    )
    reason: str = Field(min_length=1, description="the reason; shown with the finding")

    @field_validator("ticker", "reason")
    @classmethod
    def _some_text(cls, value: str) -> str:
        if not value.strip():
            message = "must not be empty: readers of the report need the reason"
            raise ValueError(message)
        return value.strip()


class Quality(Section):
    """Thresholds of the quality rules (docs/method/quality.md)."""

    max_bad_rows: int = Field(default=5, ge=0, description="Q4, Q5: more bad rows block the ticker")
    max_bad_frac: Frac = Field(default=0.005, description="Q4, Q5: a larger share of bad rows blocks the ticker")
    max_off_calendar_frac: Frac = Field(
        default=0.05, description="Q6: a larger share of rows on days without a session blocks the ticker"
    )
    ohlc_tolerance_frac: Frac = Field(default=1e-6, description="Q5: relative tolerance of high and low")
    jump_block_ratio: Ratio = Field(
        default=3.0,
        description=("Q7: blocks if a close is more than this multiple of the one before, or less than its inverse"),
    )
    jump_warn_ratio: Ratio = Field(default=1.6, description="Q7: the same, warns only")
    jump_undo_bars: int = Field(default=5, ge=0, description="Q7: number of bars in which a fall may be undone")
    jump_undo_frac: Frac = Field(
        default=0.2, description=("Q7: undone means back to within this fraction of the close before")
    )
    split_ratios: tuple[Ratio, ...] = Field(
        default=(2.0, 3.0, 4.0, 5.0, 7.0, 10.0),
        description="Q8: ratios of open to previous close that look like splits",
    )
    split_tolerance_frac: Frac = Field(default=0.02, description="Q8: tolerance of such a ratio")
    split_dividend_frac: Frac = Field(default=0.2, description="Q8: a dividend above this share explains the gap")
    split_in_price_frac: Frac = Field(
        default=0.25,
        description="Q8: fraction of the log ratio by which the prices may deviate from a recorded split",
    )
    adjusted_warn_frac: NonNegative = Field(
        default=0.005, description="Q9: difference between the vendor's adjusted return and ours: warns"
    )
    adjusted_block_frac: NonNegative = Field(default=0.2, description="Q9: the same: blocks the ticker")
    spike_frac: Positive = Field(default=0.4, description="Q10: size of a one-bar spike")
    spike_revert_frac: Frac = Field(default=0.05, description="Q10: how closely the next close reverts")
    warn_missing_frac: Frac = Field(default=0.01, description="Q11: missing share of the last 126 sessions: warns")
    max_missing_frac: Frac = Field(
        default=0.10, description="Q11: missing share of 126 sessions beyond which a date is not eligible"
    )
    warn_zero_volume_frac: Frac = Field(
        default=0.01, description=("Q13: zero-volume share of the last 126 sessions: warns")
    )
    max_zero_volume_frac: Frac = Field(
        default=0.05, description="Q13: zero-volume share beyond which a date is not eligible"
    )
    warn_flat_frac: Frac = Field(default=0.05, description="Q14: flat-bar share of the last 126 sessions: warns")
    max_flat_frac: Frac = Field(default=0.10, description="Q14: flat-bar share beyond which a date is not eligible")
    warn_constant_bars: int = Field(
        default=10, ge=2, description="Q15: run of equal closes in the last 126 sessions: warns"
    )
    max_constant_bars: int = Field(
        default=30, ge=2, description="Q15: run of equal closes from which a date is not eligible"
    )
    min_median_close_usd: NonNegative = Field(default=1.0, description="Q17: minimum median raw close over 63 sessions")
    min_median_dollar_volume_usd: NonNegative = Field(
        default=1_000_000.0, description="Q17: minimum median raw dollar volume over 63 sessions"
    )
    max_close: Positive = Field(default=1e5, description="Q18: higher closes: warns")
    high_close_tickers: tuple[str, ...] = Field(
        default=("BRK.A",), description=("Q18: tickers with closes allowed above it")
    )
    min_day_tickers: int = Field(default=20, ge=1, description="Q19: days with fewer current tickers are never blocked")
    day_missing_warn_frac: Frac = Field(default=0.05, description="Q19: share of current tickers without a bar: warns")
    day_missing_block_frac: Frac = Field(default=0.2, description="Q19: share beyond which a day is blocked")
    day_quiet_warn_frac: Frac = Field(
        default=0.05, description="Q20: share of a day's bars without volume or range: warns"
    )
    max_benchmark_missing_frac: Frac = Field(
        default=0.01, description="Q21: missing share of benchmark sessions that stops the run"
    )
    min_bars: int = Field(default=90, ge=1, description="Q22: fewer bars: info")
    overrides: tuple[QualityOverride, ...] = Field(
        default=(),
        description="confirmed blocks: tables [[quality.overrides]] with ticker, rule and reason",
    )

    @field_validator("overrides")
    @classmethod
    def _one_of_each(cls, value: tuple[QualityOverride, ...]) -> tuple[QualityOverride, ...]:
        twice = [pair for pair, n in Counter((item.ticker, item.rule) for item in value).items() if n > 1]
        if twice:
            message = f"has {twice[0][0]} {twice[0][1]} twice; give one reason each"
            raise ValueError(message)
        return value
