"""Tables, figures and disclosures as HTML.

Every table names the part of report.json that it shows (`data-json`) and every column its key and kind, so that a test
can compare each cell with the document. Belongs here: markup shared by all sections. Does not belong here: the content
of a section.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from btassets.render.format import KINDS, esc, html, prose, shown

_WRAPPED = 15
_MANY = 11
"""Columns from which a table is set smaller, so that a desk shows all of it."""

_TEXT = ' class="w"'
_NUMBERS = frozenset(KINDS) - {"text", "words", "yes"}


@dataclass(frozen=True)
class Column:
    """One column: dotted key in a row, heading, format of its values, and a hint on hover.

    `render` makes the markup of a cell from its row; such a column shows no number of its own. `link` gives the
    target to which a cell's value links, empty for none. `is_number` aligns ready text as numbers are.
    """

    key: str
    label: str
    kind: str = "text"
    hint: str = ""
    render: Callable[[Mapping[str, Any]], str] | None = None
    link: Callable[[Mapping[str, Any]], str] | None = None
    is_number: bool = False


def value_at(row: Any, key: str) -> Any:
    """Value under a dotted key; None if a step is missing."""
    for step in key.split("."):
        if isinstance(row, Mapping):
            row = row.get(step)
        elif isinstance(row, Sequence) and not isinstance(row, str) and step.isdigit() and int(step) < len(row):
            row = row[int(step)]
        else:
            return None
    return row


def table(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    *,
    json: str = "",
    caption: str = "",
    row_css: Callable[[Mapping[str, Any]], str] | None = None,
    none: str = "None.",
) -> str:
    """A table that scrolls by itself on a narrow page; one sentence if there are no rows.

    Parameters
    ----------
    json
        Dotted path in report.json of the list of rows; empty: the rows are built for the page.
    row_css
        CSS class of a row, from its values.
    none
        The sentence.
    """
    if not rows:
        return f'<p class="none">{esc(none)}</p>'
    head = "".join(_heading(column, may_break=len(columns) >= _MANY) for column in columns)
    body = []
    for row in rows:
        css = row_css(row) if row_css else ""
        cells = "".join(_filled(column, row) for column in columns)
        body.append(f'<tr class="{css}">{cells}</tr>' if css else f"<tr>{cells}</tr>")
    is_long = any(_TEXT in line.partition("</td>")[0] for line in body)
    css = " ".join(
        name
        for name, is_on in (("few", len(columns) <= 3), ("long", is_long), ("many", len(columns) >= _MANY))
        if is_on
    )
    source = f' class="{css}"' if css else ""
    source += f' data-json="{esc(json)}"' if json else ""
    title = f"<caption>{esc(caption)}</caption>" if caption else ""
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{esc(caption or "table")}"><table{source}>{title}'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _filled(column: Column, row: Mapping[str, Any]) -> str:
    """One cell; text of several words may wrap on paper and in the first column on a phone."""
    words = _cell(column, row)
    if column.kind in _NUMBERS or column.is_number:
        return f'<td class="num">{words}</td>'
    is_text = len(words) >= _WRAPPED and " " in words and "<" not in words
    return f"<td{_TEXT if is_text else ''}>{words}</td>"


def _cell(column: Column, row: Mapping[str, Any]) -> str:
    if column.render:
        return column.render(row)
    words = html(value_at(row, column.key), column.kind)
    target = column.link(row) if column.link else ""
    return f'<a href="{esc(target)}">{words}</a>' if target else words


def _heading(column: Column, *, may_break: bool) -> str:
    place = "" if column.render else f' data-key="{esc(column.key)}" data-kind="{column.kind}"'
    hint = f' title="{esc(column.hint)}"' if column.hint else ""
    words = esc(column.label).replace("_", "_<wbr>") if may_break else esc(column.label)
    return f'<th scope="col"{place}{_number_css(column)}{hint}>{words}</th>'


def _number_css(column: Column) -> str:
    return ' class="num"' if column.is_number or column.kind in _NUMBERS else ""


def details(summary: str, *inner: str, is_open: bool = False) -> str:
    """An expandable part; works without a script."""
    return f"<details{' open' if is_open else ''}><summary>{esc(summary)}</summary>{''.join(inner)}</details>"


def figure(title: str, note: str, chart: str, behind: str, *, legend: str = "", css: str = "", level: int = 3) -> str:
    """A chart with its heading of `level`, one line of reading help, and its table behind it."""
    classes = f' class="{css}"' if css else ""
    help_text = f'<p class="note">{esc(note)}</p>' if note else ""
    return (
        f"<figure{classes}><figcaption><h{level}>{esc(title)}</h{level}>{help_text}{legend}</figcaption>{chart}"
        f"{details('Data table', behind)}</figure>"
    )


def legend(entries: Iterable[tuple[str, str, str]]) -> str:
    """Swatch, label, final value per line; `entries`: CSS class, label, value as text."""
    items = "".join(
        '<li><svg class="swatch" width="26" height="10" aria-hidden="true">'
        f'<line class="line {css}" x1="1" y1="5" x2="25" y2="5"/></svg>'
        f"{esc(label)}{f' <b>{esc(value)}</b>' if value else ''}</li>"
        for css, label, value in entries
    )
    return f'<ul class="legend">{items}</ul>'


def mark_legend(entries: Iterable[tuple[str, str]]) -> str:
    """Dot and label per kind of mark; `entries`: CSS class, label."""
    items = "".join(
        '<li><svg class="swatch" width="14" height="12" aria-hidden="true">'
        f'<circle class="dot {css}" cx="7" cy="6" r="4.5"/></svg>{esc(label)}</li>'
        for css, label in entries
    )
    return f'<ul class="legend">{items}</ul>'


def section(name: str, title: str, lead: str, *inner: str) -> str:
    """One section of the page."""
    intro = f'<p class="lead">{prose(lead)}</p>' if lead else ""
    head = f'<h2 id="{name}-h">{esc(title)}</h2>{intro}'
    return f'<section id="{name}" aria-labelledby="{name}-h">{head}{"".join(inner)}</section>'


def block(title: str, note: str, inner: str) -> str:
    """Part of a section with its own heading, beside a figure."""
    words = f'<p class="note">{prose(note)}</p>' if note else ""
    return f'<div class="block"><h3>{esc(title)}</h3>{words}{inner}</div>'


def facts(pairs: Iterable[tuple[str, Any]]) -> str:
    """Short list of facts: term and value."""
    items = "".join(f"<div><dt>{esc(term)}</dt><dd>{prose(shown(value))}</dd></div>" for term, value in pairs)
    return f'<dl class="facts">{items}</dl>'


def many(words: Sequence[str], most: int = 600) -> str:
    """A long list of names, truncated with its count."""
    more = f" and {len(words) - most:,} more" if len(words) > most else ""
    return f'<p class="names">{esc(", ".join(words[:most]) + more)}</p>'
