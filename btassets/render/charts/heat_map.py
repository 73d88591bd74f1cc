"""Heat map of months by year.

Belongs here: cells, their numbers and colours. Does not belong here: the grid of a sweep (`grid_chart.py`).
"""

from collections.abc import Mapping

from btassets.render.charts import svg
from btassets.render.charts.report_charts import MONTHS, empty_chart
from btassets.render.format import shown


def heat_map(
    name: str,
    title: str,
    description: str,
    rows: Mapping[int, Mapping[int, float | None]],
    totals: Mapping[int, float | None],
    *,
    kind: str = "snum1",
    total_kind: str = "spct",
) -> str:
    """Months by year with the number in every cell; colour is only an aid.

    Parameters
    ----------
    rows
        Value by month (1 to 12) by year; None: missing.
    totals
        Value of each year, at the right.
    kind, total_kind
        Formats of cells and totals.
    """
    if not rows:
        return empty_chart(name, title)
    row_height, top = 24, 20
    cell = 1 / 14.2
    known = sorted(abs(v) for row in rows.values() for v in row.values() if v is not None)
    strong = known[int(len(known) * 0.9)] or 1.0
    body = [svg.text((k + 1.1 + 0.5) * cell, 13, month, anchor="middle") for k, month in enumerate(MONTHS)]
    body.append(svg.text(1, 13, "Year", anchor="end"))
    for place, (year, months) in enumerate(rows.items()):
        y = top + place * row_height
        body.append(svg.text(0, y + 16, str(year)))
        for k in range(12):
            value = months.get(k + 1)
            if value is None:
                continue
            level = min(3, 1 + int(abs(value) / strong * 2.999)) if value else 0
            css = f"heat {'up' if value > 0 else 'down'}{level}" if level else "heat none"
            x = (k + 1.1) * cell
            body.append(svg.box(x + cell * 0.02, y + 1, cell * 0.96, row_height - 2, css))
            body.append(svg.text(x + cell * 0.5, y + 16, shown(value, kind), anchor="middle", css="cell"))
        body.append(svg.text(1, y + 16, shown(totals.get(year), total_kind), anchor="end", css="strong"))
    return svg.frame(name, title, description, top + len(rows) * row_height + 4, body, css="wide")
