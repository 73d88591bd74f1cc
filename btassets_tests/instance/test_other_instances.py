"""A page on another instance than the book's says so."""

import logging
from pathlib import Path

import dagster as dg
import pytest
from dagster._serdes import serialize_value

from btassets.errors import CannotReadError
from btassets.instance.dagster_home import open_instance
from btassets.instance.other_instances import notice, register_in_page


def test_a_page_of_another_instance_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    home, other = tmp_path / "book" / ".dagster", tmp_path / "other"
    other.mkdir()
    with dg.DagsterInstance.local_temp(str(other)) as instance:
        words = ["x", "--instance-ref", serialize_value(instance.get_ref())]
        with caplog.at_level(logging.WARNING, "btassets"):
            text = notice(home, lambda: ["AAPL", "MSFT"], words)
        assert instance.get_dynamic_partitions("tickers") == ["AAPL", "MSFT"]
    assert text is not None
    assert f"btassets ui --book {tmp_path / 'book'}" in text
    assert f"DAGSTER_HOME={home}" in text
    assert text in caplog.text


def test_the_books_own_instance_needs_no_message_but_the_partitions_of_a_new_book(tmp_path: Path) -> None:
    home = tmp_path / ".dagster"
    with open_instance(home) as instance:
        words = ["x", "--instance-ref", serialize_value(instance.get_ref())]
        assert notice(home, lambda: ["AAPL"], words) is None
        assert notice(home, lambda: ["AAPL", "MSFT"], words) is None
        assert instance.get_dynamic_partitions("tickers") == ["AAPL", "MSFT"]


@pytest.mark.parametrize("words", [[], ["x"], ["x", "--instance-ref"]])
def test_a_program_without_an_instance_needs_no_word(tmp_path: Path, words: list[str]) -> None:
    assert notice(tmp_path, lambda: ["AAPL"], words) is None


def test_a_damaged_lake_stops_no_page(tmp_path: Path) -> None:
    def damaged() -> list[str]:
        raise CannotReadError("bars", "damaged")

    other = tmp_path / "other"
    other.mkdir()
    with dg.DagsterInstance.local_temp(str(other)) as instance:
        words = ["x", "--instance-ref", serialize_value(instance.get_ref())]
        assert notice(tmp_path / ".dagster", damaged, words) is not None


def test_partitions_of_a_guest_are_added_in_the_page_that_loads_it(tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        register_in_page(lambda: ["AAPL"], "us_tickers", ["x", "--instance-ref", serialize_value(instance.get_ref())])
        register_in_page(lambda: ["MSFT"], "us_tickers", ["x"])
        assert instance.get_dynamic_partitions("us_tickers") == ["AAPL"]
        assert instance.get_dynamic_partitions("tickers") == []
