"""The options of `fills`."""

from btassets_tests.support.book_factory import call


def test_help_shows_file_and_settings():
    answer = call("fills", "--help")
    assert answer.code == 0
    assert "btassets fills [OPTIONS] [FILE]" in answer.out
    assert "[fills.columns]" in answer.out
