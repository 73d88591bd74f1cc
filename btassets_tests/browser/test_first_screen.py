"""The first screen in a real browser: four answers within ten seconds, and links that stop below the contents.

Needs a Chromium on the PATH.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from btassets_tests.browser.test_pages import one_trade, pictures_module
from btassets_tests.support.small_books import every_book, folder_of

pytestmark = pytest.mark.browser

SCREENS = ((1600, 1000), (390, 2 * 844))
"""Width, and height that needs no scrolling (a desk) or two movements of a thumb (a phone)."""

NAMES = ("base", "legacy", "nothing", "one trade", "everything", "one ticker, no benchmark", "nobody is ranked")
QUESTIONS = ("Result.", "Luck?", "Change?", "Today.")

_BOTTOMS = """
(() => [...document.querySelectorAll("#answer p")].map(p => [
  p.querySelector("b").textContent, p.textContent.length, p.getBoundingClientRect().bottom + scrollY]))()
"""
_JUMPS = """
(() => {
  const found = [];
  for (const link of document.querySelectorAll("nav a")) {
    location.hash = "";
    location.hash = link.getAttribute("href");
    const head = document.querySelector(link.getAttribute("href") + " h2").getBoundingClientRect();
    const nav = document.querySelector("nav").getBoundingClientRect();
    const isAtEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    found.push([link.textContent, head.top - nav.bottom, head.bottom, nav.top, isAtEnd]);
  }
  return found;
})()
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    try:
        with pictures_module().browser(1600, 1000) as opened:
            yield opened
    except FileNotFoundError as error:
        pytest.skip(f"no browser test: {error}")


def shown(page: Any, path: Path, width: int, height: int) -> None:
    page.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
    page.ask("Page.navigate", url=path.resolve().as_uri())
    page.wait_for("document.readyState === 'complete' && document.querySelector('#answer')")


def folder(name: str) -> Path:
    return folder_of(one_trade() if name == "one trade" else every_book()[name])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_four_answers_are_on_the_first_screen(page: Any, name: str, width: int, height: int) -> None:
    shown(page, folder(name) / "report.html", width, height)
    found = page.evaluate(_BOTTOMS)
    assert tuple(question for question, _, _ in found) == QUESTIONS
    assert all(length > 20 for _, length, _ in found)
    assert max(bottom for _, _, bottom in found) <= height


@pytest.mark.parametrize(("width", "height"), [(1600, 1000), (1024, 768), (390, 844)])
def test_a_link_of_the_contents_stops_below_them(page: Any, width: int, height: int) -> None:
    shown(page, folder("base") / "report.html", width, height)
    found = page.evaluate(_JUMPS)
    assert len(found) > 10
    for words, gap, bottom, top, is_at_end in found:
        assert abs(top) < 1, f"{words}: the contents are not in view"
        assert gap >= 0, f"{words}: the heading is behind the contents"
        assert bottom <= height, f"{words}: the heading is not in view"
        assert is_at_end or gap < 60, f"{words}: the heading is {gap} pixels below the contents"


def test_without_a_script_every_answer_table_and_curve_is_there(page: Any) -> None:
    counts = (
        "['#answer p', 'table', 'svg.chart', 'details'].map(css => document.querySelectorAll(css).length)"
        ".concat([document.body.innerText.length, document.querySelectorAll('th button').length])"
    )
    path = folder("base") / "report.html"
    shown(page, path, 1600, 1000)
    *parts, n_letters, n_buttons = page.evaluate(counts)
    page.ask("Emulation.setScriptExecutionDisabled", value=True)
    try:
        shown(page, path, 1600, 1000)
        *plain_parts, n_plain, n_plain_buttons = page.evaluate(counts)
    finally:
        page.ask("Emulation.setScriptExecutionDisabled", value=False)
    assert n_buttons > 0
    assert n_plain_buttons == 0  # the script did not run
    assert plain_parts == parts
    assert min(parts) > 3
    assert n_plain >= n_letters


def test_the_page_asks_for_nothing(page: Any) -> None:
    """No request but the file itself, also after sorting, filtering and pointing."""
    shown(page, folder("base") / "report.html", 1600, 1000)
    page.evaluate("document.querySelectorAll('th button').forEach(b => b.click())")
    page.evaluate(
        "document.querySelectorAll('svg[data-field]').forEach(s => s.dispatchEvent("
        "new PointerEvent('pointermove', {clientX: 300, clientY: 300})))"
    )
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    assert page.evaluate("document.querySelectorAll('th[aria-sort]').length") > 0
