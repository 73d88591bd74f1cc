"""The report as one HTML file: no script, nothing from outside, light, dark and print.

Belongs here: the order of the sections and the document around them. Does not belong here: what a
section says (`sections_*.py`), how charts are drawn (`charts.py`), colours (`page.css`).
"""

from functools import cache
from importlib import resources

from btassets.render.format import esc
from btassets.render.report_types import Report
from btassets.render.sections import evidence as sections_evidence
from btassets.render.sections import head as sections_head
from btassets.render.sections import how_sure as sections_sure
from btassets.render.sections import method as sections_method
from btassets.render.sections import portfolio as sections_book

_SECTIONS = (
    sections_head.head,
    sections_head.tiles,
    sections_head.todays_setups,
    sections_book.book,
    sections_evidence.setups,
    sections_evidence.exits_and_gate,
    sections_evidence.floors_and_signals,
    sections_evidence.calibration,
    sections_book.trades,
    sections_book.variants,
    sections_sure.how_sure,
    sections_method.data,
    sections_method.method,
)


@cache
def _css() -> str:
    text = resources.files("btassets.render").joinpath("page.css").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("/*"))


def page(report: Report) -> str:
    """HTML text of a report document.

    Parameters
    ----------
    report
        As `report.json` holds it; the page shows nothing that is not in it.
    """
    title = f"{report['book']['name']}, {report['as_of']}: btassets report"
    body = "".join(make(report) for make in _SECTIONS)
    return shell(title, body, "Nothing here is advice to trade. Every number stands in report.json beside this file.")


def shell(title: str, body: str, footer: str, css: str = "") -> str:
    """A whole document around its sections; it may load nothing, and runs no script.

    Parameters
    ----------
    css
        Class of the body: `landscape` prints on wide pages.
    """
    classes = f' class="{css}"' if css else ""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{esc(title)}</title><style>{_css()}</style></head><body{classes}><main>{body}</main>"
        f"<footer>{esc(footer)}</footer></body></html>\n"
    )
