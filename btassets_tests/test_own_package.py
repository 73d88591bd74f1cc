"""Ideas of an installed package: a wheel of one signal, rule, stage and source, installed by pip, then run."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from btassets_tests.support.book_factory import PROJECT

MODULES = {
    "__init__": "",
    "tools": "def change(prices):\n    return prices[-1] / prices[0] - 1.0\n",
    "signals": """
import btassets as bt
from packed.tools import change


@bt.signal(lookback=5)
def packed_change(w):
    '''Return of five bars, fraction.'''
    return change(w.close)
""",
    "rules": """
import btassets as bt
from packed.tools import change


@bt.setup_rule(lookback=5)
def packed_dip(w):
    '''Buy after a loss of five bars.'''
    if change(w.close) < 0.0:
        return bt.Setup("long", stop=0.95 * w.close[-1], targets=1.1 * w.close[-1])
""",
    "stages": """
import btassets as bt


@bt.stage(reads=["graded_setups"])
def packed_counts(tables, settings):
    '''One ticker: its number of setups.'''
    return tables["graded_setups"].groupby("ticker").agg(n=("ticker", "size")).reset_index()
""",
    "feed": """
import numpy as np

import btassets as bt


class Feed(bt.Source):
    def tickers(self):
        return ["AAA", "BBB", "CCC"]

    def stamp(self, ticker):
        return "1"

    def bars(self, ticker):
        rng = np.random.default_rng(sum(map(ord, ticker)))
        date = np.busday_offset("2021-01-04", np.arange(700), roll="forward")
        close = 50.0 * np.exp(np.cumsum(rng.normal(0.0003, 0.015, 700)))
        first = close * (1.0 + rng.normal(0.0, 0.004, 700))
        high, low = 1.005 * np.maximum(first, close), 0.995 * np.minimum(first, close)
        return {
            "date": date, "open": first, "high": high, "low": low, "close": close, "volume": np.full(700, 1e6),
            "dividend": np.zeros(700), "split": np.ones(700),
        }
""",
}

ENTRY_POINTS = """[btassets.signals]
packed = packed.signals

[btassets.setup_rules]
packed = packed.rules

[btassets.stages]
packed = packed.stages

[btassets.sources]
packed = packed.feed:Feed
"""

SETTINGS = {
    "source.kind": "packed.feed:Feed",
    "source.basis": "total",
    "calendar": "data",
    "setup.rule": "packed_dip",
}


def wheel(folder: Path) -> Path:
    """A wheel as a build makes it: a zip file of modules and metadata."""
    path, info = folder / "packed_ideas-1.0-py3-none-any.whl", "packed_ideas-1.0.dist-info"
    with ZipFile(path, "w") as file:
        for name, text in MODULES.items():
            file.writestr(f"packed/{name}.py", text)
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: packed-ideas\nVersion: 1.0\n")
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/entry_points.txt", ENTRY_POINTS)
        names = [*file.namelist(), f"{info}/RECORD"]
        file.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in names))
    return path


@pytest.mark.long
def test_ideas_of_an_installed_wheel_are_found_run_and_listed(tmp_path: Path) -> None:
    site = tmp_path / "site"
    env = os.environ | {"PYTHONPATH": f"{PROJECT}{os.pathsep}{site}"}

    def python(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    python("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel(tmp_path)))
    python("-c", f"import btassets as bt\nbt.Book.create('mybook', {SETTINGS!r}).run()")
    listed = python("-m", "btassets.cli", "own", "--book", "mybook")
    for name, state in (("packed_change", "proven"), ("packed_dip", "used"), ("packed_counts", "computed")):
        (line,) = [line for line in listed.splitlines() if line.startswith(name)]
        assert "package packed_ideas (packed." in line, listed
        assert state in line, listed
    assert 'source.kind = "packed.feed:Feed": a source of the package packed_ideas' in listed
    script = "print(len(book.table('bars')), len(book.table('packed_counts')), {*book.table('own_signals').signal})"
    assert python("-c", f"import btassets as bt\nbook = bt.Book('mybook')\n{script}") == "2100 3 {'packed_change'}\n"
