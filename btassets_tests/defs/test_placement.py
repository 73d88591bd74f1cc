"""Names under a prefix, and parameters that carry the placement's resource keys."""

import inspect

import dagster as dg
import pytest

from btassets.defs.placement import ALONE, Placement, placed
from btassets.errors import UsageError


def test_a_book_alone_has_plain_names():
    assert (ALONE.name("everything"), ALONE.partitions, ALONE.tags) == ("everything", "tickers", {})
    assert ALONE.key("candidates") == dg.AssetKey("candidates")
    assert ALONE.config({"full": True}) == {"resources": {"book": {"config": {"full": True}}}}


@pytest.mark.parametrize(
    ("given", "parts"), [("us", ("us",)), (["desk", "us"], ("desk", "us")), (("A1",), ("A1",)), ("_2024", ("_2024",))]
)
def test_a_prefix_is_one_part_or_several(given, parts):
    place = placed(given)
    assert place.prefix == parts
    assert place.key("bars") == dg.AssetKey([*parts, "bars"])
    assert place.name("bars") == "_".join((*parts, "bars"))
    assert list(place.config({})["resources"]) == ["_".join((*parts, "book"))]


@pytest.mark.parametrize("given", ["", "us-stocks", "1us", "us.de", ["us", "a b"], "us\n"])
def test_anything_else_is_refused_with_the_value(given):
    with pytest.raises(UsageError) as caught:
        placed(given)
    assert repr(given if isinstance(given, str) else given[-1]) in str(caught.value)


def test_partitions_of_one_placement_are_one_definition():
    assert Placement(("us",)).tickers is Placement(("us",)).tickers
    assert Placement(("us",)).tickers != Placement(("eu",)).tickers


def _run(tags=None, keys=None):
    chosen = None if keys is None else frozenset(dg.AssetKey(key) for key in keys)
    return dg.DagsterRun(job_name="j", tags=tags or {}, asset_selection=chosen)


@pytest.mark.parametrize(
    ("run", "is_own"),
    [
        (_run({"btassets/book": "us_book"}), True),
        (_run({"btassets/book": "eu_book"}), False),
        (_run(keys=[["us", "candidates"]]), True),
        (_run(keys=[["eu", "candidates"]]), False),
        (_run(keys=[["us", "more", "candidates"]]), False),
        (_run(keys=[["candidates"]]), False),
        (_run(), False),
    ],
)
def test_runs_of_a_guest_are_known_by_tag_or_assets(run, is_own):
    assert Placement(("us",)).owns(run) is is_own
    assert ALONE.owns(run)


def test_parameters_are_renamed_and_called_back():
    def body(context, book: int, duckdb: str, config: float) -> tuple:
        return context, book, duckdb, config

    assert ALONE.bind(body) is body
    bound = Placement(("us",)).bind(body)
    assert list(inspect.signature(bound).parameters) == ["context", "us_book", "us_duckdb", "config"]
    assert bound.__annotations__["us_book"] is int
    assert bound("c", us_book=1, us_duckdb="d", config=2.0) == ("c", 1, "d", 2.0)
    assert bound.__name__ == "body"


def test_a_generator_stays_one():
    def body(context, book):
        yield context
        yield book

    bound = Placement(("us",)).bind(body)
    assert inspect.isgeneratorfunction(bound)
    assert list(bound("c", us_book="b")) == ["c", "b"]
