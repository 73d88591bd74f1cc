"""`btassets journal`: its help names every option, a form and an example."""

from btassets_tests.support.book_factory import call


def test_help_explains_the_command() -> None:
    answer = call("journal", "--help")
    assert answer.code == 0
    for word in ("--since", "--backfill", "--format", "--scenario", "--book", "btassets journal --since 2025-01-01"):
        assert word in answer.out, word
    assert "never again" in answer.out


def test_a_wrong_form_is_refused() -> None:
    answer = call("journal", "--format", "cvs")
    assert answer.code == 2
    assert "csv" in answer.err
