"""A grid of cells over two settings: a number in every cell, colour as an aid.

Belongs here: the chart of a sweep. Does not belong here: the cells of a panel (`sweep_page.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from btassets.render.charts import svg
from btassets.render.charts.report_charts import empty_chart
from btassets.render.format import shown

_ROW = 26
_TOP = 22
_CELL_PX = 46
_LABEL_PX = 62
_LEVELS = 3


@dataclass(frozen=True)
class Field:
    """One cell: value (None: nothing traded), whether it is thin, and its mark."""

    value: float | None
    is_thin: bool = False
    marks: tuple[str, ...] = ()


def min_width(n_columns: int) -> int:
    """Minimum width in pixels at which neighbouring numbers do not touch."""
    return _LABEL_PX + n_columns * _CELL_PX


def level(value: float, middle: float, strong: float) -> str:
    """CSS class of a value: three steps above and below the middle."""
    distance = value - middle
    if not distance or strong <= 0:
        return "none"
    step = min(_LEVELS, 1 + int(abs(distance) / strong * (_LEVELS - 0.001)))
    return f"{'up' if distance > 0 else 'down'}{step}"


def field_map(
    name: str,
    title: str,
    description: str,
    columns: Sequence[str],
    rows: Mapping[str, Sequence[Field]],
    *,
    middle: float,
    strong: float,
    kind: str,
    is_less_better: bool = False,
) -> str:
    """Cells by row and column; marked ones have a frame.

    Parameters
    ----------
    columns
        Labels of the columns.
    rows
        By label, as many cells as there are columns.
    middle, strong
        Value without colour, and the distance of full colour.
    kind
        Format of the numbers.
    is_less_better
        Smaller values are better.
    """
    if not columns or not rows:
        return empty_chart(name, title)
    left = _LABEL_PX / min_width(len(columns))
    width = (1 - left) / len(columns)
    body = [svg.text(left + (k + 0.5) * width, 14, words, anchor="middle") for k, words in enumerate(columns)]
    frames: list[str] = []
    for place, (label, fields) in enumerate(rows.items()):
        y = _TOP + place * _ROW
        body.append(svg.text(0, y + 17, label))
        for k, field in enumerate(fields):
            x = left + k * width
            words = shown(field.value, kind)
            css = "none"
            if field.value is not None and not field.is_thin:
                sign = -1 if is_less_better else 1
                css = level(sign * field.value, sign * middle, strong)
            tip = f"{label}, {columns[k]}: {words}" + (", few trades" if field.is_thin else "")
            body.append(svg.box(x + width * 0.02, y + 1, width * 0.96, _ROW - 2, f"heat {css}", tip))
            body.append(
                svg.text(x + width * 0.5, y + 17, words, anchor="middle", css="cell soft" if field.is_thin else "cell")
            )
            frames += [svg.box(x + width * 0.02, y + 1, width * 0.96, _ROW - 2, f"mark {mark}") for mark in field.marks]
    return svg.frame(name, title, description, _TOP + len(rows) * _ROW + 4, [*body, *frames])
