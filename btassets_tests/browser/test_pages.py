"""Report, sweep and comparison in a real browser: letters, contrast, nothing cut, nothing over anything else.

Needs a Chromium on the PATH. `BTASSETS_AXE` may name axe-core's `axe.min.js` (`npm pack axe-core`): then it looks, too.
Pictures are left in the folder that BTASSETS_SCREENSHOTS names, further pages are taken from BTASSETS_PAGES
(paths of HTML files, separated as PATH is).
"""

import base64
import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from btassets.cli.actions.sweep import write_sweep
from btassets.instance.web.report_server import index_page
from btassets.studies.compare.compare import compare_document
from btassets.studies.compare.compare_page import compare_page
from btassets.studies.grade.grade import grade_candidates
from btassets.studies.grade.grade_page import grade_document, grade_page
from btassets.studies.sweep.sweep import sweep_document
from btassets_tests.support.grade_cases import golden_market, profile_settings, read_table
from btassets_tests.support.small_books import every_book, folder_of, run_as, run_book, scenario_book

pytestmark = pytest.mark.browser

AUDIT = Path(__file__).with_name("page_audit.js").read_text(encoding="utf-8")
AXE = os.environ.get("BTASSETS_AXE")
SCREENSHOTS = os.environ.get("BTASSETS_SCREENSHOTS")
FURTHER = [Path(p) for p in os.environ.get("BTASSETS_PAGES", "").split(os.pathsep) if p]
WIDTHS = (390, 1024, 1600)
PAPER = {"sweep": 1299}
"""Pixels of A4 between its margins at the zoom of print, if not 888; a sweep prints on wide pages."""

VIEWS = tuple((width, look) for look in ("light", "dark") for width in WIDTHS)
NAMES = ("base", "legacy", "nothing", "one trade", "one ticker, no benchmark", "nobody is ranked", "20 years")
GRIDS = {
    "one setting": ("gates.min_rr=0:3:0.25",),
    "two settings": ("gates.min_rr=0:3:0.25", "gates.min_momentum_percentile=0:90:10"),
    "five settings": (
        "gates.min_rr=0:2:0.5",
        "gates.min_momentum_percentile=0,50",
        "exits.hold_days=5,10,21,30",
        "gates.exclude_neutral=true,false",
        "portfolio.max_positions=2:10:4",
    ),
    "nothing": ("gates.min_rr=98,99",),
}


def pictures_module() -> ModuleType:
    script = Path(__file__).resolve().parents[2] / "docs" / "make_images.py"
    spec = importlib.util.spec_from_file_location("make_images", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    pictures = pictures_module()
    try:
        with pictures.browser(1024, 900) as opened:
            yield opened
    except FileNotFoundError as error:
        pytest.skip(f"no browser test: {error}")


def one_trade() -> Any:
    """A scenario whose floor only the single best setup passes."""
    book = run_book()
    rows = book.lake.read("graded_setups", "base", ["rr", "qualified"])
    best = max(r["rr"] for r in rows.to_pylist() if r["qualified"])
    return run_as(book, "one-trade", gates__min_rr=best)


def report_of(name: str) -> Path:
    if name == "one trade":
        return folder_of(one_trade()) / "report.html"
    if name == "20 years":
        return folder_of(run_book(6, 20.0)) / "report.html"
    return folder_of(every_book()[name]) / "report.html"


def looked_at(page: Any, path: Path, width: int, look: str, name: str) -> list[str]:
    """Faults of a page at one width in one look; on a screen every disclosure is open."""
    scheme = {"name": "prefers-color-scheme", "value": "dark" if look == "dark" else "light"}
    page.ask("Emulation.setEmulatedMedia", media="print" if look == "print" else "", features=[scheme])
    page.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    page.ask("Page.navigate", url=path.resolve().as_uri())
    page.wait_for("document.readyState === 'complete' && document.querySelector('main')")
    if SCREENSHOTS:
        _picture(page, Path(SCREENSHOTS) / f"{name}-{width}-{look}.png", width)
    if look != "print":
        page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    faults = page.evaluate(AUDIT)
    assert isinstance(faults, list), "the audit did not run"
    if page.evaluate("performance.getEntriesByType('resource').length"):
        faults.append("the page asked for something")
    if AXE:
        faults += axe(page)
    return faults


def axe(page: Any) -> list[str]:
    """Serious and critical findings of axe-core."""
    page.evaluate(Path(AXE or "").read_text(encoding="utf-8"))
    script = "axe.run(document, {resultTypes: ['violations']}).then((r) => JSON.stringify(r.violations))"
    answer = page.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
    found = json.loads(answer["result"]["value"])
    return [
        f"axe {rule['id']} ({rule['impact']}): {rule['nodes'][0]['html'][:120]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]


def _picture(page: Any, path: Path, width: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    height = min(int(page.evaluate("document.documentElement.scrollHeight")), 9000)
    page.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
    path.write_bytes(base64.b64decode(page.ask("Page.captureScreenshot", format="png")["data"]))
    page.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)


def everywhere(page: Any, path: Path, name: str) -> list[str]:
    """Faults of a page at all widths in all looks."""
    return [
        f"{look} {width}: {fault}"
        for width, look in (*VIEWS, (PAPER.get(path.stem, 888), "print"))
        for fault in looked_at(page, path, width, look, name)
    ]


def no_fault(faults: list[str]) -> None:
    assert not faults, f"{len(faults)} faults\n" + "\n".join(list(dict.fromkeys(faults))[:40])


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_readable_everywhere(page: Any, name: str) -> None:
    no_fault(everywhere(page, report_of(name), f"report-{name}"))


@pytest.mark.parametrize("name", GRIDS)
def test_a_sweep_is_readable_everywhere(page: Any, name: str) -> None:
    book = run_book()
    document = sweep_document(book, GRIDS[name], progress=lambda _done, _total: None, replay=lambda _books: None)
    no_fault(everywhere(page, write_sweep(book, document) / "sweep.html", f"sweep-{name}"))


@pytest.mark.parametrize("other", ["legacy", "nothing", "everything"])
def test_a_comparison_is_readable_everywhere(page: Any, other: str, tmp_path: Path) -> None:
    path = tmp_path / "compare.html"
    path.write_text(compare_page(compare_document(run_book(), scenario_book(other))), encoding="utf-8")
    no_fault(everywhere(page, path, f"compare-{other}"))


def test_a_ticker_page_is_readable_everywhere(page: Any) -> None:
    paths = sorted((folder_of(run_book()) / "tickers").glob("*.html"))
    assert paths
    for path in (paths[0], paths[-1]):
        no_fault(everywhere(page, path, f"ticker-{path.stem}"))


@pytest.mark.parametrize("table", ["candidates_ungated", "candidates_tight"])
def test_graded_setups_are_readable_everywhere(page: Any, table: str, tmp_path: Path) -> None:
    result = grade_candidates(read_table(table), *golden_market(), profile_settings("standard"))
    path = tmp_path / "graded.html"
    path.write_text(grade_page(grade_document(result, name=table, benchmark="SPY"), "graded.json"), encoding="utf-8")
    no_fault(everywhere(page, path, f"grade-{table}"))


def test_the_index_of_reports_is_readable_everywhere(page: Any, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_text(index_page(run_book().reports, "base"), encoding="utf-8")
    no_fault(everywhere(page, path, "index"))


@pytest.mark.parametrize("path", FURTHER, ids=lambda path: path.parent.name)
def test_a_further_page_is_readable_everywhere(page: Any, path: Path) -> None:
    no_fault(everywhere(page, path, f"further-{path.parent.parent.parent.name}-{path.stem}"))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("document.querySelector('h2').style.fontSize = '9px'", "letters of 9px"),
        ("document.querySelector('.lead, .note').style.color = '#aaa'", "contrast"),
        ("document.querySelector('svg.chart text').style.fill = 'rgb(200,200,200)'", "contrast"),
        ("document.querySelector('h1').style.marginLeft = '4000px'", "beyond the page"),
        ("document.querySelector('#risk').style.marginTop = '-90px'", "lies over its neighbour"),
        ("document.querySelectorAll('svg.chart text')[1].setAttribute('y', "
         "document.querySelectorAll('svg.chart text')[0].getAttribute('y')); "
         "document.querySelectorAll('svg.chart text')[1].setAttribute('x', "
         "document.querySelectorAll('svg.chart text')[0].getAttribute('x'))", "words over"),
        ("document.querySelector('svg.chart title').remove()", "a chart without its words"),
        ("document.querySelector('.scroll').removeAttribute('tabindex')", "a scrolling box without key"),
        ("document.querySelector('h2').outerHTML = '<h4>x</h4>'", "heading of level 4 after 1"),
    ],
)  # fmt: skip
def test_the_audit_finds_a_planted_fault(page: Any, change: str, fault: str) -> None:
    """A check that cannot fail is none: each kind of fault is planted into a good page and has to be found."""
    looked_at(page, report_of("base"), 1024, "light", "planted")
    page.evaluate(change)
    assert any(fault in found for found in page.evaluate(AUDIT))
