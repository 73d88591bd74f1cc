"""A sweep as one HTML file: the answer, the grids of cells, the best cells with intervals.

Belongs here: layout of a sweep's document. Does not belong here: its numbers (`btassets.studies.sweep.sweep`).
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from btassets.render.charts import grid_chart
from btassets.render.charts import report_charts as charts
from btassets.render.charts.grid_chart import Field
from btassets.render.charts.report_charts import Mark, Row
from btassets.render.format import esc, exit_words, prose, shown
from btassets.render.html_tables import Column, facts, section, table
from btassets.render.labels import verdict_chip
from btassets.render.report_page import contents, shell
from btassets.render.sections.first_screen import answer_block
from btassets.studies.sweep.sweep_answer import KINDS, NAMES, place_words, walked_words

Document = Mapping[str, Any]

LESS_IS_BETTER = ("max_drawdown_pct",)

MOST_PANELS = 12
MOST_ROWS = 40
_COLUMNS = (
    Column("plateau", "Plateau", "num2", "mean over the neighbouring cells"),
    Column("n_setups", "Setups", "n", "graded setups that qualify"),
    Column("net_avg_r", "Net R", "r3", "mean net R per setup"),
    Column("ci", "95% interval", render=lambda row: interval(row, "ci_lo", "ci_hi")),
    Column("delta_r", "Against own", "r3", "paired difference to the book's own settings"),
    Column("delta_ci", "95% interval", render=lambda row: interval(row, "delta_ci_lo", "delta_ci_hi")),
    Column("p_adj", "p", "num2", "step-down over all cells of this sweep"),
    Column("trades", "Trades", "n"),
    Column("deflated_sharpe", "Deflated", "num2", "probability that the Sharpe ratio exceeds luck"),
)


def interval(row: Mapping[str, Any], low: str, high: str) -> str:
    """An interval in one cell; a dash if the history is too short."""
    return "-" if row[low] is None else f"{shown(row[low], 'r3')} to {shown(row[high], 'r3')}"


def leaf(key: str) -> str:
    """Last part of a setting's key."""
    return key.rpartition(".")[2]


@dataclass(frozen=True)
class Panel:
    """One grid of cells: fixed settings, axes, and cells by row and column."""

    fixed: tuple[tuple[str, str], ...]
    x: Mapping[str, Any]
    y: Mapping[str, Any] | None
    rows: dict[str, list[Mapping[str, Any]]]

    @property
    def title(self) -> str:
        """Fixed settings as text; empty with two settings or fewer."""
        return ", ".join(f"{key} {value}" for key, value in self.fixed)


def panels(document: Document) -> tuple[list[Panel], int]:
    """Panels of a sweep, and their total number: beyond twelve, only those through best and plateau."""
    axes = sorted(document["axes"], key=lambda axis: (not axis["is_ordered"], -len(axis["labels"])))
    x, y, others = axes[0], axes[1] if len(axes) > 1 else None, axes[2:]
    by_place = {tuple(row["values"][axis["key"]] for axis in axes): row for row in document["cells"]}
    combinations = list(itertools.product(*(axis["labels"] for axis in others)))
    wanted = combinations
    if len(combinations) > MOST_PANELS:
        chosen = [document["cells"][k] for k in (document["plateau"], document["best"]) if k is not None]
        through = [tuple(row["values"][axis["key"]] for axis in others) for row in chosen]
        wanted = list(dict.fromkeys(through)) or combinations[:1]
    found = []
    for fixed in wanted:
        rows = {
            label: [by_place[(column, *((label,) if y else ()), *fixed)] for column in x["labels"]]
            for label in (y["labels"] if y else ("",))
        }
        found.append(Panel(tuple(zip((axis["key"] for axis in others), fixed, strict=True)), x, y, rows))
    return found, len(combinations)


def marks_of(document: Document, row: Mapping[str, Any]) -> tuple[str, ...]:
    """Mark of a cell: best, plateau, current."""
    cells = document["cells"]
    named = [name for name in ("best", "plateau") if document[name] is not None and cells[document[name]] is row]
    return (*named, *(("current",) if row["is_current"] else ()))


def sweep_page(document: Document) -> str:
    """HTML text of a sweep's document."""
    title = f"{document['book']}, {document['as_of']}: btassets sweep"
    answer = answer_block(document["answer"], verdict_chip(document["headline"]["verdict"]))
    rest = _fields(document) + _best(document) + _walked(document) + _method(document) + _provenance(document)
    body = _head(document) + answer + rest
    footer = "Not investment advice. Every number is in sweep.json beside this file."
    return shell(title, contents(body) + body, footer, "landscape")


def _head(document: Document) -> str:
    cells = f"{document['trials']['cells']:,} portfolios over {' and '.join(axis['key'] for axis in document['axes'])}"
    what = prose(f"As of {document['as_of']}: {cells}, {exit_words(document['policy'])}")
    return f'<header><h1>{esc(document["book"])}: a sweep</h1><p class="what">{what}</p></header>'


def _provenance(document: Document) -> str:
    own, by = document["current"], document["by"]
    known = [
        ("As of", document["as_of"]),
        ("Scenario", document["scenario"]),
        ("Exit", document["policy"]),
        ("Compared by", NAMES[by]),
        ("The book's own settings", shown(own[by], KINDS[by])),
        ("Tried here", f"{document['trials']['cells']:,}"),
        ("Tried on these data in total", f"{document['trials']['in_ledger']:,}"),
        ("Settings", document["settings_hash"]),
    ]
    return section("provenance", "Provenance", document["headline"]["text"], facts(known))


def _scale(document: Document) -> tuple[float, float]:
    """Value without colour (the book's own, else the median) and the distance of full colour."""
    known = sorted(row[document["by"]] for row in document["cells"] if _is_known(document, row))
    if not known:
        return 0.0, 0.0
    own = document["current"][document["by"]]
    middle = known[len(known) // 2] if own is None else own
    return middle, max(abs(known[0] - middle), abs(known[-1] - middle))


def _is_known(document: Document, row: Mapping[str, Any]) -> bool:
    return row[document["by"]] is not None and not row["is_thin"]


def _fields(document: Document) -> str:
    by, (found, n_all) = document["by"], panels(document)
    middle, strong = _scale(document)
    drawn = []
    for k, panel in enumerate(found):
        y = panel.y["key"] if panel.y else ""
        name = f"{NAMES[by]} by {panel.x['key']}{f' and {y}' if y else ''}"
        title = f"{name}, {panel.title}" if panel.title else name
        fields = {
            label: [Field(row[by], row["is_thin"], marks_of(document, row)) for row in rows]
            for label, rows in panel.rows.items()
        }
        chart = grid_chart.field_map(
            f"field{k}",
            title,
            f"One cell per pair of values, {len(panel.x['labels'])} columns and {len(fields)} rows; each cell shows "
            "its number.",
            panel.x["labels"],
            fields,
            middle=middle,
            strong=strong,
            kind=KINDS[by],
            is_less_better=by in LESS_IS_BETTER,
        )
        width = grid_chart.min_width(len(panel.x["labels"]))
        words = f"Columns: {panel.x['key']}." + (f" Rows: {y}." if y else "")
        heading = f"<h3>{esc(panel.title or name)}</h3>"
        drawn.append(
            f'<figure><figcaption>{heading}<p class="note">{esc(words)}</p></figcaption>'
            f'<div class="scroll" tabindex="0" role="group" aria-label="{esc(title)}">'
            f'<div style="min-width:{width}px;max-width:{width * 2}px">{chart}</div></div></figure>'
        )
    lead = (
        f"{NAMES[by]} of the portfolio in every cell. Blue is better than the book's own settings, orange is worse; "
        f"grey numbers have fewer than {document['least_trades']} trades."
    )
    if len(found) < n_all:
        lead += f" Of {n_all} panels those through the plateau and through the best cell; sweep.csv has all cells."
    key = (
        '<ul class="legend">'
        '<li><span class="key best"></span>best cell</li>'
        '<li><span class="key plateau"></span>centre of the best plateau</li>'
        '<li><span class="key current"></span>the book\'s own settings</li></ul>'
    )
    css = "fields" if len(found) > 1 else ""
    return section("cells", "The cells", lead, key, f'<div class="{css}">{"".join(drawn)}</div>', _line(document))


def _line(document: Document) -> str:
    """Net R with its interval along the setting, if only one was varied."""
    if len(document["axes"]) > 1 or len(document["cells"]) > MOST_ROWS:
        return ""
    key = document["axes"][0]["key"]
    rows = [
        Row(
            f"{key} {row['values'][key]}",
            f"{shown(row['net_avg_r'], 'r3')}, n {shown(row['n_setups'], 'n')}",
            [Mark("m-main", row["net_avg_r"], row["ci_lo"], row["ci_hi"])],
            is_grey=row["is_thin"],
            is_current=row["is_current"],
        )
        for row in document["cells"]
    ]
    chart = charts.dot_rows(
        "line",
        f"Net R per setup by {key}",
        "One row per value: mean net R of its graded setups with a 95% interval.",
        rows,
        kind="r3",
    )
    note = '<p class="note">Mean over the graded setups, weekly 95% interval.</p>'
    return f"<figure><figcaption><h3>Net R per setup</h3>{note}</figcaption>{chart}</figure>"


def ordered(document: Document) -> list[Mapping[str, Any]]:
    """Cells from best to worst; those with few trades or without a value last."""
    by = document["by"]
    sign = 1 if by in LESS_IS_BETTER else -1

    def rank(row: Mapping[str, Any]) -> tuple[bool, bool, float]:
        return row[by] is None, row["is_thin"], sign * (row[by] or 0.0)

    return sorted(document["cells"], key=rank)


def _best(document: Document) -> str:
    keys, by = [axis["key"] for axis in document["axes"]], document["by"]
    books = [Column(name, NAMES[name], kind) for name, kind in KINDS.items() if name != "net_avg_r"]
    books.sort(key=lambda column: column.key != by)
    columns = [*(Column(key, leaf(key), render=_value(key)) for key in keys), *books, *_COLUMNS]
    own = {**document["current"], "plateau": None, "values": dict.fromkeys(keys, "own"), "is_own": True}
    rows = [own, *ordered(document)[:MOST_ROWS]]

    def css(row: Mapping[str, Any]) -> str:
        return "own" if row.get("is_own") else "grey" if row["is_thin"] else ""

    return section(
        "best",
        "The best cells",
        (
            "The book's own settings come first. p is adjusted over all cells, because the best of many looks good "
            "by chance."
        ),
        table(rows, columns, caption="Best cells", row_css=css),
    )


def _walked(document: Document) -> str:
    """The cells chosen by the past and what they earned after; empty without a window."""
    walk = document["walk_forward"]
    if walk is None:
        return ""
    cells = document["cells"]
    columns = (
        Column("test_first", "From", "text"),
        Column("test_last", "To", "text"),
        Column("cell", "Chosen before", render=lambda row: esc(place_words(cells[row["cell"]]))),
        Column("return_pct", "Its return", "spct"),
        Column("own_return_pct", "Own settings", "spct"),
    )

    def against(key: str, kind: str) -> str:
        return f"{shown(walk['chosen'][key], kind)}, own settings {shown(walk['own'][key], kind)}"

    known = [
        ("Sharpe ratio", against("sharpe", "num2")),
        ("CAGR", against("cagr_pct", "spct")),
        ("Max drawdown", against("max_drawdown_pct", "pct")),
        ("Sessions", shown(walk["n_days"], "n")),
    ]
    lead = (
        f"{walked_words(document)} The choice takes the {NAMES[walk['by']]} of each cell's portfolio up to the day "
        "before; each window has the daily returns of the chosen cell's own portfolio, without the trades of a change."
    )
    return section("walk_forward", "Chosen by the past", lead, facts(known), table(walk["windows"], columns))


def _value(key: str) -> Any:
    return lambda row: esc(row["values"][key])


def _method(document: Document) -> str:
    luck = document["luck"]
    items = [
        "Every cell is one portfolio, simulated by the same compiled simulator as in the report; only the settings "
        "named here differ from the book's own. A setting of the engine replays every ticker, an exit policy or a hold "
        "grades the same setups again.",
        "Net R is the mean over graded setups after costs; intervals and differences are weekly, paired, with the "
        "equal-weighted cosine error. p is adjusted over all cells of this sweep by step-down.",
        "The plateau of a cell is the mean over the cells at most one step away along every numeric setting. An "
        "isolated good cell is usually luck.",
        f"{document['trials']['in_ledger']:,} configurations were tried on these data, including this sweep; the "
        "deflated Sharpe ratio counts all of them.",
    ]
    if luck["expected_best_sharpe"] is not None:
        items.append(
            f"Over {luck['n_days']:,} sessions the best of that many portfolios without any skill is expected to "
            f"show a Sharpe ratio of {shown(luck['expected_best_sharpe'], 'num2')}."
        )
    rows = "".join(f"<li>{esc(text)}</li>" for text in items)
    return section("method", "How to read this", "", f'<ul class="assumptions">{rows}</ul>')
