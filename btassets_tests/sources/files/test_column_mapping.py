"""Which column is which, and one ticker's bars from a table."""

import pyarrow as pa
import pytest

from btassets.sources.base import BlockedTickerError
from btassets.sources.files.column_mapping import UNUSED_ADJUSTED, ColumnNames, locate_columns, raw_bars_of


def test_columns_are_found_exactly_or_without_case_and_spaces() -> None:
    available = ["Date", " open", "HIGH", "low", "Close", "close", "volume"]
    located = locate_columns(available, ColumnNames(), "T")
    assert located.by_role["close"] == "close"  # exact before "Close"
    assert (located.by_role["date"], located.by_role["open"], located.by_role["high"]) == (
        "Date",
        " open",
        "HIGH",
    )


@pytest.mark.parametrize(
    ("available", "said"),
    [
        (["date", "open", "high", "low", "close"], "column 'volume' is missing (found: 'date'"),
        ([], "found: none"),
        (["date", "open", "high", "low", "close", "close", "volume"], "column 'close' occurs 2 times"),
        (["date", "open", "high", "low", "Close", "CLOSE", "volume"], "column 'close' occurs 2 times"),
    ],
)
def test_a_missing_or_double_column_is_named(available: list[str], said: str) -> None:
    with pytest.raises(BlockedTickerError) as caught:
        locate_columns(available, ColumnNames(), "T")
    assert caught.value.rule == "Q1"
    assert said in str(caught.value)


def bar_table(**changes: list[object]) -> pa.Table:
    columns: dict[str, list[object]] = {
        "date": ["2021-03-05", "2021-03-08"],
        "open": ["1", "2"],
        "high": ["1", "2"],
        "low": ["1", "2"],
        "close": ["1", "2"],
        "volume": ["10", "20"],
    }
    return pa.table(columns | changes)


def test_empty_actions_are_no_actions_and_text_in_one_blocks() -> None:
    names = ColumnNames(dividend="dividend", split="split")
    table = bar_table(dividend=["", "0.5"], split=["2", ""])
    raw = raw_bars_of(table, locate_columns(table.column_names, names, "T"), "T")
    assert raw.dividend.tolist() == [0.0, 0.5]
    assert raw.split.tolist() == [2.0, 1.0]
    assert raw.adjusted_close is None
    wrong = bar_table(dividend=["0", "0.5"], split=["2:1", "1"])
    with pytest.raises(BlockedTickerError, match="2:1") as caught:
        raw_bars_of(wrong, locate_columns(wrong.column_names, names, "T"), "T")
    assert caught.value.rule == "Q1"


def test_actions_that_nobody_mapped_are_mentioned() -> None:
    table = bar_table(dividend_amount=["0", "0"], split_coefficient=["1", "2"])
    raw = raw_bars_of(table, locate_columns(table.column_names, ColumnNames(), "T"), "T")
    assert [note.severity for note in raw.notes] == ["info"]
    assert "dividend_amount, split_coefficient are not read" in raw.notes[0].text
    assert raw.split.tolist() == [1.0, 1.0]


def test_names_in_angle_brackets_are_names() -> None:
    available = ["<TICKER>", "<PER>", "<DATE>", "<TIME>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<VOL>"]
    located = locate_columns(available, ColumnNames(volume="vol"), "T")
    assert (located.by_role["date"], located.by_role["volume"]) == ("<DATE>", "<VOL>")
    with pytest.raises(BlockedTickerError, match=r"\[source.columns\]: volume = '<VOL>'"):
        locate_columns(available, ColumnNames(), "T")


@pytest.mark.parametrize("split", [["0", "2"], ["0.0", "2.0"], ["", "2"], ["0", "2:0"]])
def test_a_zero_in_a_split_column_means_none(split: list[object]) -> None:
    table = bar_table(split=split)
    located = locate_columns(table.column_names, ColumnNames(split="split"), "T")
    if split[1] == "2:0":
        with pytest.raises(BlockedTickerError, match="2:0"):
            raw_bars_of(table, located, "T")
    else:
        assert raw_bars_of(table, located, "T").split.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("name", "values", "is_told"),
    [
        ("Adj Close", ["0.9", "1.9"], True),
        ("adjusted_close", ["0.97", "2"], True),
        ("AdjClose", ["1", "2.001"], False),  # the same to within a tick
        ("adj. close", ["", ""], False),
    ],
)
def test_an_adjusted_close_that_is_not_used_is_told_when_it_differs(
    name: str, values: list[object], is_told: bool
) -> None:
    table = bar_table(**{name: values})
    located = locate_columns(table.column_names, ColumnNames(), "T")
    raw = raw_bars_of(table.rename_columns([*table.column_names[:-1], UNUSED_ADJUSTED]), located, "T")
    assert [(note.rule, note.severity) for note in raw.notes] == ([("Q25", "warn")] if is_told else [])
    assert all(repr(name) in note.text and "2021-03-0" in note.text for note in raw.notes)
    assert raw.close.tolist() == [1.0, 2.0]


def test_an_index_needs_no_volume() -> None:
    table = bar_table().drop_columns(["volume"])
    located = locate_columns(table.column_names, ColumnNames(), "T", needs_volume=False)
    assert raw_bars_of(table, located, "T").volume.tolist() == [0.0, 0.0]
