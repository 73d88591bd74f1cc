"""Progress reaches the listener of the block, and no other."""

import threading

import pytest

from btassets.progress import listening, report


def test_progress_reaches_the_innermost_listener_and_none_outside():
    outer, inner = [], []
    report("a", 0, 1)
    with listening(lambda *words: outer.append(words)):
        report("a", 1, 2)
        with listening(lambda *words: inner.append(words)):
            report("b", 3, 4)
        report("a", 2, 2)
    report("a", 9, 9)
    assert outer == [("a", 1, 2), ("a", 2, 2)]
    assert inner == [("b", 3, 4)]


def test_a_failure_in_the_block_removes_its_listener():
    heard = []
    with pytest.raises(ZeroDivisionError), listening(lambda *words: heard.append(words)):
        raise ZeroDivisionError
    report("a", 1, 1)
    assert heard == []


def test_another_thread_has_no_listener():
    heard = []
    with listening(lambda *words: heard.append(words)):
        thread = threading.Thread(target=report, args=("a", 1, 1))
        thread.start()
        thread.join()
    assert heard == []
