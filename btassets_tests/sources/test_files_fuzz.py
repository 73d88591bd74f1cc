"""Spoilt files: refused or named, never a foreign error, never a silent change, never a neighbour's loss."""

import gzip
import io
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import Book, open_book
from btassets.book.new_book import make_book
from btassets.engine.market.quality import screen_bars
from btassets.run.tables import inputs_of
from btassets.sources.base import BlockedTickerError, RawBars
from btassets.sources.files.bar_folder import FilesSource, fetch_many
from btassets.sources.files.column_mapping import ColumnNames
from btassets.stages.bars.bar_store import broken_bars

N_ROWS = 8
COLUMNS = ["date", "open", "high", "low", "close", "volume", "dividend", "split"]
NAMES = ColumnNames(dividend="dividend", split="split")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def cells() -> list[list[str]]:
    return [
        [f"2021-03-{row + 1:02d}", "10.5", "11.25", "9.75", f"10.{row}", "1000", "0.0", "1.0"] for row in range(N_ROWS)
    ]


def as_csv(rows: list[list[str]]) -> bytes:
    return "\n".join(",".join(row) for row in [COLUMNS, *rows]).encode() + b"\n"


def as_parquet() -> bytes:
    table = pa.table({name: [row[at] for row in cells()] for at, name in enumerate(COLUMNS)})
    numbers = [table.column(name).cast(pa.float64()) for name in COLUMNS[1:]]
    buffer = io.BytesIO()
    pq.write_table(pa.table([table.column("date").cast(pa.date32()), *numbers], names=COLUMNS), buffer)
    return buffer.getvalue()


GOOD_CSV, GOOD_PARQUET = as_csv(cells()), as_parquet()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        (path / "GOODA.csv").write_bytes(GOOD_CSV)
        (path / "GOODB.parquet").write_bytes(GOOD_PARQUET)
        yield path


def outcome(folder: Path, name: str, data: bytes) -> RawBars | BlockedTickerError:
    """Outcome of one damaged file, after a check that its neighbours are unchanged."""
    path = folder / name
    path.write_bytes(data)
    try:
        source = FilesSource(folder, NAMES, "raw")
        results = dict(fetch_many(source, source.tickers()))
    finally:
        path.unlink()
    for ticker in ("GOODA", "GOODB"):
        bars = results[ticker]
        assert isinstance(bars, RawBars)
        assert bars.close.tolist() == [10 + row / 10 for row in range(N_ROWS)]
        assert bars.notes == ()
    result = results[name.partition(".")[0]]
    if isinstance(result, RawBars):
        screened = screen_bars("BAD", result, sessions=None)
        assert screened.is_blocked or screened.bars is not None
        assert len({len(getattr(result, column)) for column in ("dates", *COLUMNS[1:])}) == 1
        assert not np.isnan(result.split).any()
    else:
        assert result.rule in {"Q1", "Q2"}
        assert str(result)
    return result


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, N_ROWS - 1),
    st.integers(0, len(COLUMNS) - 1),
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters=',"\r\n;\t|'), max_size=12),
        st.from_regex(r"[0-9eE+.\- ]{1,8}", fullmatch=True),
        st.sampled_from(
            [
                "nan",
                "NaN",
                "NULL",
                "inf",
                "-inf",
                "1e999",
                "1_0",
                "0x1",
                "\uff11",
                "TRUE",
                "",
                " 1 ",
                "2021-03-01",
            ]
        ),
    ),
)
def test_one_cell_of_anything(folder: Path, row: int, column: int, text: str) -> None:
    rows = cells()
    rows[row][column] = text
    result = outcome(folder, "BAD.csv", as_csv(rows))
    if isinstance(result, BlockedTickerError):
        return
    assert len(result) == N_ROWS
    if column == 0:
        day = str(np.datetime64(int(result.dates[row]), "D"))
        assert text.strip().startswith(day)
        return
    value = getattr(result, COLUMNS[column])[row]
    if NUMBER.fullmatch(text.strip()):
        # Some vendors write 0 for a day without a split.
        is_no_split = COLUMNS[column] == "split" and float(text) == 0.0
        assert value == (1.0 if is_no_split else float(text))
    elif column >= 6:  # an action: only an empty one may be no action
        assert text.strip().casefold() in {
            "",
            "na",
            "n/a",
            "#n/a",
            "nan",
            "-nan",
            "null",
            "none",
            "-",
            "--",
            "inf",
            "-inf",
            "+inf",
            "infinity",
        }
    else:  # no number: the row cannot pass
        assert not np.isfinite(value)
        assert ("Q4", 1) in screen_bars("BAD", result).n_dropped or screen_bars("BAD", result).is_blocked


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_bytes_of_a_csv_cut_doubled_and_overwritten(folder: Path, data: st.DataObject) -> None:
    whole = GOOD_CSV
    at = data.draw(st.integers(0, len(whole)))
    n_gone = data.draw(st.integers(0, 40))
    noise = data.draw(
        st.one_of(st.binary(max_size=20), st.sampled_from([b"\x00", b'"', b"\n\n", b",,,,", b"\r", whole]))
    )
    outcome(folder, "BAD.csv", whole[:at] + noise + whole[at + n_gone :])


def test_a_parquet_file_cut_anywhere_is_refused(folder: Path) -> None:
    for n in range(0, len(GOOD_PARQUET), 97):
        result = outcome(folder, "BAD.parquet", GOOD_PARQUET[:n])
        assert isinstance(result, BlockedTickerError), n
        assert result.rule == "Q1"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_bytes_of_a_parquet_file_overwritten(folder: Path, data: st.DataObject) -> None:
    spoilt = bytearray(GOOD_PARQUET)
    for _ in range(data.draw(st.integers(1, 4))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    outcome(folder, "BAD.parquet", bytes(spoilt))


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(COLUMNS),
        st.sampled_from(
            [pa.string(), pa.int64(), pa.bool_(), pa.float32(), pa.binary(), pa.timestamp("ns"), pa.null()]
        ),
        max_size=4,
    ),
    st.lists(st.sampled_from(COLUMNS), max_size=2),
)
def test_parquet_columns_of_other_types_or_gone(folder: Path, types: dict[str, pa.DataType], gone: list[str]) -> None:
    table = pq.ParquetFile(io.BytesIO(GOOD_PARQUET)).read()
    for name, kind in types.items():
        at = table.column_names.index(name)
        text = table.column(name).cast(pa.string())
        try:
            column = text.cast(kind)
        except pa.ArrowException:
            column = pa.nulls(N_ROWS, kind)
        table = table.set_column(at, name, column)
    buffer = io.BytesIO()
    pq.write_table(table.drop_columns(sorted(set(gone))), buffer)
    result = outcome(folder, "BAD.parquet", buffer.getvalue())
    if gone:
        assert isinstance(result, BlockedTickerError)
        assert "is missing" in str(result)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters='"\r\n\0'), max_size=8),
        min_size=1,
        max_size=6,
    )
)
def test_tickers_of_a_long_file_are_text_and_no_row_is_lost(tickers: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "all.csv"
        lines = [f'"{ticker}",2021-03-01,1,1,1,1,5' for ticker in tickers]
        path.write_text("ticker,date,open,high,low,close,volume\n" + "\n".join(lines) + "\nKEPT,2021-03-01,1,1,1,1,5\n")
        source = FilesSource(path)
        n_rows = sum(problem.n for problem in source.problems())
        for ticker in source.tickers():
            [(_, result)] = fetch_many(source, [ticker])
            if isinstance(result, RawBars):
                n_rows += len(result)
            else:
                assert result.rule == "Q2"
                n_rows += sum(given_name.strip() == ticker for given_name in tickers) or 1
        assert "KEPT" in source.tickers()
        assert n_rows >= len(set(tickers))


# ---- through the ingest ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def spoilt_book(folder: Path) -> Iterator[Book]:
    """A book over the folder of the two good files."""
    with tempfile.TemporaryDirectory() as name:
        flat = {"source.kind": "files", "source.path": str(folder), "source.basis": "raw", "calendar": "data"}
        columns = {"source.columns.dividend": "dividend", "source.columns.split": "split", "storage.buckets": 2}
        make_book(Path(name) / "book", flat | columns)
        book = open_book(Path(name) / "book", environ={})
        ingest(book, plan_ingest(book).stale)
        yield book


def spoilt_bytes() -> st.SearchStrategy[tuple[str, bytes]]:
    """Name and content of a file that something happened to: cut, overwritten, doubled, another kind."""

    @st.composite
    def spoil(draw: st.DrawFn) -> tuple[str, bytes]:
        name = draw(st.sampled_from(["BAD.csv", "BAD.parquet", "BAD.csv.gz", "BAD.csv.zst"]))
        data = bytearray(draw(st.sampled_from([GOOD_CSV, GOOD_PARQUET, gzip.compress(GOOD_CSV, mtime=0)])))
        for _ in range(draw(st.integers(0, 4))):
            at = draw(st.integers(0, len(data) - 1))
            data[at] = draw(st.integers(0, 255))
        at = draw(st.integers(0, len(data)))
        return name, bytes(data[:at] + draw(st.binary(max_size=12)) + data[at + draw(st.integers(0, 30)) :])

    return spoil()


@settings(max_examples=80, deadline=None)
@given(spoilt_bytes())
def test_whatever_lies_in_the_folder_the_book_takes_it_or_says_why(
    spoilt_book: Book, folder: Path, spoilt: tuple[str, bytes]
) -> None:
    """No foreign error, no row that is not in the file, a reason for every refusal, the neighbours untouched."""
    name, data = spoilt
    before = spoilt_book.lake.ticker_footers("ohlcv_history")
    path = folder / name
    path.write_bytes(data)
    try:
        ingest(spoilt_book, plan_ingest(spoilt_book).stale)
    finally:
        path.unlink()
    after = spoilt_book.lake.ticker_footers("ohlcv_history")
    assert {t: after[t]["version"] for t in ("GOODA", "GOODB")} == {t: before[t]["version"] for t in ("GOODA", "GOODB")}
    facts = after["BAD"]
    if facts["blocked"]:
        assert facts["blocked"].startswith("BAD")
        assert re.search(r"\[Q\d+\]$", facts["blocked"])
        return
    (bucket,) = spoilt_book.lake.by_bucket(["BAD"])
    rows = [row for row in spoilt_book.lake.read_bucket("ohlcv_history", bucket).to_pylist() if row["ticker"] == "BAD"]
    taken_out = sum(facts["dropped"].values())
    # What is accepted is what the file says, row by row; what is not accepted was counted.
    read = dict(fetch_many(_alone(data, name), ["BAD"]))["BAD"]
    assert isinstance(read, RawBars)
    assert len(rows) + taken_out == len(read)
    given_closes = set(read.close.tolist())
    assert all(row["close"] in given_closes for row in rows)
    assert broken_bars(inputs_of("ohlcv_history", spoilt_book)[0].bucketed("ohlcv_history"), ["BAD"]) == (0, None)


def _alone(data: bytes, name: str) -> FilesSource:
    """The same file in a folder of its own, read at once."""
    with tempfile.TemporaryDirectory() as own:
        (Path(own) / name).write_bytes(data)
        source = FilesSource(own, NAMES, "raw")
        bars = source.fetch("BAD")
    source.fetch = lambda _ticker: bars
    return source
