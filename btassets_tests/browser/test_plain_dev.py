"""A person on the page of plain `dagster dev`: partitions, a launch by clicks, the timeline, the report.

Needs a Chromium on the PATH; real clicks over its debugging socket. BTASSETS_SCREENSHOTS names a folder that keeps what
was shown.
"""

import base64
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from btassets_tests.browser.test_pages import pictures_module
from btassets_tests.support.dev_page import BOOKS, N_TICKERS, DevPage, two_books
from btassets_tests.support.small_market import make_book, names

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = os.environ.get("BTASSETS_SCREENSHOTS")
# The place of the last shown element of a kind whose text is exactly this, after it was scrolled into view.
_PLACE = """
(() => {
  const shown = [...document.querySelectorAll(KIND)].filter(
    (e) => e.innerText && e.innerText.trim().replace(/\\s+/g, ' ').match(WORDS) && e.getClientRects().length);
  const last = shown.at(-1);
  if (!last || last.disabled || last.getAttribute('aria-disabled') === 'true') return null;
  last.scrollIntoView({block: 'center'});
  const box = last.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
})()
"""
_SECONDS = 90.0


@pytest.fixture
def browser() -> Iterator[Any]:
    try:
        with pictures_module().browser(1600, 1000) as opened:
            yield opened
    except FileNotFoundError as error:
        pytest.skip(f"no browser test: {error}")


def click(page: Any, words: str, kind: str = "button") -> None:
    """Click the last shown element of a kind whose text matches; waits until there is one."""
    script = _PLACE.replace("KIND", repr(kind)).replace("WORDS", f"/{words}/")
    deadline = time.monotonic() + _SECONDS
    while (place := page.evaluate(script)) is None:
        if time.monotonic() > deadline:
            problem = f"no {kind} {words} on the page: {text_of(page)[:1500]}"
            raise AssertionError(problem)
        time.sleep(0.2)
    page.click(*place)


def text_of(page: Any) -> str:
    return str(page.evaluate("document.body ? document.body.innerText : ''"))


def open_page(page: Any, url: str, *words: str) -> str:
    """Text of an address, once every word is on it."""
    page.ask("Page.navigate", url=url)
    for word in words:
        page.wait_for(f"document.body && document.body.innerText.includes({word!r})")
    return text_of(page)


def keep(page: Any, name: str) -> None:
    """Keep what is shown, if a folder for it is named."""
    if SCREENSHOTS:
        folder = Path(SCREENSHOTS)
        folder.mkdir(parents=True, exist_ok=True)
        data = page.ask("Page.captureScreenshot", format="png")["data"]
        (folder / f"{name}.png").write_bytes(base64.b64decode(data))


def launch(page: Any, dev: DevPage, location: str, job: str) -> None:
    """Launch a job for every ticker, by clicks."""
    open_page(page, f"{dev.url}/locations/{location}/jobs/{job}", job)
    click(page, "^Materialize all")
    click(page, "^All$")
    keep(page, f"launch-{job}")
    click(page, "^Launch (backfill|1 run|run)")


def timeline(page: Any, dev: DevPage, job: str) -> str:
    """Text of Overview > Timeline, once it names a job; a job without a run is not on it."""
    text = open_page(page, f"{dev.url}/overview/activity/timeline", job)
    keep(page, f"timeline-{job}")
    return text


def shown_path(asset_page: str) -> Path:
    """The path of the report on the page of its asset."""
    (path,) = {line for line in asset_page.splitlines() if line.startswith("/") and line.find("/reports/") > 0}
    return Path(path)


def test_plain_dagster_dev_shows_runs_and_reports_a_book(browser: Any, tmp_path: Path) -> None:
    book = make_book(tmp_path / "made", 4)
    # A folder with these two files is a clone as far as `dagster dev` sees it; nothing is written beside the sources.
    for name in ("workspace.yaml", "dagster.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    environ = {"BTASSETS_BOOK": str(book.folder), "DAGSTER_HOME": None}
    dev = DevPage(["-w", "workspace.yaml"], tmp_path, environ)
    try:
        open_page(browser, f"{dev.url}/assets/candidates?view=partitions", *names(4))
        keep(browser, "partitions")
        launch(browser, dev, "btassets.definitions", "everything")
        run = dev.ended_run("everything")
        assert run["status"] == "SUCCESS"
        assert "full_backfill" not in timeline(browser, dev, "everything")
        asset = open_page(browser, f"{dev.url}/assets/backtest_report", "report.html", "CAGR")
        keep(browser, "report-asset")
        report = shown_path(asset)
        assert report.parent.parent.samefile(book.folder / "reports")
        open_page(browser, report.as_uri(), "CAGR")
        assert browser.evaluate("document.querySelectorAll('.tile .value').length") > 0
    finally:
        dev.stop()


def test_two_books_of_one_code_location_run_once_each(browser: Any, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text("nux:\n  enabled: false\ntelemetry:\n  enabled: false\n")  # no welcome dialog
    dev = DevPage(two_books(tmp_path), tmp_path, {"DAGSTER_HOME": str(home), "BTASSETS_BOOK": None})
    try:
        for name, prefix in BOOKS.items():
            url = f"{dev.url}/assets/{'/'.join(prefix)}/candidates?view=partitions"
            open_page(browser, url, *names(N_TICKERS[name]))
        jobs = {name: "_".join((*prefix, "everything")) for name, prefix in BOOKS.items()}
        runs = {}
        for name, job in jobs.items():
            launch(browser, dev, "definitions.py", job)
            runs[name] = dev.ended_run(job)
            assert runs[name]["status"] == "SUCCESS"
        for name, job in jobs.items():
            assert dev.ended_run(job) == runs[name], "the other book's run started none here"
            assert job in timeline(browser, dev, job)
            url = f"{dev.url}/assets/{'/'.join(BOOKS[name])}/backtest_report"
            report = shown_path(open_page(browser, url, "report.html", "CAGR"))
            assert report.parent.parent.samefile(tmp_path / name / "book" / "reports")
            open_page(browser, report.as_uri(), "CAGR")
    finally:
        dev.stop()
