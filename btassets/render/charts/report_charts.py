"""The charts of the report: lines, areas, bars, rows of dots, histogram, calibration.

Belongs here: one function per kind of chart, from plain numbers to SVG text. Does not belong here: the choice of
numbers (`sections/`).
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from btassets.render.charts import svg
from btassets.render.format import esc, shown

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

AXIS = 22
"""Pixels below a plot for the labels of its axis."""
_MOST_YEAR_LABELS, _MOST_MONTH_LABELS = 7, 6
_TIGHT = 0.6
_LAST_YEAR, _LAST_MONTH, _TWO_YEARS, _TWO_MONTHS = 0.88, 0.86, 0.235, 0.26
_MONTHS_BELOW_DAYS = 550
_LEAST_AXIS_PCT = 5.0
_WIDE_BARS = 8


@dataclass(frozen=True)
class Line:
    """One line of a chart: CSS class, label, one value per date (None: missing)."""

    css: str
    label: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Band:
    """A stretch of dates behind the lines; `label` is its title."""

    first: str
    last: str
    label: str


@dataclass(frozen=True)
class Mark:
    """One dot of a row: value, and its interval where there is one."""

    css: str
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Row:
    """One row of dots: label, its number as text, its marks; grey if unreliable."""

    label: str
    words: str
    marks: Sequence[Mark] = field(default_factory=tuple)
    is_grey: bool = False
    is_current: bool = False


def _known(lines: Sequence[Line]) -> list[float]:
    return [value for line in lines for value in line.values if value is not None]


def date_axis(dates: Sequence[str], bottom: float) -> tuple[list[float], list[str]]:
    """Horizontal position of each date, and the labelled year (or month) starts."""
    days = [date.fromisoformat(text).toordinal() for text in dates]
    first, last = days[0], days[-1]
    span = max(last - first, 1)
    shares = [(day - first) / span for day in days]
    starts = [
        (date(year, 1, 1), str(year)) for year in range(date.fromordinal(first).year, date.fromordinal(last).year + 1)
    ]
    if span < _MONTHS_BELOW_DAYS:
        begin = date.fromordinal(first)
        starts = [
            (date(begin.year + (begin.month + k - 1) // 12, (begin.month + k - 1) % 12 + 1, 1), "") for k in range(20)
        ]
        starts = [(day, f"{MONTHS[day.month - 1]} {day.year % 100:02d}") for day, _ in starts]
    inside = [(day.toordinal(), words) for day, words in starts if first <= day.toordinal() <= last]
    is_short = span < _MONTHS_BELOW_DAYS
    every = -(-len(inside) // (_MOST_MONTH_LABELS if is_short else _MOST_YEAR_LABELS)) or 1
    parts: list[str] = []
    last_right, apart = (_LAST_MONTH, _TWO_MONTHS) if is_short else (_LAST_YEAR, _TWO_YEARS)
    labelled = -1.0
    for place, (day, words) in enumerate(inside):
        share = (day - first) / span
        parts.append(svg.rule(share, 0, share, bottom, "grid when"))
        if place % every:
            continue
        if share <= last_right:
            parts.append(svg.text(share, bottom + 15, words, css="when", dx=3 if share > 0 else 0))
            labelled = share
        elif share - labelled > apart:  # left of its line: on a phone it would not fit on the right
            parts.append(svg.text(share, bottom + 15, words, css="when", anchor="end", dx=-3))
        elif not is_short and share - labelled > _TIGHT * apart:  # hidden on a phone
            parts.append(svg.text(share, bottom + 15, words, css="when tight", anchor="end", dx=-3))
    return shares, parts


def line_chart(
    name: str,
    title: str,
    description: str,
    dates: Sequence[str],
    lines: Sequence[Line],
    *,
    height: float = 300,
    is_log: bool = False,
    kind: str = "usd0",
    has_area: bool = False,
    is_down: bool = False,
    css: str = "",
    field: str = "",
    bands: Sequence[Band] = (),
) -> str:
    """Lines over dates; labels of the value axis are left of its grid lines.

    Parameters
    ----------
    lines
        Drawn in order, the last one on top.
    is_log
        Logarithmic value axis, if all values are positive.
    kind
        Format of axis labels.
    has_area
        Fill between the first line and zero.
    is_down
        Values count downward from the top: drawdowns.
    css
        Additional CSS classes of the chart.
    field
        Field of the report's curves shown under the pointer.
    bands
        Stretches of dates drawn behind the lines.
    """
    plot = height - AXIS
    known = _known(lines)
    if len(dates) < 2 or not known:
        return empty_chart(name, title)
    if is_down:
        lines = [Line(line.css, line.label, [None if v is None else -v for v in line.values]) for line in lines]
        known = [-value for value in known]
    if has_area:
        # A curve that never leaves zero gets an axis of five percent.
        known.append(-_LEAST_AXIS_PCT if is_down else _LEAST_AXIS_PCT)
    scale = svg.log_scale(known) if is_log else svg.linear_scale(known, with_zero=has_area or is_down)
    shares, axis = date_axis(dates, plot)
    body = list(axis)
    marks = svg.ticks(scale, max(3, round(plot / 48)))
    for tick in marks:
        y = plot * (1 - scale.share(tick))
        body.append(svg.rule(0, y, 1, y, "zero" if tick == 0 else "grid"))
    paths = [_band(dates, shares, plot, band) for band in bands]
    if has_area:
        under = svg.line_path(shares, lines[0].values, scale, plot, to_base=0.0)
        paths.append(f'<path class="area {lines[0].css}" d="{under}"/>')
    paths += [
        f'<path class="line {line.css}" d="{svg.line_path(shares, line.values, scale, plot)}"/>' for line in lines
    ]
    body.append(svg.stretched(0, plot, paths))
    for tick in marks:
        if tick == 0:
            continue
        # In the margin: on the plot it would lie over the lines.
        y = plot * (1 - scale.share(tick))
        body.append(svg.text(0, max(y + 4, 11), shown(tick, kind), anchor="end", dx=-7))
    return svg.frame(name, title, description, height, body, css=f"margin slim {css}".strip(), field=field)


def _band(dates: Sequence[str], shares: Sequence[float], plot: float, band: Band) -> str:
    """Rectangle over the height of the plot from the first to the last date of a band."""
    left, right = (
        svg.PATH_WIDTH * shares[min(bisect_left(dates, day), len(dates) - 1)] for day in (band.first, band.last)
    )
    path = f"M{svg.px(left)} 0H{svg.px(right)}V{svg.px(plot)}H{svg.px(left)}Z"
    return f'<path class="band" d="{path}"><title>{esc(band.label)}</title></path>'


def bar_chart(
    name: str,
    title: str,
    description: str,
    groups: Sequence[str],
    series: Sequence[Line],
    *,
    height: float = 220,
    kind: str = "spct",
) -> str:
    """Grouped bars around zero; the first series is filled and labelled, the others are outlined."""
    known = _known(series)
    if not groups or not known:
        return empty_chart(name, title)
    top, plot = 14, height - AXIS - 28
    scale = svg.linear_scale(known, with_zero=True, pad=0.0)
    zero = top + plot * (1 - scale.share(0.0))
    body, labels = [svg.rule(0, zero, 1, zero, "zero")], list[str]()
    width = 1 / len(groups)
    bar = width * 0.78 / len(series)
    every = -(-len(groups) // 9)
    for g, group in enumerate(groups):
        for s, line in enumerate(series):
            value = line.values[g]
            if value is None:
                continue
            y = top + plot * (1 - scale.share(value))
            x = g * width + width * 0.11 + s * bar
            tip = f"{group}, {line.label}: {shown(value, kind)}"
            body.append(svg.box(x, min(y, zero), bar * 0.88, abs(y - zero), f"bar {line.css}", tip))
            if s == 0 and len(groups) <= 9:
                at = y - 4 if value >= 0 else y + 13
                labels.append(
                    svg.text(
                        x + bar * 0.44,
                        at,
                        shown(value, kind),
                        anchor="middle" if g else "start",
                        css="halo",
                        dx=0 if g else -8,
                    )
                )
        if g % every == 0:
            # Narrow bars at the edge: their label is anchored inward.
            anchor = "middle" if len(groups) <= _WIDE_BARS or 0 < g < len(groups) - 1 else "end" if g else "start"
            at = {"start": g, "middle": g + 0.5, "end": g + 1}[anchor]
            body.append(svg.text(at * width, height - 5, group, anchor=anchor))
    return svg.frame(name, title, description, height, [*body, *labels])


def dot_rows(name: str, title: str, description: str, rows: Sequence[Row], *, kind: str = "r2", unit: str = "") -> str:
    """Rows of dots around zero with their intervals: label and number above, the track below."""
    values = [v for row in rows for m in row.marks for v in (m.value, m.low, m.high) if v is not None]
    if not values:
        return empty_chart(name, title)
    row_height = 36
    scale = svg.linear_scale(values, with_zero=True, pad=0.08)
    bottom = len(rows) * row_height + 2
    body: list[str] = []
    marks = [(tick, scale.share(tick)) for tick in svg.ticks(scale, 4)]
    for tick, x in marks:
        # Only beside the tracks: a line through the text above them would make it hard to read.
        for place in range(len(rows)):
            y = place * row_height + 25
            body.append(svg.rule(x, y - 6, x, y + 6, "zero" if tick == 0 else "grid"))
        if x > 0.02:
            body.append(svg.axis_text(x, bottom + 15, shown(tick, kind) if tick else f"0{unit}"))
    for place, row in enumerate(rows):
        y = place * row_height
        css = "grey" if row.is_grey else ""
        body.append(svg.rule(0, y + 25, 1, y + 25, "track"))
        body.append(svg.text(0, y + 15, row.label, css=f"halo {css}{' strong' if row.is_current else ''}".strip()))
        body.append(
            svg.text(
                1,
                y + 15,
                row.words,
                anchor="end",
                css=f"halo {css}{' strong' if row.is_current else ''}".strip(),
            )
        )
        for m, mark in enumerate(row.marks):
            if mark.low is not None and mark.high is not None:
                body.append(
                    svg.rule(
                        scale.share(mark.low),
                        y + 25,
                        scale.share(mark.high),
                        y + 25,
                        f"whisker {mark.css} {css}".strip(),
                    )
                )
            if mark.value is not None:
                if m == 0:
                    zero = scale.share(0.0)
                    body.append(
                        svg.rule(zero, y + 25, scale.share(mark.value), y + 25, f"stem {mark.css} {css}".strip())
                    )
                body.append(svg.dot(scale.share(mark.value), y + 25, f"dot {mark.css} {css}".strip()))
    return svg.frame(name, title, description, bottom + AXIS, body)


def calibration_chart(
    name: str, title: str, description: str, series: Sequence[tuple[str, str, Sequence[tuple[float, float]]]]
) -> str:
    """Stated against realised, both in percent; on the diagonal the stated probability is exact.

    Parameters
    ----------
    series
        CSS class, label, points (stated, realised); drawn in order.
    """
    points = [value for _, _, own in series for pair in own for value in pair]
    if not points:
        return empty_chart(name, title)
    height, plot = 300, 300 - AXIS - 14
    scale = svg.Scale(max(0.0, min(points) // 10 * 10), min(100.0, max(points) // 10 * 10 + 10))
    body: list[str] = []
    for tick in svg.ticks(scale, 5):
        x = scale.share(tick)
        body.append(svg.rule(0, plot * (1 - x), 1, plot * (1 - x), "grid"))
        body.append(svg.rule(x, 0, x, plot, "grid"))
        if x > 0:
            body.append(svg.axis_text(x, plot + 15, f"{tick:g}%"))
    body.append(svg.text(0.5, height - 2, "stated", anchor="middle", css="soft"))
    diagonal = f"M0 {svg.px(plot)}L{svg.PATH_WIDTH} 0"
    paths = [f'<path class="diagonal" d="{diagonal}"/>']
    for css, _, own in series:
        shares = [scale.share(x) for x, _ in own]
        paths.append(f'<path class="line {css}" d="{svg.line_path(shares, [y for _, y in own], scale, plot)}"/>')
    body.append(svg.stretched(0, plot, paths))
    for css, _, own in series:
        body += [svg.dot(scale.share(x), plot * (1 - scale.share(y)), f"dot {css}", 3.5) for x, y in own]
    for tick in svg.ticks(scale, 5)[1:]:
        y = plot * (1 - scale.share(tick))
        body.append(svg.text(0, y + 13 if y < 13 else y - 4, f"{tick:g}% hit" if y < 13 else f"{tick:g}%", css="halo"))
    return svg.frame(name, title, description, height, body)


def votes_glyph(values: Sequence[float | None], words: str) -> str:
    """Five small bars around a middle line; the text gives the same values."""
    parts = ['<line class="zero" x1="0" y1="9" x2="56" y2="9"/>']
    for k, value in enumerate(values):
        if value is None:
            continue
        tall = max(abs(value) * 8, 0.8)
        y = 9 - tall if value >= 0 else 9
        parts.append(
            f'<rect class="bar {"up" if value >= 0 else "down"}" x="{k * 11 + 2}" y="{svg.px(y)}" '
            f'width="8" height="{svg.px(tall)}"/>'
        )
    return (
        f'<svg class="votes" role="img" width="56" height="18" aria-label="{esc(words)}">'
        f"<title>{esc(words)}</title>{''.join(parts)}</svg>"
    )


def empty_chart(name: str, title: str) -> str:
    """Placeholder for an empty chart."""
    body = [svg.text(0.5, 34, "Nothing to show: no data.", anchor="middle", css="soft")]
    return svg.frame(name, title, "Nothing to show: no data.", 56, body)
