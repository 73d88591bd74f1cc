"""The section of the journal: the verdict first, then its numbers, read in one glance."""

from btassets.render.sections.live import live
from btassets_tests.support.small_books import document_of, run_book

RESULT = {"as_of": "2025-11-07", "ticker": "SYN<1", "direction": "long", "outcome": "target_hit", "fill_gap_r": 0.1}


def test_the_verdict_comes_first():
    report = document_of(run_book())
    text = live(report)
    assert text.index("Too early") < text.index("1 list shown") < text.index("Live against tested")
    assert 'id="live"' in text
    assert "newest" not in text


def test_results_are_behind_a_fold_and_escaped():
    report = document_of(run_book())
    report["journal"] = report["journal"] | {"results": [{**RESULT, "net_r": 1.9, "note": ""}], "n_lists": 2}
    text = live(report)
    assert "<details" in text
    assert "SYN&lt;1" in text
    assert "+1.90" in text
    assert "2 lists shown" in text
