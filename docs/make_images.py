"""Make the pictures of the documents: report and lineage of the demo book, and the report of each worked example.

Belongs here: starting `btassets ui`, a headless Chromium, and the screenshots. Does not belong here:
what is on the pictures. Needs Chromium on the PATH; nothing else of the project does.

    python docs/make_images.py [BOOK]     BOOK: the demo book, by default .btassets/demo (made when missing)
"""

import base64
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from btassets.graph.flow import STAGES

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
EXAMPLES = {"breakout": "", "reversal_sql": "own", "sqlite_source": ""}
"""Folder of each worked example -> id of the section of its report that is shown; empty: the first screen."""
MAX_BYTES = 300_000
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_SECONDS = 90
_ARROW_LEFT_OF_NAME = 42  # pixels
# Where the list of assets names a group; the graph, further right, names it again.
_PLACE_OF_GROUP = """
(() => {
  const name = [...document.querySelectorAll("*")].find(
    e => !e.children.length && e.textContent == "GROUP" && e.getBoundingClientRect().x < 540);
  const box = name.getBoundingClientRect();
  return [box.x, box.y + box.height / 2];
})()
"""
# The page's notices cover the graph.
_TIDY = """
for (const e of document.querySelectorAll('[class*=oast], [role=alert]')) e.remove();
"""


class Page:
    """One page of a headless browser, driven over its debugging socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0

    def ask(self, method: str, **arguments: object) -> dict[str, Any]:
        """Send one command and return its answer; events in between are passed over."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": arguments}))
        while True:
            answer = json.loads(self._connection.recv(timeout=_SECONDS))
            if answer.get("id") == self._number:
                if "error" in answer:
                    problem = f"{method}: {answer['error'].get('message')}"
                    raise RuntimeError(problem)
                return answer["result"]

    def evaluate(self, script: str) -> Any:
        """Value of a JavaScript expression."""
        return self.ask("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Wait until a JavaScript condition holds."""
        deadline = time.monotonic() + _SECONDS
        while not self.evaluate(f"Boolean({condition})"):
            if time.monotonic() > deadline:
                problem = f"the page never came to: {condition}"
                raise TimeoutError(problem)
            time.sleep(0.2)

    def click(self, x: float, y: float) -> None:
        """Click with the left button."""
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        time.sleep(0.3)

    def picture(self, path: Path, part: dict[str, float] | None = None) -> None:
        """Write what is shown, or a part of it (x, y, width, height, scale), as PNG; refuse a large one."""
        options = {} if part is None else {"clip": part}
        data = base64.b64decode(self.ask("Page.captureScreenshot", format="png", **options)["data"])
        if len(data) > MAX_BYTES:
            problem = f"{path.name}: {len(data):,} bytes; at most {MAX_BYTES:,}; take a smaller part of the page"
            raise ValueError(problem)
        path.write_bytes(data)
        sys.stdout.write(f"{path.relative_to(ROOT)}: {len(data):,} bytes\n")


@contextlib.contextmanager
def browser(width: int, height: int) -> Iterator[Page]:
    """Open a blank page of the given size in a browser of its own, closed at the end."""
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        problem = f"none of {', '.join(_NAMES)} is on the PATH; the pictures need a Chromium; install one"
        raise FileNotFoundError(problem)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-port=0"]
        words += ["--remote-allow-origins=*", f"--user-data-dir={profile}", f"--window-size={width},{height}"]
        process = subprocess.Popen([program, *words, "about:blank"], stderr=subprocess.DEVNULL)  # noqa: S603  (found above)
        try:
            port = _port_of(Path(profile) / "DevToolsActivePort")
            targets = json.loads(_get(f"http://127.0.0.1:{port}/json"))
            target = next(t for t in targets if t["type"] == "page")
            with connect(target["webSocketDebuggerUrl"], max_size=None) as connection:
                page = Page(connection)
                page.ask(
                    "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
                )
                yield page
        finally:
            process.terminate()
            process.wait(timeout=20)


def _port_of(file: Path) -> int:
    deadline = time.monotonic() + _SECONDS
    while not (file.exists() and file.read_text(encoding="utf-8").strip()):
        if time.monotonic() > deadline:
            problem = "the browser did not start"
            raise TimeoutError(problem)
        time.sleep(0.1)
    return int(file.read_text(encoding="utf-8").splitlines()[0])


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  (http on this machine)
        return answer.read().decode()


@contextlib.contextmanager
def dagster_page(book: Path) -> Iterator[str]:
    """Start `btassets ui` on a free port; yields the page's address and stops it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "btassets.cli", "ui", "--book", str(book), "--port", str(port)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603  (ours)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + _SECONDS
        while True:
            try:
                _get(f"{address}/server_info")
                break
            except (urllib.error.URLError, ConnectionError):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.3)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def report_picture(book: Path) -> None:
    """Take the top of the report."""
    with browser(1180, 1200) as page:
        page.ask("Page.navigate", url=(book / "reports" / "latest" / "report.html").resolve().as_uri())
        page.wait_for("document.readyState == 'complete'")
        page.picture(IMAGES / "report.png")


def lineage_picture(book: Path) -> None:
    """Take the lineage of the groups, beside the list of the assets in each of them."""
    with dagster_page(book) as address, browser(1560, 1180) as page:
        page.ask("Page.navigate", url=f"{address}/asset-groups")
        page.wait_for("document.querySelectorAll('svg path[marker-end], svg g > path').length > 10")
        time.sleep(3.0)  # the page listens only when the graph stands still
        # From the last to the first: an opened group moves those below it.
        for group in sorted({stage.group for stage in STAGES.values()}, reverse=True):
            x, y = page.evaluate(_PLACE_OF_GROUP.replace("GROUP", group))
            page.click(x - _ARROW_LEFT_OF_NAME, y)
        time.sleep(1.0)
        page.evaluate(_TIDY)
        # Without the page's menus on the left.
        page.picture(IMAGES / "lineage.png", {"x": 240.0, "y": 0.0, "width": 1320.0, "height": 1180.0, "scale": 1.0})


def example_picture(name: str, part: str) -> None:
    """Run the commands and the script of an example's README, and take its report from a section on."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(shutil.copytree(ROOT / "docs" / "examples" / name, Path(scratch) / name))
        text = (folder / "README.md").read_text(encoding="utf-8")
        (commands,), (script,) = (re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("bash", "python"))
        env = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run(["bash", "-ec", commands], cwd=folder, env=env, check=True)  # noqa: S603, S607  (ours)
        subprocess.run([sys.executable, "-c", script], cwd=folder, check=True)  # noqa: S603  (ours)
        reports = sorted((folder / "mybook" / "reports").glob("*/report.html"), key=lambda path: path.stat().st_mtime)
        with browser(1180, 760) as page:
            page.ask("Page.navigate", url=reports[-1].resolve().as_uri() + (f"#{part}" if part else ""))
            page.wait_for("document.readyState == 'complete'")
            time.sleep(0.5)  # the page scrolls to its section
            page.picture(IMAGES / f"example_{name}.png")


def main(words: list[str]) -> None:
    """Make the demo book where it is missing, then every picture."""
    book = Path(words[0]) if words else ROOT / ".btassets" / "demo"
    if not (book / "reports" / "latest" / "report.html").exists():
        command = [sys.executable, "-m", "btassets.cli", "demo", "--book", str(book), "--quiet"]
        subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603  (ours)
    IMAGES.mkdir(exist_ok=True)
    report_picture(book)
    lineage_picture(book)
    for name, part in EXAMPLES.items():
        example_picture(name, part)


if __name__ == "__main__":
    main(sys.argv[1:])
