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


def test_words_keep_their_capitals_and_previews_are_told_from_signal_days():
    """Numbers seen on a book of Mondays: graded setups, and none that counts."""
    report = document_of(run_book())
    verdicts = [{**row, "n_setups": 0} for row in report["journal"]["verdicts"]]
    verdicts[0]["sentence"] = "too early: no setup shown on a signal day has all its bars yet (net R per setup)."
    report["journal"] = report["journal"] | {"verdicts": verdicts, "n_graded": 13}
    text = live(report)
    assert "net R per setup" in text
    assert "13 setups graded, 0 of them on signal days under the current settings" in text
    assert "Fill gap, R" in text


def test_the_table_rounds_as_the_sentence_does():
    report = document_of(run_book())
    row = report["journal"]["verdicts"][0]
    assert (
        f"the backtest had {row['tested']:.2f} (95% interval {row['tested_lo']:.2f} to {row['tested_hi']:.2f})"
        in row["sentence"]
    )
    assert f"{row['tested']:.2f}" in live(report)
