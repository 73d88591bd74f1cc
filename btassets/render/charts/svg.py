"""Parts of charts: scales, ticks, paths, and the frame with title and description.

A chart has a fixed height and the full available width: horizontal positions are percentages, vertical ones pixels, and
only paths are in a stretched inner frame, so that text keeps its size on a phone. Belongs here: what all charts share.
Does not belong here: any one chart (`curves.py`, `grid_chart.py`).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from btassets.render.format import esc

PATH_WIDTH = 1000
"""Units across the stretched inner frame of paths."""

_LOG_STEPS = ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0))
_MAX_POINTS = 560


@dataclass(frozen=True)
class Scale:
    """From values to a share of the axis, 0 at `low`, 1 at `high`; logarithmic on request."""

    low: float
    high: float
    is_log: bool = False

    def share(self, value: float) -> float:
        """Position of a value on the axis, 0 to 1."""
        if self.is_log:
            return (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return (value - self.low) / (self.high - self.low)


def linear_scale(values: Iterable[float], *, with_zero: bool = False, pad: float = 0.06) -> Scale:
    """Scale around the values with a margin; a single value gets an axis of its own size."""
    known = [*values, 0.0] if with_zero else list(values)
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if high - low <= 0:
        low, high = low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2
    air = (high - low) * pad
    return Scale(low - (0.0 if with_zero and low == 0 else air), high + (0.0 if with_zero and high == 0 else air))


def log_scale(values: Iterable[float]) -> Scale:
    """Logarithmic scale around positive values; linear if one is not positive."""
    known = list(values)
    if not known or min(known) <= 0:
        return linear_scale(known)
    low, high = min(known), max(known)
    return Scale(low * 0.97, high * 1.03, is_log=True)


def ticks(scale: Scale, most: int = 5) -> list[float]:
    """Round values inside the scale, ascending, about `most` of them."""
    if scale.is_log:
        for steps in _LOG_STEPS:
            found = _log_ticks(scale, steps)
            if 3 <= len(found) <= most + 2:
                return found
    span = scale.high - scale.low
    raw = span / most
    size = 10 ** math.floor(math.log10(raw))
    steps = [m * size for m in (0.5, 1, 2, 2.5, 5, 10)]
    place = next(k for k, step in enumerate(steps) if step >= raw)
    found = _multiples(scale, steps[place])
    return found if len(found) > 1 else _multiples(scale, steps[place - 1])


def _multiples(scale: Scale, step: float) -> list[float]:
    first = math.ceil(scale.low / step - 1e-9)
    last = math.floor(scale.high / step + 1e-9)
    return [round(k * step, 10) + 0.0 for k in range(first, last + 1)]


def _log_ticks(scale: Scale, steps: Sequence[float]) -> list[float]:
    first, last = math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high))
    values = (step * 10.0**power for power in range(first, last + 1) for step in steps)
    return [v for v in values if scale.low <= v <= scale.high]


def thinned(values: Sequence[float | None], most: int = _MAX_POINTS) -> list[int]:
    """Positions that preserve the shape of a long line: the lowest and highest point of each stretch."""
    n = len(values)
    if n <= most:
        return list(range(n))
    n_stretches = most // 2
    kept: set[int] = {0, n - 1}
    for k in range(n_stretches):
        rows = range(k * n // n_stretches, (k + 1) * n // n_stretches)
        known = [(value, at) for at in rows if (value := values[at]) is not None]
        if known:
            kept.update((min(known)[1], max(known)[1]))
    return sorted(kept)


def line_path(
    shares: Sequence[float],
    values: Sequence[float | None],
    scale: Scale,
    height: float,
    *,
    to_base: float | None = None,
) -> str:
    """Path data of a line in the inner frame; a missing value interrupts it.

    Parameters
    ----------
    shares
        Horizontal position of each value, 0 to 1.
    values
        None: missing.
    height
        Pixels of the plot.
    to_base
        Close the area down (or up) to this value; None: a line only.
    """
    pieces: list[str] = []
    run: list[tuple[float, float]] = []

    def flush() -> None:
        if not run:
            return
        points = "L".join(f"{_short(x)} {_short(y)}" for x, y in run)
        if to_base is not None:
            base = _short(height * (1 - scale.share(to_base)))
            pieces.append(f"M{_short(run[0][0])} {base}L{points}L{_short(run[-1][0])} {base}Z")
        elif len(run) == 1:
            pieces.append(f"M{points}h1")
        else:
            pieces.append(f"M{points}")
        run.clear()

    for at in thinned(values):
        value = values[at]
        if value is None:
            flush()
        else:
            run.append((PATH_WIDTH * shares[at], height * (1 - scale.share(value))))
    flush()
    return "".join(pieces)


def _short(number: float) -> str:
    text = f"{number:.1f}"
    return text.removesuffix(".0")


def pct(share: float) -> str:
    """A share of the width as a percentage.

    >>> pct(0.5)
    '50%'
    """
    return f"{share * 100:.2f}".rstrip("0").rstrip(".") + "%"


def px(number: float) -> str:
    """A length without unneeded digits."""
    return _short(number)


def frame(
    name: str, title: str, description: str, height: float, body: Iterable[str], *, css: str = "", field: str = ""
) -> str:
    """The whole chart: title and description for screen readers, then its parts.

    Parameters
    ----------
    name
        Unique on the page.
    css
        Additional CSS classes.
    field
        Field of the report's curves shown under the pointer; empty: none.
    """
    classes = f"chart {css}".strip()
    hover = f' data-field="{field}"' if field else ""
    return (
        f'<svg class="{classes}"{hover} role="img" aria-labelledby="{name}-t {name}-d" width="100%" '
        f'height="{px(height)}">'
        f'<title id="{name}-t">{esc(title)}</title><desc id="{name}-d">{esc(description)}</desc>{"".join(body)}</svg>'
    )


def stretched(top: float, height: float, paths: Iterable[str]) -> str:
    """The inner frame in which paths stretch with the width; strokes keep their thickness."""
    return (
        f'<svg x="0" y="{px(top)}" width="100%" height="{px(height)}" viewBox="0 0 {PATH_WIDTH} {px(height)}" '
        f'preserveAspectRatio="none">{"".join(paths)}</svg>'
    )


def text(share: float, y: float, words: str, *, anchor: str = "start", css: str = "", dx: float = 0) -> str:
    """One label."""
    attributes = f' class="{css}"' if css else ""
    attributes += f' text-anchor="{anchor}"' if anchor != "start" else ""
    attributes += f' dx="{px(dx)}"' if dx else ""
    return f'<text x="{pct(share)}" y="{px(y)}"{attributes}>{esc(words)}</text>'


def axis_text(share: float, y: float, words: str) -> str:
    """A label under an axis, anchored inward at both ends so that it is not cut off."""
    anchor = "start" if share < 0.07 else "end" if share > 0.93 else "middle"
    return text(share, y, words, anchor=anchor)


def rule(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """A straight line; x as shares of the width, y in pixels."""
    return f'<line class="{css}" x1="{pct(x1)}" y1="{px(y1)}" x2="{pct(x2)}" y2="{px(y2)}"/>'


def box(x: float, y: float, width: float, height: float, css: str, tip: str = "") -> str:
    """A rectangle; x and width as shares; `tip` shows on hover and is read aloud."""
    inner = f"<title>{esc(tip)}</title>" if tip else ""
    return (
        f'<rect class="{css}" x="{pct(x)}" y="{px(y)}" width="{pct(max(width, 0))}" height="{px(max(height, 0))}"'
        + (f">{inner}</rect>" if inner else "/>")
    )


def dot(x: float, y: float, css: str, radius: float = 4.5) -> str:
    """A round mark."""
    return f'<circle class="{css}" cx="{pct(x)}" cy="{px(y)}" r="{px(radius)}"/>'
