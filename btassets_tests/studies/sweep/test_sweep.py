"""A sweep's cells are the books that scenarios of the same settings make; it is the same however it is cut."""

import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from btassets.book.book import Book, open_book
from btassets.cli.actions.sweep import as_json
from btassets.errors import BtassetsError, NoBarsError, UsageError
from btassets.plan import replay_alone
from btassets.run.trials import n_trials, read_trials
from btassets.studies.sweep import sweep_portfolios as sweep_books
from btassets.studies.sweep.sweep import LEAST_TRADES, folder_of, sweep_document, sweep_table
from btassets.studies.sweep.sweep_page import sweep_page
from btassets.studies.sweep.sweep_text import sweep_text
from btassets_tests.support.parsed_page import parse
from btassets_tests.support.small_books import run_as, run_book

WIDE = ("gates.min_rr=0:1.5:0.5", "gates.min_momentum_percentile=0,40,60", "exits.hold_days=10,30")
_BOOK = ("total_return_pct", "cagr_pct", "max_drawdown_pct", "sharpe")


def quiet(_done: int, _total: int) -> None:
    """Show no progress."""


def replayed(books) -> None:
    """Bring replays up to date."""
    for book in books:
        replay_alone(book)


def swept(book: Book, *words: str, **options) -> dict:
    return sweep_document(book, words, progress=quiet, replay=replayed, **options)


BY_HAND = ("held-3", "held-45", "left-at-even", "stated", "strict", "seeds-books")
"""Cells between others, left to `make test-slow`."""


def some_by_hand(*cells: tuple[Any, ...]) -> list[Any]:
    return [pytest.param(*cell, marks=pytest.mark.slow) if cell[0] in BY_HAND else cell for cell in cells]


@pytest.fixture(scope="module")
def book() -> Book:
    return run_book()


@pytest.fixture(scope="module")
def wide(book: Book) -> dict:
    return swept(book, *WIDE)


def cell(document: dict, **values: str) -> dict:
    wanted = {key.replace("__", "."): value for key, value in values.items()}
    (found,) = [row for row in document["cells"] if row["values"].items() >= wanted.items()]
    return found


def compare(row: dict, scenario: Book, policy: str) -> None:
    """A cell against the tables of a scenario with its settings."""
    lake, name = scenario.lake, scenario.scenario
    (sim,) = [r for r in lake.read("portfolio_sims", name).to_pylist() if r["policy"] == policy]
    assert row["trades"] == (sim["trades"] or 0)
    for key in _BOOK:
        expected = sim[key] if row["trades"] else None
        assert row[key] == (None if expected is None else pytest.approx(expected, abs=6e-5)), key
    groups = lake.read("stat_groups", name).to_pylist()
    exit_name = "target" if policy == "target" else f"hold_{max(scenario.settings.exits.hold_days)}"
    (mean,) = [
        r
        for r in groups
        if (r["grouping"], r["member"], r["exit"], r["measure"]) == ("population", "qualified", exit_name, "net_r")
    ]
    assert row["n_setups"] == mean["n_setups"]
    for ours, theirs in (("net_avg_r", "estimate"), ("ci_lo", "ci_lo"), ("ci_hi", "ci_hi")):
        assert row[ours] == (None if mean[theirs] is None else pytest.approx(mean[theirs], abs=6e-5)), ours


@pytest.mark.parametrize("policy", ["hold", "target"])
def test_the_own_settings_are_the_report(book: Book, policy: str) -> None:
    document = swept(book, "gates.min_rr=1.5,2", policy=policy)
    compare(document["current"], book, policy)
    assert cell(document, gates__min_rr="1.5")["is_current"]
    assert cell(document, gates__min_rr="1.5")["delta_r"] == 0.0
    assert not cell(document, gates__min_rr="2")["is_current"]


@pytest.mark.parametrize(
    ("name", "words", "overrides", "policy"),
    some_by_hand(
        (
            "loose",
            ("gates.min_rr=1,0.5", "gates.min_momentum_percentile=0,50", "exits.hold_days=10,21"),
            {"gates__min_rr": 0.5, "gates__min_momentum_percentile": 50.0, "exits__hold_days": [21]},
            "hold",
        ),
        *(
            (
                f"held-{days}",
                ("exits.hold_days=3,7,30,45,90", "gates.min_momentum_percentile=0,50"),
                {"exits__hold_days": [days], "gates__min_momentum_percentile": 50.0},
                "hold",
            )
            for days in (3, 7, 45, 90)
        ),
        *(
            (
                f"left-{name}",
                ("exits.trail_atr=0,2.5", "exits.breakeven_r=0,1", "exits.part_frac=1,0.5"),
                {"exits__trail_atr": trail, "exits__breakeven_r": gain, "exits__part_frac": part},
                exit_policy,
            )
            for name, exit_policy, trail, gain, part in (
                ("trailing", "hold", 2.5, 0, 1),
                ("at-even", "target", 0, 1, 1),
                ("in-parts", "target", 2.5, 1, 0.5),
            )
        ),
        (
            "nearer-stop",
            ("engine.atr_stop_multiple=1,1.5", "exits.hold_days=7,30", "exits.trail_atr=0,2.5"),
            {"engine__atr_stop_multiple": 1.0, "exits__hold_days": [7], "exits__trail_atr": 2.5},
            "hold",
        ),
        (
            "shorter-race",
            ("engine.horizon_days=15,30", "engine.projection=false,true"),
            {"engine__horizon_days": 15, "engine__projection": False},
            "target",
        ),
        (
            "held-by-close",
            ("exits.hold_days=3,45", "method.portfolio=close,open", "method.ranking=rows,eligible"),
            {"exits__hold_days": [45], "method__portfolio": "close", "method__ranking": "rows"},
            "hold",
        ),
        (
            "everything-long-and-short",
            ("gates.min_momentum_percentile=0,80", "gates.exclude_neutral=true,false", "costs.per_side_frac=0,0.002"),
            {"gates__min_momentum_percentile": 0.0, "gates__exclude_neutral": False, "costs__per_side_frac": 0.002},
            "target",
        ),
        (
            "stated",
            ("gates.min_ev=off,-0.2", "gates.min_target_probability=0,30", "portfolio.max_positions=3,10"),
            {"gates__min_ev": -0.2, "gates__min_target_probability": 30.0, "portfolio__max_positions": 3},
            "hold",
        ),
        (
            "ranked-by-a-signal",
            (
                "gates.ranking=residual_momentum,vol_6m",
                "gates.floors=off,high_52w >= 20,trend_200<=90",
                "gates.min_momentum_percentile=0,50",
            ),
            {
                "gates__ranking": "vol_6m",
                "gates__floors": ["high_52w >= 20"],
                "gates__min_momentum_percentile": 50.0,
            },
            "hold",
        ),
        (
            "seeds-books",
            ("method.portfolio=close,open", "method.ranking=rows,eligible", "gates.min_rr=0,1"),
            {"method__portfolio": "close", "method__ranking": "rows", "gates__min_rr": 0.0},
            "hold",
        ),
        (
            "strict",
            (
                "gates.exclude_conflicts=true,false",
                "gates.require_high_conviction=true,false",
                "method.expired=zero,mark",
            ),
            {"gates__exclude_conflicts": True, "gates__require_high_conviction": True, "method__expired": "zero"},
            "target",
        ),
    ),
)
def test_a_cell_equals_the_scenario_of_its_settings(
    book: Book, name: str, words: tuple[str, ...], overrides: dict, policy: str
) -> None:
    document = swept(book, *words, policy=policy)
    scenario = run_as(book, name, needs=("portfolio_sims", "stat_groups"), **overrides)
    labels = {
        axis["key"]: next(
            label for label in axis["labels"] if label == _as_label(overrides[axis["key"].replace(".", "__")])
        )
        for axis in document["axes"]
    }
    (row,) = [r for r in document["cells"] if r["values"] == labels]
    assert row["trades"] > 0
    compare(row, scenario, policy)


def _as_label(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return str(value[0])
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_batches_and_threads_change_nothing(book: Book, wide: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_books, "BATCH", 5)
    alone = open_book(book.folder, overrides={"executor.shards": 1}, environ={})
    one_thread = swept(alone, *WIDE)
    again = swept(book, *WIDE)
    assert again["trials"]["in_ledger"] >= wide["trials"]["in_ledger"]  # of what other tests tried
    for document in (one_thread, wide):
        numbers = [{k: v for k, v in row.items() if k != "deflated_sharpe"} for row in document["cells"]]
        assert numbers == [{k: v for k, v in row.items() if k != "deflated_sharpe"} for row in again["cells"]]


def test_a_grid_in_another_order_holds_the_same_cells(book: Book, wide: dict) -> None:
    turned = swept(book, *reversed(WIDE))

    def numbers(document: dict) -> dict:
        # p is drawn for the whole family in its order; other tests add to the ledger.
        skipped = ("values", "p_adj", "deflated_sharpe")
        return {
            tuple(sorted(row["values"].items())): {k: v for k, v in row.items() if k not in skipped}
            for row in document["cells"]
        }

    assert numbers(turned) == numbers(wide)


def test_loosening_a_floor_never_loses_a_setup(wide: dict) -> None:
    for percentile in ("0", "40", "60"):
        counts = [
            cell(wide, gates__min_rr=rr, gates__min_momentum_percentile=percentile, exits__hold_days="30")["n_setups"]
            for rr in ("0", "0.5", "1", "1.5")
        ]
        assert all(a >= b for a, b in pairwise(counts))


def test_best_and_plateau_are_what_their_words_say(wide: dict) -> None:
    rows, by = wide["cells"], wide["by"]
    firm = [row for row in rows if row["trades"] >= LEAST_TRADES and row[by] is not None]
    assert firm
    assert rows[wide["best"]][by] == max(row[by] for row in firm)
    inside = [row for row in firm if row["is_inside"]] or firm
    assert rows[wide["plateau"]]["plateau"] == max(row["plateau"] for row in inside)


def test_a_smaller_drawdown_is_the_better_one(book: Book) -> None:
    document = swept(book, *WIDE, by="max_drawdown_pct")
    rows = [row for row in document["cells"] if not row["is_thin"] and row["max_drawdown_pct"] is not None]
    assert document["cells"][document["best"]]["max_drawdown_pct"] == min(r["max_drawdown_pct"] for r in rows)
    assert all(row["plateau_worst"] >= row["plateau"] for row in rows)


def test_every_cell_enters_the_ledger_once(book: Book) -> None:
    words = ("gates.min_confidence=51,52,53", "portfolio.max_positions=4,7")
    before = n_trials(book)
    document = swept(book, *words)
    assert document["trials"]["in_ledger"] == n_trials(book) == before + 6
    rows = [r for r in read_trials(book).to_pylist() if r["scenario"] == document["name"]]
    assert [row["made_by"] for row in rows] == ["sweep"] * 6
    assert [row["n_trades"] for row in rows] == [cell["trades"] for cell in document["cells"]]
    assert json.loads(rows[0]["changed_settings"])["gates.min_confidence"] == 51.0
    again = swept(book, *words)
    assert again == document
    assert swept(book, *words, policy="target")["trials"]["in_ledger"] == before + 12


def test_more_tries_make_the_same_book_less_believable(book: Book, tmp_path: Path) -> None:
    folder = shutil.copytree(book.folder, tmp_path / "book", symlinks=True)
    # Other tests try settings on the shared book, and the ledger has a copy.
    shutil.rmtree(folder / "data" / "trials")
    shutil.rmtree(folder / "data" / ".copies" / "trials")
    book = open_book(folder, environ={})
    few = swept(book, "gates.min_rr=0,0.25")
    many = swept(book, "gates.min_rr=0:0.25:0.01")
    for label in ("0", "0.25"):
        before, after = cell(few, gates__min_rr=label), cell(many, gates__min_rr=label)
        assert before["sharpe"] == after["sharpe"]
        assert after["deflated_sharpe"] < before["deflated_sharpe"]
    assert many["luck"]["expected_best_sharpe"] > few["luck"]["expected_best_sharpe"]


def test_every_cell_is_a_trial(book: Book, wide: dict) -> None:
    assert wide["trials"]["cells"] == len(wide["cells"]) == 24
    assert wide["trials"]["in_ledger"] >= 24
    words = f"24 portfolios tried here, {wide['trials']['in_ledger']:,} on this book's data in total."
    assert wide["headline"]["text"].startswith(words)
    assert words in sweep_text(wide)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("profile=legacy,standard", "sweep profile: a set of many settings; run each value as a scenario, `btassets "),
        ("basis=total,raw", "sweep basis: belongs to the whole book; "),
        (
            "universe.exclude=A,B",
            "sweep universe.exclude: belongs to the whole book; a sweep can only vary settings in which scenarios may "
            "differ; set it in the file.",
        ),
        (
            "executor.shards=1,2",
            "sweep executor.shards: affects no number of a sweep; vary one of setup, engine, quality.",
        ),
        ("method.ic=weeks,thinned", "sweep method.ic: affects no number of a sweep; "),
    ],
)
def test_what_a_sweep_cannot_vary_is_refused_with_the_rule(book: Book, word: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        swept(book, word)
    assert text in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_hold_is_no_part_of_the_race(book: Book) -> None:
    short, long = swept(book, "exits.hold_days=3,45", policy="target")["cells"]
    for name in (*_BOOK, "trades", "n_setups", "net_avg_r"):
        assert short[name] == long[name], name
    assert short["trades"] > 0


def test_a_book_that_was_never_run_says_so(tmp_path) -> None:
    (tmp_path / "btassets.toml").write_text('[source]\nkind = "demo"\n', encoding="utf-8")
    with pytest.raises(BtassetsError) as caught:
        swept(open_book(tmp_path, environ={}), "gates.min_rr=1")
    assert isinstance(caught.value, NoBarsError)
    assert "no replay for the sweep; `btassets run` reads the bars and replays." in str(caught.value)


def test_nothing_qualifies_anywhere(book: Book) -> None:
    document = swept(book, "gates.min_rr=98,99")
    assert document["best"] is None
    assert document["plateau"] is None
    assert [row["trades"] for row in document["cells"]] == [0, 0]
    assert [row["sharpe"] for row in document["cells"]] == [None, None]
    assert "No cell has 30 trades: nothing to compare." in sweep_text(document)
    tree, broken = parse(sweep_page(document))
    assert not broken
    assert tree.all("svg")


@pytest.mark.parametrize(
    "words", [WIDE, WIDE[:1], WIDE[:2], ("gates.min_rr=1.5",), (*WIDE, "portfolio.max_positions=1:14:1")]
)
def test_the_page_shows_the_documents_numbers(book: Book, words: tuple[str, ...]) -> None:
    document = swept(book, *words)
    html = sweep_page(document)
    assert len(html) < 500_000
    tree, broken = parse(html)
    assert not broken
    for part in ("link", "img"):
        assert not tree.all(part)
    assert all(link.attributes["href"].startswith("#") for link in tree.all("a")), "none leaves the page"
    assert len(tree.all("script")) == 1, "its own, which the content security policy names"
    shown = [node.text for node in tree.all("text") if "cell" in (node.attributes.get("class") or "").split()]
    values = {"-" if row["sharpe"] is None else f"{row['sharpe'] + 0.0:.2f}" for row in document["cells"]}
    assert shown
    assert set(shown) <= values | {value.replace("-0.00", "0.00") for value in values}
    if len(document["cells"]) <= 300:
        assert len(shown) == len(document["cells"])
    assert document["headline"]["text"] in tree.text


def test_the_table_has_a_row_per_cell_and_survives_json(wide: dict) -> None:
    table = sweep_table(wide)
    assert table.num_rows == len(wide["cells"])
    assert table.column_names[:3] == ["gates.min_rr", "gates.min_momentum_percentile", "exits.hold_days"]
    assert json.loads(as_json(wide)) == wide
    assert folder_of(wide) == wide["name"]
