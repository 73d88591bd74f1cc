"""A person's walk through a real `btassets ui` in a real browser: lineage, three tickers, whole job, report.

Needs node, playwright-core (npm) and a Chromium; `BTASSETS_PLAYWRIGHT_CORE` and `BTASSETS_CHROMIUM` name
them where they are not found. Screenshots are left in the folder that BTASSETS_SCREENSHOTS names.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from btassets_tests.support.running_page import RunningPage

pytestmark = pytest.mark.browser

WALK = Path(__file__).with_name("walk.mjs")
SCREENSHOTS = os.environ.get("BTASSETS_SCREENSHOTS")
TICKERS = ("SYN0001", "SYN0002", "SYN0003")
GROUPS = ["bars", "replay", "ranking", "analysis", "portfolio"]


def _found(variable: str, *candidates: str | None) -> str | None:
    named = os.environ.get(variable)
    return named or next((c for c in candidates if c and Path(c).exists()), None)


def _playwright_core() -> str | None:
    npm = shutil.which("npm")
    root = (
        subprocess.run([npm, "root", "-g"], capture_output=True, text=True, check=False).stdout.strip() if npm else ""
    )
    here = Path.cwd() / "node_modules" / "playwright-core"
    return _found("BTASSETS_PLAYWRIGHT_CORE", str(here), f"{root}/playwright-core" if root else None)


@pytest.fixture(scope="module")
def tools() -> tuple[str, str, str]:
    node = shutil.which("node")
    chromium = _found("BTASSETS_CHROMIUM", *map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    core = _playwright_core()
    missing = [
        name for name, place in (("node", node), ("a Chromium", chromium), ("playwright-core", core)) if not place
    ]
    if missing:
        pytest.skip(f"no browser test: {' and '.join(missing)} not found")
    return str(node), str(chromium), str(core)


def test_walk(tools: tuple[str, str, str], tmp_path: Path) -> None:
    node, chromium, core = tools
    book = tmp_path / "book"
    book.mkdir()
    (book / "btassets.toml").write_text('benchmark = "none"\n[demo]\ntickers = 30\nyears = 2.0\n', encoding="utf-8")
    shots = Path(SCREENSHOTS or tmp_path / "shots")
    shots.mkdir(parents=True, exist_ok=True)
    page = RunningPage(book)
    try:
        words = [node, str(WALK), chromium, core, page.url, str(shots), *TICKERS]
        done = subprocess.run(words, capture_output=True, text=True, timeout=400, check=False)
    finally:
        page.stop()
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["groups"][:5] == GROUPS
    assert seen["three"] == "COMPLETED_SUCCESS"
    assert "Materialized (3)" in seen["partitions"]
    assert (seen["whole"], seen["runs"]) == ("COMPLETED_SUCCESS", ["SUCCESS"])
    assert seen["processes"] == "SUCCESS"
    assert seen["images"], "the sparkline is drawn"
    assert all(width > 0 for width in seen["images"])
    for key in ("cagr_pct", "max_drawdown_pct", "sharpe"):
        assert key in seen["asset"]
    assert seen["report"]["url"] == f"http://127.0.0.1:{page.port + 1}/latest/report.html"
    assert seen["report"]["tiles"] > 0
    assert not seen["complaints"]
    assert {path.name for path in shots.glob("*.png")} >= {
        "lineage.png",
        "partitions.png",
        "run.png",
        "timeline.png",
        "asset.png",
    }
