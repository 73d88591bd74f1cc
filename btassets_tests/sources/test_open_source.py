"""Opening a source: the kind decides, landed bars join it from the book's own folder."""

import pytest

from btassets.errors import CredentialsError, NoBarsError
from btassets.settings.models import Settings
from btassets.sources.files.bar_folder import FilesSource
from btassets.sources.files.landed import WithLanded
from btassets.sources.open_source import open_source
from btassets.sources.synthetic.demo import DemoSource

HEADER = "date,open,high,low,close,volume\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "bars").mkdir()
    (tmp_path / "bars" / "A.csv").write_text(HEADER + "2021-03-01,10,11,9,10,1000\n")
    return tmp_path


def files(path):
    return Settings.model_validate({"source": {"kind": "files", "path": path}})


def test_the_kind_decides_and_a_relative_path_starts_from_the_book(folder):
    source = open_source(files("bars"), folder)
    assert isinstance(source, FilesSource)
    assert source.tickers() == ["A"]
    demo = Settings.model_validate({"calendar": "data", "demo": {"tickers": 2, "years": 1.0}})
    assert isinstance(open_source(demo, folder), DemoSource)


def test_a_source_that_cannot_be_opened_says_which_setting(folder, monkeypatch):
    with pytest.raises(NoBarsError, match=r"source\.path"):
        open_source(files(""), folder)
    monkeypatch.delenv("TIINGO_API_KEY", raising=False)
    vendor = Settings.model_validate({"source": {"kind": "tiingo"}, "universe": {"tickers": ["A"]}})
    with pytest.raises(CredentialsError, match="TIINGO"):
        open_source(vendor, folder)


def test_bars_that_landed_in_the_book_join_the_source(folder):
    landed = folder / "landing" / "bars"
    landed.mkdir(parents=True)
    assert not isinstance(open_source(files("bars"), folder), WithLanded)
    (landed / "B.parquet").write_bytes(b"any")
    source = open_source(files("bars"), folder)
    assert isinstance(source, WithLanded)
    assert source.tickers() == ["A", "B"]
