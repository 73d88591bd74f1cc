"""The proof that an own signal uses only what was known: replays of sampled rows, compared with the values in use.

Belongs here: the sample, the replays and what a difference means. Does not belong here: computing values
(`evaluate.py`), what happens to a signal that is refused (the stage).

Sampled rows are computed again in new processes, in another order:

- twice over the same bars: a difference is chance or a clock;
- against the values of the run: a difference is state kept between calls;
- over bars cut at the as-of date: a difference is lookahead;
- over the cut bars in prices of the as-of day, as they were printed: a difference is a use of price levels, which
  depend on the first stored bar.

Values agree if they differ by at most a billionth of the larger: sums of equal numbers may differ in the last bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from btassets.own.evaluate import Floats, Limits, OwnSignal, Panel, groups_of, send_all, values_at
from btassets.own.own_process import OwnProcess, OwnSignalError

SAMPLE_GROUPS = 8
"""Tickers of a window function, dates of a cross-section function or a query."""

SAMPLE_ROWS = 8
"""Rows of each sampled ticker."""

TOLERANCE = 1e-9

MEANING: dict[str, tuple[str, str, str]] = {
    "again": (
        "at one call",
        "at the next",
        "it depends on chance or on a clock: the same bars must give the same value",
    ),
    "alone": (
        "in the run",
        "when computed alone",
        "it keeps state between calls: a value may depend on the bars of its own window only",
    ),
    "cut": ("with all bars", "without the later ones", "it looks ahead"),
    "rescaled": (
        "with prices adjusted from the first stored bar on",
        "with prices of that day",
        "it uses price levels, which depend on the first stored bar: use ratios of prices, or raw_close and raw_volume",
    ),
}
"""By kind of replay: how the two values are named, and what a difference means."""


@dataclass(frozen=True)
class Proof:
    """Size of the compared sample: rows, and the tickers and dates among them."""

    n_rows: int
    n_tickers: int
    n_dates: int


def sample_groups(signal: OwnSignal, panel: Panel, values: Floats, seed: int) -> list[npt.NDArray[np.int64]]:
    """Groups of rows to compare, among rows with a value where there are any.

    Parameters
    ----------
    seed
        From the contents of signal and bars: another sample for other data, the same for the same data.
    """
    generator = np.random.default_rng(seed)
    rows = np.flatnonzero(~np.isnan(values))
    groups = groups_of(signal, panel, rows if len(rows) else np.arange(panel.n_rows))
    chosen = np.sort(generator.choice(len(groups), min(SAMPLE_GROUPS, len(groups)), replace=False)) if groups else []
    found: list[npt.NDArray[np.int64]] = []
    for k in chosen:
        group = groups[k]
        if signal.form == "window":
            group = np.sort(generator.choice(group, min(SAMPLE_ROWS, len(group)), replace=False))
        else:
            # The whole date: a cross-section without a value somewhere is another cross-section.
            group = np.flatnonzero(panel.date == panel.date[group[0]])
        found.append(group)
    return found


def prove(signal: OwnSignal, panel: Panel, values: Floats, limits: Limits, seed: int) -> Proof:
    """Compare the values of a signal with replays of sampled rows.

    Raises
    ------
    OwnSignalError
        Names ticker, date, both values and their difference.
    """
    groups = sample_groups(signal, panel, values, seed)
    backwards = groups[::-1]
    with OwnProcess(signal.source) as process:
        process.load()
        send_all(process, signal, panel, limits)
        once = values_at(process, signal, panel, backwards, limits, "whole")
        again = values_at(process, signal, panel, groups, limits, "whole")[::-1]
    _compare(signal, panel, backwards, once, again, "again")
    used = [values[group] for group in backwards]
    _compare(signal, panel, backwards, used, once, "alone")
    with OwnProcess(signal.source) as process:
        process.load()
        cut = values_at(process, signal, panel, backwards, limits, "cut")
        _compare(signal, panel, backwards, used, cut, "cut")
        rescaled = values_at(process, signal, panel, backwards, limits, "rescaled")
        _compare(signal, panel, backwards, used, rescaled, "rescaled")
    rows = np.concatenate(groups) if groups else np.empty(0, np.int64)
    return Proof(len(rows), len(np.unique(panel.ticker[rows])), len(np.unique(panel.date[rows])))


def _compare(
    signal: OwnSignal,
    panel: Panel,
    groups: Sequence[npt.NDArray[np.int64]],
    ours: Sequence[Floats],
    theirs: Sequence[Floats],
    kind: str,
) -> None:
    for group, left, right in zip(groups, ours, theirs, strict=True):
        is_same = (np.isnan(left) & np.isnan(right)) | (
            np.abs(left - right) <= TOLERANCE * np.maximum(np.abs(left), np.abs(right))
        )
        if is_same.all():
            continue
        different = np.flatnonzero(~is_same)
        first = int(different[0])
        one, other = float(left[first]), float(right[first])
        by = "" if np.isnan(one) or np.isnan(other) else f", difference {other - one:.3g}"
        here, there, meaning = MEANING[kind]
        more = (
            f"; {len(different)} of {len(group)} rows of this {'ticker' if signal.form == 'window' else 'date'} differ"
        )
        place = f"{signal.name}: {panel.place(int(group[first]))}"
        raise OwnSignalError(f"{place}: {_shown(one)} {here}, {_shown(other)} {there}{by}{more}; {meaning}")


def _shown(value: float) -> str:
    return "no value" if np.isnan(value) else f"{value:.10g}"
