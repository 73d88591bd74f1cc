"""The page shows what report.json holds, alone and readably; edge cases included."""

import base64
import copy
import hashlib
import json
import re
import time
from collections.abc import Iterator
from html import unescape
from importlib import resources
from itertools import product
from typing import Any

import pytest

from btassets.render.format import KINDS, shown
from btassets.render.labels import verdict_word
from btassets.render.markdown import markdown
from btassets.render.report_page import page
from btassets_tests.support.parsed_page import Node, parse, value_at
from btassets_tests.support.small_books import document_of, every_book, html_of

NAMES = ("base", "legacy", "nothing", "everything", "one ticker, no benchmark", "nobody is ranked")


@pytest.fixture(scope="module", params=NAMES)
def case(request: pytest.FixtureRequest) -> tuple[dict[str, Any], str, Node]:
    book = every_book()[request.param]
    html = html_of(book)
    tree, broken = parse(html)
    assert not broken
    return document_of(book), html, tree


def test_every_table_cell_equals_the_document(case: tuple[dict[str, Any], str, Node]) -> None:
    document, _, tree = case
    n_cells = 0
    for table in tree.all("table"):
        place = table.attributes.get("data-json")
        if place is None:
            continue
        rows = value_at(document, place)
        drawn = table.all("tbody")[0].all("tr")
        keys = [(th.attributes.get("data-key"), th.attributes.get("data-kind")) for th in table.all("th")]
        subset = [row for row in rows if row.get("direction") == "all"] if place == "calibration" else rows
        source = rows if len(drawn) == len(rows) else subset
        assert 0 < len(drawn) <= len(source), place
        for row, line in zip(source, drawn, strict=False):
            for (key, kind), cell in zip(keys, line.all("td"), strict=True):
                if key is None or key == "failed":
                    continue
                assert cell.text == shown(value_at(row, key), kind or "text"), (place, key)
                n_cells += 1
    assert n_cells > 100


def test_every_tile_equals_the_document(case: tuple[dict[str, Any], str, Node]) -> None:
    document, _, tree = case
    tiles = tree.all(css="tile")
    assert len(tiles) == 6
    for tile in tiles:
        assert len(tile.all(css="value")) == 1
        for node in [n for n in tile.all() if "data-json" in n.attributes]:
            assert node.text == shown(value_at(document, node.attributes["data-json"]), node.attributes["data-kind"])


def test_numbers_in_charts_tables_exist_in_the_document(case: tuple[dict[str, Any], str, Node]) -> None:
    """Tables that were laid out for the page (populations, months, curves) hold the document's numbers."""
    document, _, tree = case
    known = _numbers(document)
    for table in tree.all("table"):
        if table.attributes.get("data-json"):
            continue
        kinds = [th.attributes.get("data-kind") for th in table.all("th")]
        for line in table.all("tbody")[0].all("tr"):
            for kind, cell in zip(kinds, line.all("td"), strict=True):
                if kind in KINDS and kind not in ("text", "words", "yes") and cell.text != "-":
                    assert float(re.sub(r"[,%R+]", "", cell.text)) in known, cell.text


def _numbers(value: Any) -> set[float]:
    if isinstance(value, dict):
        return {number for item in value.values() for number in _numbers(item)}
    if isinstance(value, list):
        return {number for item in value for number in _numbers(item)}
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {float(value)} if is_number else set()


_SCRIPTS = re.compile(r"<script[^>]*>.*?</script>", re.DOTALL)


def test_nothing_comes_from_outside(case: tuple[dict[str, Any], str, Node]) -> None:
    document, html, tree = case
    for word in ("http:", "https:", "//", "url(", "@import", "javascript", "src=", "<link", "<img", "<iframe"):
        assert word not in html.lower().replace("base64", ""), word
    assert not [n for n in tree.all() if any(k.startswith("on") for k in n.attributes)]
    pages = set(document["ticker_pages"].values())
    assert all(n.attributes["href"].startswith("#") or n.attributes["href"] in pages for n in tree.all("a"))


def test_only_its_own_script_may_run(case: tuple[dict[str, Any], str, Node]) -> None:
    _, html, _ = case
    data, code = _SCRIPTS.findall(html)
    assert data.startswith('<script type="application/json" id="curves">')
    digest = base64.b64encode(hashlib.sha256(code[len("<script>") : -len("</script>")].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in html


def test_the_pointer_shows_the_documents_curves(case: tuple[dict[str, Any], str, Node]) -> None:
    document, html, _ = case
    data = json.loads(_SCRIPTS.findall(html)[0].partition(">")[2].removesuffix("</script>"))
    assert data["dates"] == document["equity_curves"]["dates"]
    for name, row in document["equity_curves"]["series"].items():
        assert data["series"][name] == {field: row[field] for field in data["units"]}


def test_every_link_has_its_section(case: tuple[dict[str, Any], str, Node]) -> None:
    _, _, tree = case
    ids = {node.attributes["id"] for node in tree.all() if "id" in node.attributes}
    links = [node.attributes["href"][1:] for node in tree.all("nav")[0].all("a")]
    assert len(links) >= 10
    assert set(links) <= ids
    headed = [node.attributes["id"] for node in tree.all("section") if node.all("h2")]
    assert links == headed


def test_the_first_screen_holds_the_answer(case: tuple[dict[str, Any], str, Node]) -> None:
    document, html, _ = case
    section = html.partition('<section id="answer"')[2].partition("</section>")[0]
    text = unescape(re.sub(r"<[^>]+>", "", section))
    for key in ("result", "luck", "change", "today", "verdict_word"):
        assert document["answer"][key] in text, key


def test_nothing_missing_is_called_nan_or_none(case: tuple[dict[str, Any], str, Node]) -> None:
    _, html, _ = case
    text = _SCRIPTS.sub("", html).replace("btassets null-market", "")  # the command of this name
    assert not re.search(r"\b(nan|None|null|inf|undefined)\b", text)


def test_it_is_small(case: tuple[dict[str, Any], str, Node]) -> None:
    document, html, _ = case
    assert len(html.encode()) < 600_000
    began = time.process_time()
    assert page(document) == html
    assert time.process_time() - began < 3.0


def test_charts_are_accessible(case: tuple[dict[str, Any], str, Node]) -> None:
    _, _, tree = case
    ids = [node.attributes["id"] for node in tree.all() if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    charts = tree.all("svg", css="chart")
    assert charts
    for chart in charts:
        named = chart.attributes["aria-labelledby"].split()
        assert [n.name for n in chart.children[:2]] == ["title", "desc"]
        assert [n.attributes["id"] for n in chart.children[:2]] == named
        assert all(n.text.strip() for n in chart.children[:2])
    for figure in tree.all("figure"):
        assert figure.all("svg", css="chart")
        behind = figure.all("details")
        assert behind
        assert behind[0].all("table") or behind[0].all("p", css="none")
    for glyph in tree.all("svg", css="votes"):
        assert glyph.attributes["aria-label"].startswith("Votes: trend")
    levels = [int(n.name[1]) for n in tree.all() if re.fullmatch(r"h[1-6]", n.name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    for node in tree.all("section"):
        assert node.attributes.get("aria-labelledby") or node.attributes.get("aria-label")


def test_markdown_is_short_and_has_the_headline(case: tuple[dict[str, Any], str, Node]) -> None:
    document, _, _ = case
    text = markdown(document)
    assert text.startswith("# small, ")
    for key in ("result", "luck", "change", "today"):
        assert document["answer"][key].replace("<", "&lt;") in text
    assert len(text) < 12_000
    assert not re.search(r"\b(nan|None)\b", text)


def test_everything_is_escaped() -> None:
    book = every_book()["base"]
    document = copy.deepcopy(document_of(book))
    bad = "<b onclick=x>&\"'"

    def spoil(value: Any) -> Any:
        if isinstance(value, dict):
            kept = ("policy", "curve", "basis", "direction", "profile", "fill", "as_of", "main_policy", "outcome")
            return {k: v if k in kept else spoil(v) for k, v in value.items()}
        if isinstance(value, list):
            return [spoil(item) for item in value]
        is_free = isinstance(value, str) and not re.match(r"\d{4}-\d\d-\d\d", value)
        return bad + value if is_free else value

    html = page(spoil(document))
    tree, broken = parse(html)
    assert not broken
    assert "<b onclick" not in html
    assert bad in tree.text


def test_a_verdict_is_shown_when_there_is_one() -> None:
    document = copy.deepcopy(document_of(every_book()["base"]))
    advice = [*document["advice"], *document["research_advice"]]
    html = page(document)
    for verdict in ("supported", "contradicted", "not distinguishable from noise"):
        found = [row["verdict"] for row in (*advice, *document["statistics"]["claims"], document["headline"])]
        found += [row["verdict"] for row in document["statistics"]["signals"]]
        found += [row["verdict"] for row in document["excursions"]["levels"]]
        chips = re.findall(rf'<span class="chip \w+" data-verdict="{verdict}">([^<]+)</span>', html)
        assert len(chips) == found.count(verdict)
        assert set(chips) <= {verdict_word(verdict)}
    document["headline"]["verdict"] = None
    for row in advice:
        row["verdict"] = row["claim"] = None
    assert "not tested against chance" in page(document)


def test_every_sentence_of_advice_carries_its_row_of_evidence(case: tuple[dict[str, Any], str, Node]) -> None:
    document, _, tree = case
    claims = document["statistics"]["claims"]
    items = [*document["advice"], *document["research_advice"]]
    drawn = [node for part in tree.all("ol", css="advice") for node in part.all("li")]
    assert len(drawn) == len(items)
    for item, node in zip(items, drawn, strict=True):
        claim = claims[item["claim"]]
        assert (claim["topic"], claim["item_key"], claim["verdict"]) == (
            item["topic"], item["item_key"], item["verdict"],
        )  # fmt: skip
        behind = node.all("details")[0]
        words = claim["evidence_text"]
        assert words[:1].upper() + words[1:] in behind.text
        assert verdict_word(item["verdict"]) in node.text


def test_short_and_missing_are_called_by_their_name(case: tuple[dict[str, Any], str, Node]) -> None:
    document, _, tree = case
    rows = document["statistics"]["claims"]
    table = next(t for t in tree.all("table") if t.attributes.get("data-json") == "statistics.claims")
    for row, line in zip(rows, table.all("tbody")[0].all("tr"), strict=True):
        cells = [cell.text for cell in line.all("td")]
        without = "too short" if row["estimate"] is not None and row["n_weeks"] else "n/a"
        assert (cells[4] in ("too short", "n/a")) == (row["ci"] is None)
        assert row["ci"] is not None or cells[4] == without
        assert cells[8] == without or row["mde80"] is not None


def test_intervals_become_whiskers() -> None:
    document = copy.deepcopy(document_of(every_book()["base"]))
    before = page(document).count('class="whisker')
    assert before > 20
    assert document["overall_qualified"]["net_avg_r_ci"] is not None
    document["overall_qualified"]["net_avg_r_ci"] = None
    assert page(document).count('class="whisker') == before - 2  # among populations, and among exits


def test_twenty_years_and_many_setups_stay_small() -> None:
    document = copy.deepcopy(document_of(every_book()["everything"]))
    days = [f"{y}-{m:02d}-{d:02d}" for y, m, d in product(range(2000, 2020), range(1, 13), range(1, 22))]
    wave = [10_000 + 7 * k + 900 * ((k * 37) % 11) for k in range(len(days))]
    document["equity_curves"]["dates"] = days
    for series in document["equity_curves"]["series"].values():
        series["equity"] = [float(v) for v in wave]
        series["drawdown_pct"] = [float(v % 37) for v in wave]
        if series["exposure_pct"] is not None:
            series["exposure_pct"] = [float(v % 101) for v in wave]
    years, months = range(2000, 2020), range(1, 13)
    for name in document["monthly_returns"]:
        document["monthly_returns"][name] = [
            {"year": y, "month": m, "return_pct": (y * m) % 17 - 8.0} for y, m in product(years, months)
        ]
        document["yearly_returns"][name] = [{"year": y, "return_pct": y % 23 - 11.0} for y in years]
    today = document["todays_setups"]
    today["qualified"] = (today["qualified"] * 600)[:600]
    document["universe"]["behind"] = [f"T{k:04d}" for k in range(464)]
    began = time.process_time()
    html = page(document)
    assert time.process_time() - began < 3.0
    assert len(html.encode()) < 850_000
    assert "T0463" in html
    assert "500 are in report.json" in html


# ---- colours and sizes ------------------------------------------------------------------------


def _themes() -> Iterator[dict[str, str]]:
    css = resources.files("btassets.render").joinpath("page.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{6})", part)) for part in css.split("prefers-color-scheme")[:2]
    )
    yield light
    yield light | dark


def _luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_text_and_lines() -> None:
    heat = [f"{side}{k}" for side in ("up", "down") for k in (1, 2, 3)]
    for colours in _themes():
        for text, ground in product(("ink", "soft", "good", "bad", "open"), ("paper", "panel")):
            assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        for ground in (*heat, "grid"):
            assert _contrast(colours["ink"], colours[ground]) >= 4.5, ground
        for line in ("hold", "target", "bench", "ew", "ewr"):
            assert _contrast(colours[line], colours["paper"]) >= 3.0, line


def test_no_text_below_eleven_pixels() -> None:
    css = resources.files("btassets.render").joinpath("page.css").read_text(encoding="utf-8")
    sizes = re.findall(r"(?:font-size: |font: )([\d.]+)(px|pt)", css)
    assert sizes
    assert all(float(size) * (4 / 3 if unit == "pt" else 1) >= 11 for size, unit in sizes)
