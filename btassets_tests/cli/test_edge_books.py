"""Books at the edge of what can be said, through the command line: short, narrow, one-sided, without a yardstick.

Each is a run in this process of about a second. What they share is asked of all: it ends, it says no NaN, and
what cannot be known is called "too short" or "n/a".
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from btassets.book.book import open_book
from btassets.engine.market.bars import Bars
from btassets_tests.support.book_factory import call, make_book, market, write_bars, write_market
from btassets_tests.support.parsed_page import parse

pytestmark = pytest.mark.long  # each test runs whole commands

NOISE = "not distinguishable from noise"


def rising(n_tickers: int, n_bars: int) -> dict[str, Bars]:
    """Tickers that rise by half a percent a session in swings smaller than a stop: every long reaches its target."""
    days = market(1, n_bars)[1].dates
    found = {}
    for k in range(n_tickers):
        t = np.arange(len(days))
        close = 20.0 * np.exp((0.004 + 0.0001 * k) * t + 0.02 * np.sin(t * (0.45 + 0.01 * k)))
        opened = np.concatenate(([close[0]], close[:-1]))
        high, low = np.maximum(opened, close) * 1.02, np.minimum(opened, close) * 0.98
        found[f"UP{k:02d}"] = Bars(days, opened, high, low, close, np.full(len(days), 1e6))
    return found


def cut(bars: Bars, part: slice) -> Bars:
    return Bars(*(getattr(bars, name)[part] for name in ("dates", "open", "high", "low", "close", "volume")))


def folder_of_bars(case: str, folder: Path) -> None:
    sizes = {
        "one year": (25, 252), "two years": (25, 504), "three years": (25, 756), "five tickers": (5, 756),
        "one ticker": (1, 504), "no benchmark": (8, 504), "all losing": (8, 504),
    }  # fmt: skip
    if case in sizes:
        write_market(folder, *sizes[case])
        return
    write_market(folder, 8, 504)
    if case == "all winning":
        for path in (folder / "bars").iterdir():
            path.unlink()
        for ticker, bars in rising(8, 504).items():
            write_bars(folder / "bars" / f"{ticker}.parquet", bars)
    if case.startswith("benchmark"):
        part = slice(300, None) if "late" in case else slice(None, -40)
        write_bars(folder / "SPY.parquet", cut(market(8, 504)[1], part))


SETTINGS = {
    "no benchmark": {"benchmark": "none"},
    "all losing": {"costs__per_side_frac": 0.1},
    "all winning": {"costs__per_side_frac": 0.0, "gates__min_momentum_percentile": 0.0},
    "benchmark starts late": {"quality__max_benchmark_missing_frac": 0.9},
    "benchmark ends early": {"quality__max_benchmark_missing_frac": 0.9},
}
CASES = (
    *("one year", "two years", "three years", "five tickers", "one ticker", "no benchmark", "all losing"),
    *("all winning", "benchmark starts late", "benchmark ends early"),
)
BY_HAND = ("two years", "three years", "five tickers", "benchmark ends early")
"""Cases between two others, left to `make test-slow`."""


@pytest.fixture(
    scope="module",
    params=[pytest.param(case, marks=pytest.mark.slow) if case in BY_HAND else case for case in CASES],
)
def run(request, tmp_path_factory, instance):
    """Name of the case, its folder, report.json and the page."""
    root = tmp_path_factory.mktemp("edge")
    folder_of_bars(request.param, root)
    folder = make_book(root / "book", root, instance=instance, **SETTINGS.get(request.param, {}))
    answer = call("run", "--book", folder, "--quiet")
    assert answer.code == 0, answer.err
    latest = folder / "reports" / "latest"

    def refuse(word):
        raise AssertionError(word)

    document = json.loads((latest / "report.json").read_text(), parse_constant=refuse)
    return request.param, folder, document, (latest / "report.html").read_text()


def claims(document, topic):
    return [row for row in document["statistics"]["claims"] if row["topic"] == topic]


_SCRIPTS = re.compile(r"<script[^>]*>.*?</script>", re.DOTALL)


def test_it_ends_and_nothing_is_called_nan(run):
    _, folder, document, html = run
    tree, broken = parse(html)
    assert not broken
    text = _SCRIPTS.sub("", html).replace("btassets null-market", "")  # the command of this name
    assert not re.search(r"\b(nan|None|null|inf|undefined)\b", text)
    assert "How sure" in tree.text
    lake = open_book(folder, environ={}).lake
    for name in ("stat_claims", "stat_signals", "stat_groups", "stat_pairs", "stat_portfolio", "stat_overfit"):
        for column in lake.read(name).itercolumns():
            assert not [v for v in column.to_pylist() if isinstance(v, float) and not np.isfinite(v)], name
    assert call("today", "--book", folder).code == 0
    assert call("report", "--book", folder).code == 0
    assert document["headline"]["verdict"] in (None, NOISE, "supported", "contradicted")


def test_what_has_no_interval_says_why_and_claims_nothing(run):
    _, _, document, html = run
    tree, _ = parse(html)
    table = next(t for t in tree.all("table") if t.attributes.get("data-json") == "statistics.claims")
    lines = table.all("tbody")[0].all("tr")
    assert len(lines) == len(document["statistics"]["claims"]) >= 3
    for row, line in zip(document["statistics"]["claims"], lines, strict=True):
        cells = [cell.text for cell in line.all("td")]
        if row["ci"] is None and row["topic"] != "random_pick":
            assert row["verdict"] is None or row["p"] is not None
            assert cells[4] == ("too short" if row["estimate"] is not None and row["n_weeks"] else "n/a")
        if row["oos_confirmed"] == "n/a":
            assert cells[-2] in ("n/a", "in-sample only")


def test_what_each_edge_means(run):
    case, _, document, html = run
    statistics = document["statistics"]
    health = {row["fact"]: row["value"] for row in statistics["health"]}
    books = {(row["policy"], row["measure"]): row for row in statistics["book"]}
    expectancy = claims(document, "expectancy")[0]
    if case == "one year":
        # The first as-of date takes 253 bars: nothing is ranked yet.
        assert expectancy["estimate"] is None
        assert expectancy["verdict"] is None
        assert document["overall_qualified"]["total"] == 0
    if case in ("two years", "three years"):
        assert health["windows"] < 4
        assert {row["oos_confirmed"] for row in statistics["claims"]} == {"n/a"}
        assert "in-sample only" in html or case == "two years"
    if case == "two years":
        assert expectancy["ci"] is None
        assert "too short" in html
    if case == "three years":
        assert expectancy["ci"] is not None
    if case in ("five tickers", "one ticker"):
        assert statistics["signals"] == [] or all(row["ci"] is None for row in statistics["signals"])
        assert claims(document, "random_pick")[0]["estimate"] is None
        assert "thin_universe" in " ".join(document["warnings"])
    if case == "no benchmark":
        assert {row["measure"] for row in statistics["regimes"]} <= {"net_r"}
        assert claims(document, "benchmark") == []
        assert all(row["estimate"] is None for (_, name), row in books.items() if name in ("alpha", "beta"))
    if case == "all losing":
        assert expectancy["estimate"] < 0
        assert books["hold", "min_track_record"]["estimate"] is None
        assert {row["win_rate"] for row in document["portfolio_sim"]["policies"]} == {0.0}
    if case == "all winning":
        qualified = document["overall_qualified"]
        assert (qualified["hit_rate"], qualified["profit_factor"]) == (100.0, None)
        assert all(row["win_rate"] > 95 for row in document["portfolio_sim"]["policies"])  # the last are sold unripe
    if case.startswith("benchmark"):
        assert health["without_benchmark"] > 0
        assert any(words.startswith("benchmark_gaps") for words in document["warnings"])


def test_a_benchmark_that_is_much_too_short_is_refused_before_the_replay(tmp_path, instance):
    folder_of_bars("benchmark ends early", tmp_path)
    folder = make_book(tmp_path / "book", tmp_path, instance=instance)
    answer = call("run", "--book", folder, "--quiet")
    assert answer.code == 3
    assert "SPY" in answer.err
    assert not (folder / "data" / "candidates").exists()
