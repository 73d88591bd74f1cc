"""The options of `alerts`."""

from btassets_tests.support.book_factory import call


def test_help_says_where_secrets_come_from():
    answer = call("alerts", "--help")
    assert answer.code == 0
    assert "environment variables" in answer.out
    assert "--send-test" in answer.out
