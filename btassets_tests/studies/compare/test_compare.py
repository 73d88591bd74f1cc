"""Two scenarios, paired: nothing differs from itself, noise is called noise, and every trade is on one side."""

import json
from dataclasses import replace

import numpy as np
import pyarrow.compute as pc
import pytest

from btassets.book.book import Book, open_book
from btassets.engine.statistics.ewc import estimate
from btassets.errors import UsageError
from btassets.run.tables import inputs_of
from btassets.stages.statistics.stat_sample import read_sample
from btassets.studies.compare.compare import HIGHER, LOWER, NOISE, SAME, SHORT, compare_document, paired_setups
from btassets.studies.compare.compare_page import compare_page
from btassets.studies.compare.compare_text import compare_text
from btassets_tests.support.parsed_page import parse
from btassets_tests.support.small_books import run_as, run_book, scenario_book

VERDICTS = {SAME, NOISE, SHORT, HIGHER, LOWER}


@pytest.fixture(scope="module")
def base() -> Book:
    return run_book()


@pytest.fixture(scope="module")
def loose(base: Book) -> Book:
    return run_as(base, "loose-to-compare", gates__min_rr=1.0, gates__min_momentum_percentile=40.0)


@pytest.fixture(scope="module")
def document(base: Book, loose: Book) -> dict:
    return compare_document(base, loose)


def test_a_scenario_differs_from_itself_by_exactly_nothing(base: Book) -> None:
    found = compare_document(base, base)
    assert found["settings"] == []
    for row in found["differences"]:
        assert (row["difference"], row["ci_lo"], row["ci_hi"], row["verdict"]) == (0.0, 0.0, 0.0, SAME)
    for own in found["trades"].values():
        assert [group["n"] for group in own["groups"]][1:] == [0, 0]
    assert found["headline"]["text"].startswith("base against base: identical, every difference is exactly 0.")


def test_a_scenario_of_the_same_settings_differs_by_exactly_nothing(base: Book) -> None:
    twin = run_as(base, "twin", gates__min_rr=base.settings.gates.min_rr)
    found = compare_document(base, twin)
    assert {row["verdict"] for row in found["differences"]} == {SAME}
    assert all(row["difference"] == 0.0 for row in found["differences"])


def test_a_difference_is_second_minus_first_and_turns_its_sign(base: Book, loose: Book, document: dict) -> None:
    turned = compare_document(loose, base)
    for row, back in zip(document["differences"], turned["differences"], strict=True):
        assert row["difference"] == pytest.approx(row["second"] - row["first"], abs=2e-4)
        assert back["difference"] == -row["difference"]
        assert (back["ci_lo"], back["ci_hi"]) == (-row["ci_hi"], -row["ci_lo"])


def test_the_sides_are_the_scenarios_own_means(base: Book, loose: Book, document: dict) -> None:
    (row,) = [r for r in document["differences"] if (r["measure"], r["exit"]) == ("net_r", "target")]
    for side, book in (("first", base), ("second", loose)):
        stats = book.lake.read("setup_stats", book.scenario).to_pylist()
        (own,) = [r for r in stats if r["population"] == "qualified"]
        assert row[side] == pytest.approx(own["net_avg_r"], abs=1e-4)
        assert row[f"n_{side}"] == own["total"]


def test_trades_and_setups_are_counted_once(base: Book, loose: Book, document: dict) -> None:
    for policy, own in document["trades"].items():
        n = {group["group"]: group["n"] for group in own["groups"]}
        totals = []
        for book in (base, loose):
            trades = book.lake.read("trades", book.scenario)
            totals.append(pc.sum(pc.equal(trades["policy"], policy)).as_py())
        assert (n["in both"] + n["removed"], n["in both"] + n["added"]) == tuple(totals)
        assert len(own["added"]) == min(n["added"], 25)
    n = {group["group"]: group["n"] for group in document["setups"]}
    assert n["removed"] == 0  # every floor was lowered
    assert n["added"] > 0


def test_settings_that_differ_are_named(document: dict) -> None:
    assert document["settings"] == [
        {"key": "gates.min_rr", "first": "1.5", "second": "1.0"},
        {"key": "gates.min_momentum_percentile", "first": "80.0", "second": "40.0"},
    ]


def test_every_verdict_follows_its_interval(document: dict) -> None:
    assert NOISE in {row["verdict"] for row in document["differences"]}
    for row in document["differences"]:
        assert row["verdict"] in VERDICTS
        if row["ci_lo"] is not None and row["ci_lo"] < 0 < row["ci_hi"]:
            assert row["verdict"] == NOISE
    assert document["headline"]["verdict"] == document["differences"][0]["verdict"]


def test_a_permuted_copy_is_not_told_apart(base: Book) -> None:
    """Results dealt out anew among the setups: two such copies differ by luck alone, and the interval says so."""
    sample = read_sample(*inputs_of("stat_groups", base))
    rng = np.random.default_rng(0)

    def dealt() -> object:
        return replace(sample, net_r=sample.net_r[rng.permutation(len(sample.net_r))])

    covered = []
    for _ in range(200):
        _, pairs = paired_setups(dealt(), dealt(), -1, "net_r")
        found = estimate(pairs, 6)
        assert found.estimate[0] != 0.0
        covered.append(found.ci_lo[0] <= 0.0 <= found.ci_hi[0])
    assert 0.88 <= np.mean(covered) <= 1.0


def test_rows_in_another_order_are_the_same_copy(base: Book) -> None:
    sample = read_sample(*inputs_of("stat_groups", base))
    order = np.random.default_rng(1).permutation(len(sample.net_r))
    shuffled = replace(
        sample,
        week_no=sample.week_no[order],
        net_r=sample.net_r[order],
        adjusted_r=sample.adjusted_r[order],
        flags={name: values[order] for name, values in sample.flags.items()},
    )
    _, pairs = paired_setups(sample, shuffled, -1, "net_r")
    found = estimate(pairs, 6)
    assert abs(found.estimate[0]) < 1e-12
    assert found.ci_hi[0] < 1e-12 or np.isnan(found.ci_hi[0])


@pytest.mark.parametrize("other", ["legacy", "nothing", "everything"])
def test_odd_scenarios_still_make_a_page(base: Book, other: str) -> None:
    found = compare_document(base, scenario_book(other))
    json.dumps(found, allow_nan=False)
    html = compare_page(found)
    tree, broken = parse(html)
    assert not broken
    assert len(html) < 500_000
    assert len(tree.all("h1")) == 1
    assert found["headline"]["text"] in tree.text
    text = compare_text(found)
    assert "nan" not in text
    assert "None" not in text
    if other == "nothing":
        assert found["headline"]["verdict"] == SHORT
        assert "no graded setup qualifies in one of them" in text


def test_the_page_shows_the_documents_numbers(document: dict) -> None:
    tree, _ = parse(compare_page(document))
    for part in ("link", "img"):
        assert not tree.all(part)
    assert all(link.attributes["href"].startswith("#") for link in tree.all("a")), "none leaves the page"
    assert len(tree.all("script")) == 1, "its own, which the content security policy names"
    words = tree.text
    for row in document["differences"]:
        if row["unit"] == "r":
            assert f"{row['difference']:+.4f}R" in words
    for own in document["trades"].values():
        for group in own["groups"]:
            assert f"{group['n']:,}" in words


def test_a_scenario_that_was_never_run_is_named(base: Book) -> None:
    never = open_book(base.folder, scenario="set-never", overrides={"gates.min_rr": 9.0}, environ={})
    with pytest.raises(UsageError) as caught:
        compare_document(base, never)
    assert str(caught.value) == (
        "compare: scenario set-never was never run; `btassets run --scenario set-never` computes it."
    )


def test_what_changed_since_is_told(base: Book, tmp_path) -> None:
    assert compare_document(base, base)["warnings"] == []
    changed = open_book(base.folder, overrides={}, environ={"BTASSETS__GATES__MIN_RR": "1.7"})
    assert compare_document(changed, changed)["warnings"] == [
        "stale: bars, settings or code changed since scenario base was computed; run it again."
    ]


def test_floors_on_signals_show_their_mean_percentile(base: Book) -> None:
    strict = run_as(base, "by-volatility", gates__floors=["vol_6m >= 30"], gates__min_momentum_percentile=40.0)
    found = compare_document(base, strict)
    rows = strict.lake.read("graded_setups", strict.scenario).to_pylist()
    chosen = [row for row in rows if row["qualified"] and row["is_graded"]]
    both, removed, added = found["setups"]
    assert both["n"] + added["n"] == len(chosen)
    assert removed["percentile_of_vol_6m"] is None  # the base has no floor, so no percentile
    total = sum(row["percentile_of_vol_6m"] for row in chosen)
    parts = sum(group["n"] * (group["percentile_of_vol_6m"] or 0.0) for group in (both, added))
    assert parts == pytest.approx(total, abs=1e-3 * len(chosen))
    assert {row["key"] for row in found["settings"]} == {"gates.floors", "gates.min_momentum_percentile"}
    assert "mean percentile of vol_6m" in compare_text(found)
    assert "Mean percentile of vol_6m" in compare_page(found)


def test_a_floor_set_after_the_run_is_refused(base: Book) -> None:
    run_as(base, "before-the-floor", gates__min_rr=1.2)
    later = open_book(
        base.folder,
        scenario="set-before-the-floor",
        overrides={"gates.min_rr": 1.2, "gates.floors": ["vol_6m >= 30"]},
        environ={},
    )
    with pytest.raises(UsageError, match=r'graded_setups is stale: gates.floors has "vol_6m >= 30" since'):
        compare_document(base, later)
