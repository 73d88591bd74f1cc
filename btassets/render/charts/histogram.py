"""Histograms: results in R, and returns in percent.

Belongs here: drawing counts of given bins. Does not belong here: the bins themselves (`stages.report`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from btassets.render.charts import svg
from btassets.render.charts.report_charts import AXIS, empty_chart

_MOST_EDGES = 8


def histogram(
    name: str, title: str, description: str, bins: Sequence[Mapping[str, Any]], *, height: float = 200
) -> str:
    """Counts per bin; bins below zero have their own style. `bins`: from_r, to_r (None: open end), n."""
    while len(bins) > 3 and not bins[0]["n"] and not bins[1]["n"]:
        bins = bins[1:]
    while len(bins) > 3 and not bins[-1]["n"] and not bins[-2]["n"]:
        bins = bins[:-1]
    most = max((row["n"] for row in bins), default=0)
    if not most:
        return empty_chart(name, title)
    top, plot = 16, height - AXIS - 16
    width = 1 / len(bins)
    body: list[str] = []
    for k, row in enumerate(bins):
        low, high = row["from_r"], row["to_r"]
        span = f"below {high:g}R" if low is None else f"{low:g}R and more" if high is None else f"{low:g}R to {high:g}R"
        tall = plot * row["n"] / most
        css = "bar down" if high is not None and high <= 0 else "bar up"
        body.append(
            svg.box(k * width + width * 0.06, top + plot - tall, width * 0.88, tall, css, f"{span}: {row['n']}")
        )
        if row["n"] and (len(bins) <= 16 or row["n"] > most * 0.15):
            body.append(svg.text((k + 0.5) * width, top + plot - tall - 4, str(row["n"]), anchor="middle", css="halo"))
        if low is not None and float(low).is_integer() and (len(bins) <= 14 or int(low) % 2 == 0):
            body.append(svg.axis_text(k * width, height - 5, f"{low:g}R"))
    body.append(svg.rule(0, top + plot, 1, top + plot, "zero"))
    return svg.frame(name, title, description, height, body)


def count_chart(
    name: str,
    title: str,
    description: str,
    edges: Sequence[float | None],
    counts: Sequence[float],
    labels: Sequence[str],
    *,
    height: float = 190,
) -> str:
    """Counts per bin of equal width, with its lower edge under every few bins, zero among them.

    Parameters
    ----------
    edges
        Lower edge of each bin, ascending; None: open.
    labels
        Words of each bin, shown on hover.
    """
    most = max(counts, default=0.0)
    if not most:
        return empty_chart(name, title)
    top, plot = 14, height - AXIS - 14
    width = 1 / len(counts)
    every = -(-len(counts) // _MOST_EDGES)
    origin = next((k for k, edge in enumerate(edges) if edge == 0.0), 0)
    body: list[str] = []
    for k, (edge, count, label) in enumerate(zip(edges, counts, labels, strict=True)):
        tall = plot * count / most
        css = "bar down" if edge is None or edge < 0 else "bar up"
        body.append(
            svg.box(k * width + width * 0.06, top + plot - tall, width * 0.88, tall, css, f"{label}: {count:,.0f}")
        )
        if count == most:
            body.append(svg.text((k + 0.5) * width, top - 3, f"{count:,.0f}", anchor="middle", css="halo"))
        if edge is not None and (k - origin) % every == 0:
            body.append(svg.axis_text(k * width, height - 5, f"{edge:g}%"))
    body.append(svg.rule(0, top + plot, 1, top + plot, "zero"))
    return svg.frame(name, title, description, height, body)
