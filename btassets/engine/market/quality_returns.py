"""Price moves between two bars that are data errors: Q7 to Q10, Q23, and dividends above the price (Q4).

Belongs here: rules over consecutive bars of one ticker, after bad rows are dropped. Does not belong here: dropping
rows: these rules keep every bar and warn, or block the ticker.
"""

import math

import numpy as np
import numpy.typing as npt

from btassets.counted import counted
from btassets.engine.market.basis_evidence import volume_contradicts
from btassets.engine.market.quality_rules import Findings, QualityRules
from btassets.engine.market.quality_scale import ScaleChange, scale_changes
from btassets.engine.market.raw_bars import Basis, RawBars

Floats = npt.NDArray[np.float64]


def judge_returns(bars: RawBars, basis: Basis, rules: QualityRules, found: Findings) -> None:
    """Find jumps and their explanations: Q7, Q8, Q9, Q10, Q23."""
    if len(bars) < 2:
        return
    before, close = bars.close[:-1], bars.close[1:]
    if basis == "raw":
        split, paid = bars.split[1:], bars.dividend[1:] * bars.split[1:]
        growth = (close * split + paid) / before
    elif basis == "split":
        split, paid = np.ones(len(close)), bars.dividend[1:]
        growth = (close + paid) / before
    else:
        split = np.ones(len(close))
        paid = np.zeros(len(close))
        growth = close / before
    _judge_dividends(bars, basis, paid, found)
    is_named = _judge_scale(bars, basis, paid, rules, found)
    if growth.max() > rules.jump_warn_ratio or growth.min() * rules.jump_warn_ratio < 1.0:
        _judge_jumps(bars, np.where(is_named & (growth < 1.0), 1.0, growth), rules, found)
    _judge_recorded(bars, basis, rules, found)
    if bars.adjusted_close is not None:
        _judge_adjusted(bars, bars.adjusted_close, growth, rules, found)
    is_spike = np.abs(growth[:-1] - 1.0) > rules.spike_frac
    if is_spike.any():
        is_spike &= np.abs(growth[:-1] * growth[1:] - 1.0) < rules.spike_revert_frac
        spikes = np.flatnonzero(is_spike)
        if len(spikes):
            row = int(spikes[0]) + 1
            text = (
                f"close {bars.close[row]:g} between {bars.close[row - 1]:g} and {bars.close[row + 1]:g} "
                f"({counted(len(spikes), 'bar')} in all); a one-bar spike that reverses is often a misprint; kept."
            )
            found.add("Q10", "warn", int(bars.dates[row]), len(spikes), text)


def _judge_dividends(bars: RawBars, basis: Basis, paid: Floats, found: Findings) -> None:
    """Block on a dividend not below the close before it (Q4), since no adjustment exists."""
    impossible = np.flatnonzero(~(paid < bars.close[:-1]))
    if basis != "total" and len(impossible):
        row = int(impossible[0]) + 1
        text = (
            f"dividend {paid[row - 1]:g} per share, close before it {bars.close[row - 1]:g} ({len(impossible)} bars "
            "in all); a dividend must be below the price before it; correct the source."
        )
        # No override gives a factor above zero.
        found.add("Q4", "block", int(bars.dates[row]), len(impossible), text, can_override=False)


def _judge_jumps(bars: RawBars, growth: Floats, rules: QualityRules, found: Findings) -> None:
    """Q7: block a jump up, or a fall that is undone, beyond 3; keep and warn about the rest."""
    is_up = growth > rules.jump_block_ratio
    is_down = growth * rules.jump_block_ratio < 1.0
    lasting: list[int] = []
    undone: list[int] = []
    for index in np.flatnonzero(is_down):
        level = np.cumprod(growth[index : index + 1 + rules.jump_undo_bars])[1:]
        (undone if (level >= 1.0 - rules.jump_undo_frac - 1e-12).any() else lasting).append(int(index))
    for rows, observed, severity, advice in (
        (np.flatnonzero(is_up).tolist(), "jump up", "block", "missed split or decimal slip"),
        (undone, "fall undone by the next bars", "block", "missed split or decimal slip"),
        (lasting, "fall", "warn", "kept"),
    ):
        if rows:
            row = rows[0] + 1
            more = "; correct the source, or confirm it by an override." if severity == "block" else "."
            text = (
                f"{observed} from {bars.close[row - 1]:g} to {bars.close[row]:g}, {growth[row - 1]:.4g} "
                f"times after recorded actions ({counted(len(rows), 'bar')} in all); beyond {rules.jump_block_ratio:g} "
                f"times: {advice}{more}"
            )
            found.add("Q7", "block" if severity == "block" else "warn", int(bars.dates[row]), len(rows), text)
    is_large = (growth > rules.jump_warn_ratio) | (growth * rules.jump_warn_ratio < 1.0)
    large = np.flatnonzero(is_large & ~is_up & ~is_down)
    if len(large):
        row = int(large[0]) + 1
        text = (
            f"close {bars.close[row - 1]:g} to {bars.close[row]:g}, {growth[row - 1]:.4g} times after "
            f"recorded actions ({counted(len(large), 'bar')} in all); beyond {rules.jump_warn_ratio:g} times; kept."
        )
        found.add("Q7", "warn", int(bars.dates[row]), len(large), text)


def _judge_scale(
    bars: RawBars, basis: Basis, paid: Floats, rules: QualityRules, found: Findings
) -> npt.NDArray[np.bool_]:
    """Q8, Q23: unrecorded splits in the prices, and changes of unit.

    Returns
    -------
    numpy.ndarray
        Shape (n_bars - 1,): moves reported here; Q7 skips a fall among them.
    """
    is_explained = (bars.split[1:] != 1.0) | (paid > rules.split_dividend_frac * bars.close[:-1])
    changes = scale_changes(bars, is_explained, rules)
    known = {change.row for change in changes if change.is_certain}
    if basis == "raw":
        # By its ratio alone, regardless of the day's trading: raw bars include their splits.
        changes += [change for change in _usual_splits(bars, paid, rules) if change.row not in known]
        known |= {change.row for change in changes if change.is_certain}
    is_named = np.zeros(len(bars) - 1, dtype=np.bool_)
    is_named[[row - 1 for row in known]] = True
    units = [change for change in changes if change.is_unit]
    splits = sorted((change for change in changes if not change.is_unit and change.is_certain), key=lambda c: c.row)
    perhaps = [change for change in changes if not change.is_certain and change.row not in known]
    if units:
        row, factor = units[0].row, units[0].factor
        text = (
            f"close {bars.close[row - 1]:g}, then open {bars.open[row]:g}: the unit of the prices changes by "
            f"{max(factor, 1.0 / factor):g} ({counted(len(units), 'bar')} in all), as from pence to pounds; a file has "
            "one unit; correct the source, or confirm the move by an override."
        )
        found.add("Q23", "block", int(bars.dates[row]), len(units), text)
    advice = (
        "raw bars come with their splits; correct the source, or confirm the move by an override."
        if basis == "raw"
        else f"prices at source.basis {basis!r} must contain no split; set source.basis to raw and map the splits, "
        "correct the source, or confirm the move by an override."
    )
    for some, severity, seems in ((splits, "block", "looks like"), (perhaps, "warn", "may be")):
        if some:
            row = some[0].row
            text = (
                f"open {bars.open[row]:g} after close {bars.close[row - 1]:g} {seems} an unrecorded "
                f"{some[0].spelled} split ({counted(len(some), 'bar')} in all); {advice}"
            )
            found.add("Q8", "block" if severity == "block" else "warn", int(bars.dates[row]), len(some), text)
    return is_named


def _usual_splits(bars: RawBars, paid: Floats, rules: QualityRules) -> list[ScaleChange]:
    gap = bars.open[1:] / bars.close[:-1]
    least = min(rules.split_ratios, default=math.inf) * (1.0 - rules.split_tolerance_frac)
    suspects = np.flatnonzero(((gap >= least) | (gap * least <= 1.0)) & (bars.split[1:] == 1.0))
    hits: list[ScaleChange] = []
    for index in suspects.tolist():
        if paid[index] > rules.split_dividend_frac * bars.close[index]:
            continue
        codes = (code for ratio in rules.split_ratios for code in (ratio, 1.0 / ratio))
        near = [code for code in codes if abs(gap[index] / code - 1.0) <= rules.split_tolerance_frac]
        hits += [ScaleChange(index + 1, near[0], is_unit=False, is_certain=True)] if near else []
    return hits


def _judge_recorded(bars: RawBars, basis: Basis, rules: QualityRules, found: Findings) -> None:
    """Q8: a recorded split that contradicts the prices: found in adjusted ones, or missing from raw ones."""
    gap = bars.open[1:] / bars.close[:-1]
    recorded = np.flatnonzero(np.abs(np.log(bars.split[1:])) > math.log(1.45))
    if not len(recorded):
        return
    size = np.abs(np.log(bars.split[1:][recorded]))
    # Raw prices open at 1/ratio of the close before; adjusted ones at the close.
    wrong_place = np.log(gap[recorded]) if basis == "raw" else np.log(gap[recorded] * bars.split[1:][recorded])
    wrong = recorded[np.abs(wrong_place) < rules.split_in_price_frac * size]
    if len(wrong):
        row = int(wrong[0]) + 1
        seen = "do not show it: they are adjusted already" if basis == "raw" else "show it: they are raw"
        text = (
            f"split {bars.split[row]:g} is recorded, and the prices (close {bars.close[row - 1]:g}, open "
            f"{bars.open[row]:g}) {seen} ({counted(len(wrong), 'split')} in all); the source's basis is {basis!r}; "
            "correct source.basis or the file."
        )
        found.add("Q8", "block", int(bars.dates[row]), len(wrong), text)
    _judge_volume(bars, basis, found)


def _judge_volume(bars: RawBars, basis: Basis, found: Findings) -> None:
    """Q25: volume on another basis than the prices, across a recorded split."""
    rows = volume_contradicts(bars, basis)
    if rows:
        split = bars.split[rows[0]]
        seen = (
            "the prices show it and the volume does not: it is adjusted already, and would be adjusted twice"
            if basis == "raw"
            else "the volume shows it and the prices do not: volume before it is as traded, prices are adjusted"
        )
        text = (
            f"split {split:g} is recorded, and {seen} ({counted(len(rows), 'split')} in all); correct the volume in "
            "the source."
        )
        found.add("Q25", "warn", int(bars.dates[rows[0]]), len(rows), text)


def _judge_adjusted(bars: RawBars, adjusted: Floats, growth: Floats, rules: QualityRules, found: Findings) -> None:
    """Q9: compare the vendor's adjusted return with that of close and recorded actions."""
    is_usable = (adjusted > 0.0) & (adjusted < np.inf)
    n_unusable = int((~is_usable).sum())
    if n_unusable:
        day = int(bars.dates[np.flatnonzero(~is_usable)[0]])
        text = f"no adjusted close above 0 ({counted(n_unusable, 'row')} in all); not compared."
        found.add("Q9", "warn", day, n_unusable, text)
        adjusted = np.where(is_usable, adjusted, np.nan)
    with np.errstate(over="ignore"):
        vendor_growth = adjusted[1:] / adjusted[:-1]
        off = np.abs(vendor_growth / growth - 1.0)  # comparisons with NaN give no finding
    for severity, is_hit in (
        ("block", off > rules.adjusted_block_frac),
        ("warn", (off > rules.adjusted_warn_frac) & ~(off > rules.adjusted_block_frac)),
    ):
        hits = np.flatnonzero(is_hit)
        if len(hits):
            row = int(hits[0]) + 1
            text = (
                f"adjusted return {vendor_growth[row - 1] - 1.0:+.4f}, from close and actions "
                f"{growth[row - 1] - 1.0:+.4f} ({counted(len(hits), 'bar')} in all); the two must agree within "
                f"{100.0 * rules.adjusted_warn_frac:g}%; an action is missing or wrong in the source."
            )
            found.add("Q9", "block" if severity == "block" else "warn", int(bars.dates[row]), len(hits), text)
