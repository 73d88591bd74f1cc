"""Today's setups on the page: a signal day or a preview, long lists behind a fold, misses with their floors."""

from btassets.render.sections.today import MOST_SETUPS, MOST_SETUPS_BEHIND, todays_setups
from btassets_tests.support.parsed_page import parse

VOTES = dict.fromkeys(("vote_trend", "vote_position", "vote_directional", "vote_rsi", "vote_volume"), 0.5)


def setup(ticker, **changes):
    row = {"ticker": ticker, "direction": "long", "entry": 10.0, "stop": 9.0, "target": 12.0, "rr": 2.0}
    row |= {"confidence": 61.0, "percentile": 91.0, "primary_prob": 40.0, "level_strength": None}
    row |= {"action": "LONG_HIGH", "risk_level": "Low", "shares": 100.0, "failed_floors": []}
    return row | VOTES | changes


def page(n=2, misses=(), activation=(), **changes):
    today = {
        "qualified": [setup(f"T{k:03d}") for k in range(n)],
        "nearest_misses": list(misses),
        "is_signal_day": True,
        "last_signal_day": "2021-02-26",
        "as_of": "2021-03-05",
        "n_setups": 1234,
        "n_ranked": 500,
        "capital": 10_000.0,
    }
    report = {"todays_setups": today | changes, "ticker_pages": {"T001": "tickers/T001.html"}}
    html = todays_setups(report | {"activation": dict(activation)})
    tree, broken = parse(html)
    assert not broken
    return html, tree


def test_the_lead_counts_and_names_the_day():
    day = '<span class="date">2021-03-05</span>'
    html, _ = page()
    assert f"2 of 1,234 setups qualify at {day}, 500 ranked. A signal day" in html
    assert "Shares for 10,000 dollars" in html
    preview, _ = page(is_signal_day=False)
    assert "A preview" in preview
    assert 'the last one was <span class="date">2021-02-26</span>.' in preview
    never, _ = page(is_signal_day=False, last_signal_day=None, as_of=None)
    assert "qualify at -," in never
    assert "the last one was -." in never


def test_a_long_list_is_cut_on_the_page_and_behind_its_fold():
    n = MOST_SETUPS + MOST_SETUPS_BEHIND + 3
    _, tree = page(n)
    first, behind = (table.all("tbody")[0].all("tr") for table in tree.all("table")[:2])
    assert (len(first), len(behind)) == (MOST_SETUPS, n - 3)
    assert "The other 3 are in report.json." in tree.text
    assert [node.text for node in tree.all("summary")] == [f"First {n - 3} with votes, conflicts and targets"]
    _, whole = page(2)
    assert [node.text for node in whole.all("summary")] == ["All 2 with votes, conflicts and targets"]
    assert "are in report.json" not in whole.text


def test_no_setup_has_no_fold_and_misses_name_their_floors():
    html, tree = page(0, [setup("X", failed_floors=["rr", "confidence"])])
    assert "Nothing qualifies today." in html
    assert tree.all("details") == []
    assert "rr, confidence" in [cell.text for cell in tree.all("td")]
    assert "No near misses." in page(1)[0]


def test_a_ticker_links_to_its_page_and_votes_are_drawn_with_their_words():
    html, tree = page(2)
    assert {a.attributes["href"] for a in tree.all("a")} == {"tickers/T001.html"}
    assert html.count('aria-label="Votes: trend +0.50, position +0.50, directional movement +0.50') == 2


def test_signals_of_the_gate_follow_the_percentile():
    own = {"value_of_vol_6m": 0.0123, "percentile_of_vol_6m": 66.7}
    rows, missed = [setup("T001", **own)], setup("T002", **own, failed_floors=["vol_6m_at_most"])
    html, tree = page(misses=[missed], qualified=rows, activation={"ranking": "reversal_1m"})
    for table in tree.all("table"):
        heads = [cell.text for cell in table.all("th")]
        at = heads.index("Percentile")
        assert heads[at + 1 : at + 3] == ["vol_6m", "vol_6m, percentile"]
        cells = [cell.text for cell in table.all("tbody")[0].all("tr")[0].all("td")]
        assert cells[at : at + 3] == ["91.0", "0.0123", "66.7"]
    assert "vol_6m_at_most" in html
    assert "of reversal_1m in the universe, 0-100" in html
    assert "vol_6m" not in page()[0]
    assert "of the activation momentum in the universe" in page()[0]


def test_every_target_of_a_setup_is_listed_with_its_class():
    targets = [
        {"place": 1, "price": 11.5, "probability_pct": 45.6, "classification": "conservative", "is_primary": False},
        {"place": 2, "price": 12.0, "probability_pct": 31.0, "classification": "moderate", "is_primary": True},
    ]
    html, _ = page(0, [], qualified=[setup("T001", targets=targets), setup("T002", targets=[])])
    assert "11.50 (45.6%, conservative); 12.00* (31.0%, moderate)" in html
    assert "A target is conservative from a stated probability of 45%, moderate from 30%, else aggressive." in html
