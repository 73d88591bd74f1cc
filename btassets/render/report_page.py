"""The report as one HTML file: no external resources, readable without its script, light, dark and print.

Belongs here: the order of the sections and the document around them. Does not belong here: the content of a section
(`sections/`), drawing of charts (`charts/`), colours (`page.css`), sorting and hovering (`page.js`).
"""

import base64
import hashlib
import json
import re
from functools import cache
from importlib import resources

from btassets.render.format import esc
from btassets.render.labels import curve_name
from btassets.render.report_types import Report
from btassets.render.sections import (
    advice,
    evidence,
    excursions,
    first_screen,
    how_sure,
    live,
    method,
    null_market,
    own,
    portfolio,
    ranking,
    risk,
    today,
)

_SECTIONS = (
    first_screen.first_screen,
    today.todays_setups,
    live.live,
    advice.advice_and_warnings,
    portfolio.book,
    risk.risk,
    evidence.setups,
    evidence.exits_and_gate,
    excursions.excursions,
    evidence.floors_and_signals,
    ranking.ranking,
    own.own_signals,
    evidence.calibration,
    portfolio.trades,
    portfolio.variants,
    how_sure.how_sure,
    null_market.null_market,
    method.data,
    method.method,
    method.provenance,
)

_HEADING = re.compile(r'<h2 id="([\w-]+)-h">(.*?)</h2>')
_UNITS = {"equity": " USD", "drawdown_pct": "%"}


@cache
def _css() -> str:
    text = resources.files("btassets.render").joinpath("page.css").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("/*"))


@cache
def _script() -> tuple[str, str]:
    """The page's script and its hash for the content security policy."""
    text = resources.files("btassets.render").joinpath("page.js").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    text = "\n".join(line for line in lines if line and not line.startswith("//"))
    return text, base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def page(report: Report) -> str:
    """HTML text of a report document.

    Parameters
    ----------
    report
        As in `report.json`; the page shows nothing else.
    """
    title = f"{report['book']['name']}, {report['as_of']}: btassets report"
    body = "".join(make(report) for make in _SECTIONS)
    end = "Not investment advice. Every number is in report.json beside this file."
    return shell(title, contents(body) + body + _curves(report), end)


def contents(body: str) -> str:
    """Links to the sections of the page, in their order."""
    links = "".join(f'<a href="#{name}">{words}</a>' for name, words in _HEADING.findall(body))
    return f'<nav aria-label="Contents">{links}</nav>'


def _curves(report: Report) -> str:
    """Values of the curves for the pointer; without a script the tables behind the charts show them."""
    curves = report["equity_curves"]
    document = {
        "dates": curves["dates"],
        "names": {name: curve_name(report, name) for name in curves["series"]},
        "units": _UNITS,
        "series": {name: {field: row[field] for field in _UNITS} for name, row in curves["series"].items()},
    }
    # A less-than sign inside the text of a script could end it.
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="curves">{text}</script>'


def shell(title: str, body: str, footer: str, css: str = "") -> str:
    """A whole document around its sections; it loads nothing and runs only its own script.

    Parameters
    ----------
    css
        Class of the body: `landscape` prints on wide pages.
    """
    classes = f' class="{css}"' if css else ""
    script, digest = _script()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{esc(title)}</title><style>{_css()}</style></head><body{classes}><main>{body}</main>"
        f"<footer>{esc(footer)}</footer><script>{script}</script></body></html>\n"
    )
