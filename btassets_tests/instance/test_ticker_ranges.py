"""Ranges of ticker partitions: the smallest that covers the names, in the order of the instance."""

import pytest

from btassets.instance.ticker_ranges import PARTITION, RANGE_END, RANGE_START, n_targeted, range_tags, register


class Instance:
    def __init__(self, *names, kind="tickers"):
        self.names, self.kind = list(names), kind

    def get_dynamic_partitions(self, kind):
        assert kind == self.kind
        return list(self.names)

    def add_dynamic_partitions(self, kind, new):
        assert kind == self.kind
        self.names += new


def test_new_tickers_are_added_once_in_their_order():
    instance = Instance("B", "A")
    assert register(instance, ["C", "A", "AA"]) == ["C", "AA"]
    assert instance.names == ["B", "A", "C", "AA"]
    assert register(instance, ["C"]) == []
    assert instance.names == ["B", "A", "C", "AA"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["A", "D"], ("A", "D")),
        (["D", "A"], ("A", "D")),  # in the order of the partitions, not of the names
        (["C"], ("C", "C")),
        (["NEW", "B"], ("B", "B")),
        (["NEW"], None),
        ([], None),
    ],
)
def test_a_range_covers_the_known_names(names, expected):
    tags = range_tags(Instance("B", "A", "C", "D"), names)
    assert tags == ({} if expected is None else {RANGE_START: expected[0], RANGE_END: expected[1]})


@pytest.mark.parametrize(
    ("tags", "n"),
    [
        ({}, 4),
        ({PARTITION: "A"}, 1),
        ({RANGE_START: "A", RANGE_END: "D"}, 3),
        ({RANGE_START: "C", RANGE_END: "C"}, 1),
        ({RANGE_START: "A", RANGE_END: "GONE"}, 4),
    ],
)
def test_a_run_targets_its_range_its_ticker_or_all(tags, n):
    assert n_targeted(Instance("B", "A", "C", "D"), tags) == n


def test_partitions_of_another_name():
    instance = Instance("A", kind="us_tickers")
    assert register(instance, ["B"], "us_tickers") == ["B"]
    assert range_tags(instance, ["B"], "us_tickers") == {RANGE_START: "B", RANGE_END: "B"}
