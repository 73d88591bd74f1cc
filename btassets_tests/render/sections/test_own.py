"""The section of own signals: absent without one; state, verdict and reason of each, as text."""

from btassets.render.sections.own import own_signals
from btassets_tests.support.small_books import document_of, run_book

ROW = {"signal": "idea", "label": "My <idea>", "form": "window", "source": "own/idea.py", "sign": 1, "n_missing": 2}


def test_there_is_no_section_without_own_signals():
    assert own_signals(document_of(run_book())) == ""


def test_each_signal_has_its_state_and_reason():
    report = document_of(run_book())
    rows = [
        {**ROW, "state": "proven", "reason": None, "n_values": 1234},
        {**ROW, "signal": "other", "state": "refused", "reason": "other: T0 2024-01-05: 1 & 2", "n_values": 0},
    ]
    judged = {"signal": "idea", "horizon_days": 30, "estimate": 0.02, "ci": [0.01, 0.03], "unit": "ic", "q_table": 0.04,
              "verdict": "supported", "n_tried": 7, "is_primary": False}  # fmt: skip
    signals = [*report["statistics"]["signals"], judged]
    report["statistics"] = report["statistics"] | {"own_signals": rows, "signals": signals}
    text = own_signals(report)
    assert "1 in use, 1 refused. 7 ideas judged on this book so far" in text
    assert "My &lt;idea&gt;" in text
    assert "1,234" in text
    assert "supported" in text
    assert "other: T0 2024-01-05: 1 &amp; 2" in text
