"""Advice and warnings: chips only when something was tested, evidence at its sentence, texts escaped."""

from btassets.render.sections.advice import advice_and_warnings
from btassets_tests.support.parsed_page import parse

CLAIM = {
    "topic": "gate",
    "claim_kind": "negligible",
    "seed_rule_says": "adds_nothing",
    "evidence_text": "what was measured",
    "unit": "r",
    "estimate": 0.1,
    "n": 12,
    "n_weeks": 90,
}


def page(advice=(), warnings=(), behind=()):
    report = {
        "advice": list(advice),
        "research_advice": [],
        "warnings": list(warnings),
        "universe": {"behind": list(behind), "newest_session": "2021-03-01"},
        "statistics": {"claims": [CLAIM]},
    }
    html = advice_and_warnings(report)
    tree, broken = parse(html)
    assert not broken
    return html, tree


def item(sentence, verdict=None, claim=None):
    return {"sentence": sentence, "verdict": verdict, "claim": claim}


def test_a_tested_list_has_a_chip_and_its_evidence_at_each_sentence():
    html, tree = page([item("Keep <it>.", "supported", 0), item("No test.")])
    assert "Keep &lt;it&gt;." in html
    chips = [node.text for node in tree.all(css="chip")]
    assert chips == ["clear", "too little data"]
    assert tree.all(css="chip")[0].attributes["class"] == "chip none"  # that a floor adds nothing is no good news
    assert [node.text for node in tree.all("summary")] == ["Evidence"]
    assert "not tested against chance" not in html


def test_an_untested_list_says_so_once_and_has_no_chip():
    html, tree = page([item("Keep it."), item("Hold.")])
    assert html.count("not tested against chance") == 1
    assert tree.all(css="chip") == []
    assert len(tree.all("li")) == 2


def test_no_item_is_one_sentence():
    html, _ = page()
    assert "Too few graded setups for any advice." in html
    assert "not tested against chance" not in html


def test_warnings_begin_with_their_code_and_tickers_behind_are_folded():
    html, tree = page(warnings=["stale_bars: until 2021-03-01 <x>"], behind=["A", "B&C"])
    assert '<li><b>Stale bars.</b> Until <span class="date">2021-03-01</span> &lt;x&gt;</li>' in html
    assert [node.text for node in tree.all("summary")] == ["2 without a bar for 2021-03-01"]
    assert tree.all(css="names")[0].text == "A, B&C"
