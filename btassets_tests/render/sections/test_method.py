"""End of the page: data with refusals behind folds, the gate in words, settings, provenance."""

from btassets.render.glossary import GLOSSARY
from btassets.render.sections.method import data, method, provenance
from btassets_tests.support.parsed_page import parse


def universe(**changes):
    known = {"tickers": 1234, "current": 7, "ended": 2, "at_as_of": 6, "newest_session": "2021-03-05"}
    return known | {"blocked": [], "failed": [], "behind": [], "survivorship": "static list"} | changes


def data_page(problems=(), dropped=None, weeks=None, **changes):
    quality = {"problems": list(problems), "rows_dropped": dropped or {}}
    weeks = weeks or {"n": 0, "first": None, "last": None}
    html = data({"universe": universe(**changes), "data_quality": quality, "weeks": weeks})
    tree, broken = parse(html)
    assert not broken
    return html, tree


def test_facts_of_the_data_have_their_numbers_and_dashes():
    html, tree = data_page()
    assert "<dt>Tickers with bars</dt><dd>1,234</dd>" in html
    assert "<dt>As-of dates</dt><dd>0, - to -</dd>" in html
    assert "No findings." in html
    assert tree.all("details") == []
    spans, _ = data_page(weeks={"n": 180, "first": "2020-01-03", "last": "2021-03-05"})
    assert '<dd>180, <span class="date">2020-01-03</span> to <span class="date">2021-03-05</span></dd>' in spans


def test_refusals_and_tickers_behind_are_folded_and_long_lists_are_cut():
    blocked = [{"ticker": f"T{k}", "reason": "<no> price [Q4]"} for k in range(60)]
    html, tree = data_page(blocked=blocked, behind=["A", "B"])
    assert [node.text for node in tree.all("summary")] == ["Refused tickers", "Without a bar for 2021-03-05"]
    assert len(tree.all("tbody")[0].all("tr")) == 50
    assert "<dt>Refused by the quality rules</dt><dd>60</dd>" in html
    assert "&lt;no&gt;" in html


def test_findings_and_dropped_rows_are_tables():
    first = {"ticker": "A", "date": "2020-01-02", "text": "A: jump"}
    problem = {"rule": "Q7", "severity": "warn", "n_cases": 4, "n_tickers": 2, "first": first}
    _, tree = data_page([problem], {"Q4": 3, "Q6": 1})
    found, dropped = tree.all("tbody")
    assert [cell.text for cell in found.all("td")] == ["Q7", "warn", "4", "2", "A", "2020-01-02", "A: jump"]
    assert [cell.text for cell in dropped.all("td")] == ["Q4", "3", "Q6", "1"]


def test_settings_are_in_words_and_the_command_is_escaped():
    report = {
        "activation": {"min_rr": 1.5, "min_ev": None, "exclude_neutral": True, "hold_days": [5, 10], "names": []},
        "assumptions": ["Fills are <at> the open."],
        "params": {"horizon_days": 45},
        "reproduce": {
            "command": "btassets run --set 'a<b'",
            "settings_hash": "abc",
            "settings_not_default": {"gates.min_rr": 2.0},
        },
        "settings": {"gates.min_rr": 2.0, "engine.projection": False},
    }
    html = method(report)
    tree, broken = parse(html)
    assert not broken
    terms = dict(zip([n.text for n in tree.all("dt")], [n.text for n in tree.all("dd")], strict=True))
    values = [n.text for n in tree.all("dd")][:5]
    assert values == ["1.5", "off", "yes", "5, 10", "-"]
    assert "a&lt;b" in html
    rows = [[cell.text for cell in row.all("td")] for row in tree.all("tr") if row.all("td")]
    assert rows == [["gates.min_rr", "2"], ["gates.min_rr", "2"], ["engine.projection", "no"]]
    assert {term for term, _ in GLOSSARY} <= set(terms)
    assert "first within 45 sessions" in terms["Target, stop, expired"]
    plain = method(report | {"reproduce": report["reproduce"] | {"settings_not_default": {}}})
    assert "Every setting has its default value." in plain


def test_provenance_names_source_versions_and_fill():
    book = {"source": "files", "basis": "total", "benchmark": None, "calendar": "XNYS", "data_version": "d1"}
    book |= {"code_version": "c1", "btassets_version": "0.1.0"}
    report = {"book": book, "universe": universe(), "as_of": "2021-03-05", "profile": "legacy", "fill": "close"}
    html = provenance(report | {"scenario": "base", "settings_hash": "h1"})
    for text in (
        "legacy, filled at the signal&#x27;s close",
        "files, prices adjusted for splits and dividends",
        "<dd>-</dd>",
        "c1 (btassets 0.1.0)",
    ):
        assert text in html
