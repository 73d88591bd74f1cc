"""Prices of one ticker: the range of each session, the close, levels of a setup, and trades.

Belongs here: drawing from plain numbers. Does not belong here: which prices, levels and trades are shown
(`ticker_page.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from btassets.render.charts import svg
from btassets.render.charts.report_charts import AXIS, date_axis, empty_chart
from btassets.render.format import shown


@dataclass(frozen=True)
class Level:
    """One horizontal line: CSS class, label for the legend above the chart, price."""

    css: str
    label: str
    price: float


def price_chart(
    name: str,
    title: str,
    description: str,
    prices: Mapping[str, Sequence[Any]],
    *,
    levels: Sequence[Level] = (),
    trades: Sequence[Mapping[str, Any]] = (),
    has_range: bool = False,
    height: float = 320,
) -> str:
    """Closes over dates, with levels and trades.

    Parameters
    ----------
    prices
        `dates` (ISO, ascending), `close`, `high` and `low`.
    trades
        With `entry_date`, `entry_price`, `exit_date`, `exit_price`, `net_r` and `reason`; those outside the dates
        are left out.
    has_range
        Draw the range from low to high of each session; for at most about a year.
    """
    dates, closes = list(prices["dates"]), list(prices["close"])
    if len(dates) < 2:
        return empty_chart(name, title)
    plot = height - AXIS
    inside = [trade for trade in trades if dates[0] <= trade["entry_date"] and trade["exit_date"] <= dates[-1]]
    values = [*closes, *(level.price for level in levels)]
    values += [trade[key] for trade in inside for key in ("entry_price", "exit_price")]
    if has_range:
        values += [*prices["high"], *prices["low"]]
    scale = svg.linear_scale(values) if has_range else svg.log_scale(values)
    shares, body = date_axis(dates, plot)
    for tick in svg.ticks(scale, max(3, round(plot / 60))):
        y = plot * (1 - scale.share(tick))
        body.append(svg.rule(0, y, 1, y, "grid"))
        # In the margin: on the plot it would lie over the curve.
        body.append(svg.text(0, max(y + 4, 11), shown(tick, "price"), anchor="end", dx=-8))
    paths = []
    if has_range:
        stems = "".join(
            f"M{svg.px(svg.PATH_WIDTH * x)} {svg.px(plot * (1 - scale.share(low)))}"
            f"V{svg.px(plot * (1 - scale.share(high)))}"
            for x, low, high in zip(shares, prices["low"], prices["high"], strict=True)
        )
        paths.append(f'<path class="line range" d="{stems}"/>')
    paths.append(f'<path class="line c-hold" d="{svg.line_path(shares, closes, scale, plot)}"/>')
    body.append(svg.stretched(0, plot, paths))
    for level in levels:
        y = plot * (1 - scale.share(level.price))
        body.append(svg.rule(0, y, 1, y, f"level {level.css}"))
    place = dict(zip(dates, shares, strict=True))
    for trade in inside:
        body.append(_trade(trade, place, dates, scale, plot))
    return svg.frame(name, title, description, height, body, css="margin")


def _trade(
    trade: Mapping[str, Any], place: Mapping[str, float], dates: Sequence[str], scale: svg.Scale, plot: float
) -> str:
    """Line from entry to exit with a dot at the exit; its numbers on hover and for screen readers."""
    x1, x2 = (_share(trade[key], place, dates) for key in ("entry_date", "exit_date"))
    y1, y2 = (plot * (1 - scale.share(trade[key])) for key in ("entry_price", "exit_price"))
    css = "gain" if (trade["net_r"] or 0.0) >= 0 else "loss"
    words = (
        f"{trade['entry_date']} to {trade['exit_date']}: {shown(trade['entry_price'], 'price')} to "
        f"{shown(trade['exit_price'], 'price')}, {shown(trade['net_r'], 'r2')}, {trade['reason']}"
    )
    parts = svg.rule(x1, y1, x2, y2, f"trade {css}") + svg.dot(x2, y2, f"dot {css}", 3.5)
    return f"<g><title>{svg.esc(words)}</title>{parts}</g>"


def _share(day: str, place: Mapping[str, float], dates: Sequence[str]) -> float:
    """Horizontal place of a date; one without a bar (the portfolio holds through it) lies at the bar before."""
    found = place.get(day)
    return found if found is not None else place[max(date for date in dates if date <= day)]
