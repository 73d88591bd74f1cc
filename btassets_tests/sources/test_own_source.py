"""Sources of own code: bars as every source gives them, and what is refused, with file and line."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from btassets.errors import NoBarsError, SettingError
from btassets.settings.load import resolve
from btassets.sources.base import BarSource, BlockedTickerError
from btassets.sources.open_source import open_source
from btassets.sources.own_source import open_own

HEAD = "import btassets as bt\nclass Feed(bt.Source):\n"
COLUMNS = "{'date': ['2024-01-02', '2024-01-03'], 'open': [1, 2], 'high': [2, 3], 'low': [1, 1], 'close': [2.0, 2.5], "
BARS = f"{COLUMNS}'volume': [5, 6]}}"
METHODS = {
    "tickers": "    def tickers(self):\n        return ['B', 'A']\n",
    "stamp": "    def stamp(self, ticker):\n        return self.options.get('v', '')\n",
    "bars": f"    def bars(self, ticker):\n        return {BARS}\n",
}


def opened(
    folder: Path, head: str = HEAD, kind: str = "feed:Feed", options: tuple[str, ...] = (), **methods: str
) -> Any:
    (folder / "own").mkdir(exist_ok=True)
    text = head + "".join((METHODS | methods).values())
    (folder / "own" / "feed.py").write_text(text, encoding="utf-8")
    settings = resolve(overrides={"source.kind": kind, "source.options": list(options)}).settings
    return open_own(settings, folder, None)


def test_bars_of_a_dict_and_of_a_frame_are_those_of_every_source(tmp_path: Path) -> None:
    source = opened(tmp_path)
    assert isinstance(source, BarSource)
    assert (source.name, source.basis, source.tickers()) == ("feed:Feed", "total", ["A", "B"])
    raw = source.fetch("A")
    assert raw.dates.tolist() == [19_724, 19_725]
    assert raw.close.tolist() == [2.0, 2.5]
    assert (raw.dividend.tolist(), raw.split.tolist()) == ([0.0, 0.0], [1.0, 1.0])
    frame = f"    def bars(self, ticker):\n        import pandas\n        return pandas.DataFrame({BARS})\n"
    again = opened(tmp_path, bars=frame).fetch("A")
    pd.testing.assert_series_equal(pd.Series(raw.close), pd.Series(again.close))


def test_the_stamp_follows_the_source_and_its_code(tmp_path: Path) -> None:
    stamps = {opened(tmp_path, options=options).stamp("A") for options in ((), ("v=1",), ("v=2",))}
    stamps.add(opened(tmp_path, tickers="    def tickers(self):\n        return ['A']\n").stamp("A"))
    assert len(stamps) == 4


def test_the_opening_of_sources_takes_it(tmp_path: Path) -> None:
    opened(tmp_path)
    settings = resolve(overrides={"source.kind": "feed:Feed"}).settings
    assert open_source(settings, tmp_path).tickers() == ["A", "B"]


@pytest.mark.parametrize(
    ("kind", "head", "expected"),
    [
        ("fead:Feed", HEAD, "there is no module fead in own/ or an installed package"),
        ("feed:Fead", HEAD, "the module has no class Fead; its sources are Feed"),
        ("feed:Feed", "class Feed:\n", "Feed must be a subclass of btassets.Source"),
        ("feed:Feed", f"import no_such\n{HEAD}", "the module cannot be imported: No module named 'no_such'"),
        ("feed:Feed", f"1 / 0\n{HEAD}", "the module cannot be imported: ZeroDivisionError"),
        ("feed:Feed", f"{HEAD}    def __init__(self, *_):\n        raise OSError('no key')\n",
         "Feed cannot be made: feed.py line 4: OSError: no key"),
    ],
)  # fmt: skip
def test_a_class_that_cannot_be_used(tmp_path: Path, kind: str, head: str, expected: str) -> None:
    with pytest.raises(SettingError) as error:
        opened(tmp_path, head, kind)
    assert str(error.value).startswith(f'source.kind = "{kind}": ')
    assert expected in str(error.value)


@pytest.mark.parametrize("name", METHODS)
def test_a_missing_method(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingError, match=f"Feed has no method {name}; a source needs tickers, bars and stamp"):
        opened(tmp_path, **{name: ""})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("raise KeyError(ticker)", "feed:Feed: feed.py line 8: KeyError: 'A'"),
        ("return None", "TypeError: bars returned None"),
        ("return {'date': ['2024-01-02'], 'open': [1, 2]}", "feed:Feed: "),
        ("return {'date': ['2024-01-02'], 'close': [1]}", "returned no column open, high, low, volume"),
        (f"return {COLUMNS.replace('2024-01-03', 'soon')}'volume': [5, 6]}}", "soon"),
        ("import sys; sys.exit(3)", "feed.py line 8: SystemExit: 3"),
        ("import os; os._exit(3)", "feed.py line 8: SystemExit: os._exit(3)"),
        ("import os; os.fork()", "feed.py line 8: OSError: os.fork() would run the rest of the command twice"),
        ("raise BaseException('odd')", "feed.py line 8: BaseException: odd"),
        ("raise GeneratorExit", "feed.py line 8: GeneratorExit"),
    ],
)
def test_a_ticker_that_cannot_be_read_is_refused_alone(tmp_path: Path, body: str, expected: str) -> None:
    text = f"    def bars(self, ticker):\n        if ticker == 'A':\n            {body}\n        return {BARS}\n"
    source = opened(tmp_path, bars=text)
    with pytest.raises(BlockedTickerError) as error:
        source.fetch("A")
    assert str(error.value).startswith("A: ")
    assert expected.replace("line 8", "line 9") in str(error.value)
    assert len(source.fetch("B")) == 2


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("raise OSError('gone')", "feed:Feed: feed.py line 4: OSError: gone"),
        ("return 'AB'", "tickers returned 'AB', not a list of texts"),
        ("return []", "tickers returned an empty list"),
        ("return ['A', 'B', 'A']", "tickers lists A twice"),
    ],
)
def test_a_source_without_tickers(tmp_path: Path, body: str, expected: str) -> None:
    source = opened(tmp_path, tickers=f"    def tickers(self):\n        {body}\n")
    with pytest.raises(NoBarsError) as error:
        source.tickers()
    assert expected in str(error.value)


def test_an_interrupt_of_own_code_is_a_refusal_and_one_of_the_user_is_not(tmp_path: Path) -> None:
    source = opened(tmp_path, bars="    def bars(self, ticker):\n        raise KeyboardInterrupt\n")
    with ThreadPoolExecutor(1) as pool, pytest.raises(BlockedTickerError, match="KeyboardInterrupt"):
        pool.submit(source.fetch, "A").result()
    with pytest.raises(KeyboardInterrupt):
        source.fetch("A")


def test_a_process_can_be_ended_and_copied_outside_of_own_code(tmp_path: Path) -> None:
    opened(tmp_path).fetch("A")
    child = os.fork()
    if not child:
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_dates_of_numpy_in_a_list_are_dates(tmp_path: Path) -> None:
    dates = "[numpy.datetime64('2024-01-02'), numpy.datetime64('2024-01-03')]"
    text = f"    def bars(self, ticker):\n        import numpy\n        return {BARS} | {{'date': {dates}}}\n"
    assert opened(tmp_path, bars=text).fetch("A").dates.tolist() == [19_724, 19_725]
