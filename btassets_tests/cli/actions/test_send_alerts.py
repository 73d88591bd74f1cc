"""`alerts`: a dry run that leaves no trace, a test message, and sending once."""

import pytest

from btassets.book.settings_file import set_in_file
from btassets.run.shown_lists import alerts_log
from btassets_tests.support.alert_servers import add_rule, web_server
from btassets_tests.support.book_factory import call
from btassets_tests.support.evenings import new_book, open_evening, run_evening


@pytest.fixture
def web():
    with web_server() as heard:
        yield heard


@pytest.fixture(scope="module")
def evening(tmp_path_factory):
    """A book that has shown a list."""
    folder = new_book(tmp_path_factory.mktemp("alerts"))
    run_evening(folder)
    return folder


@pytest.fixture
def book(evening, web):
    """The book with one destination at the server; as it was afterwards."""
    text = (evening / "btassets.toml").read_text()
    add_rule(evening, name="chat", form="slack", secret_env="CHAT_WEBHOOK", facts=["setup", "exit"], tries=1)
    yield evening
    (evening / "btassets.toml").write_text(text)
    for path in (alerts_log(open_evening(evening)).path, alerts_log(open_evening(evening)).copy):
        path.unlink(missing_ok=True)


def test_dry_run_test_message_and_once(book, web, monkeypatch):
    monkeypatch.setenv("CHAT_WEBHOOK", f"{web.url}/T0/secret-token-of-the-chat")
    dry = call("alerts", "--book", book, "--test")
    assert (dry.code, web.posts) == (0, [])
    assert "chat (slack): " in dry.out
    assert "qualifies at 2022-01-05 (preview): entry" in dry.out
    assert not alerts_log(open_evening(book)).path.exists()
    test = call("alerts", "--book", book, "--send-test")
    assert (test.code, test.out.strip()) == (0, "chat (slack): accepted")
    assert "this is a test message" in web.posts[0][1]["text"]
    first = call("alerts", "--book", book)
    assert first.code == 0
    assert "facts sent" in first.out
    assert "qualifies at 2022-01-05" in web.posts[1][1]["text"]
    again = call("alerts", "--book", book)
    assert (again.code, again.out.strip(), len(web.posts)) == (0, "nothing new to send", 2)
    assert "chat (slack): 0 facts in 0 messages would be sent" in call("alerts", "--book", book, "--test").out


def test_a_due_exit_is_reported_once(book, web, monkeypatch):
    monkeypatch.setenv("CHAT_WEBHOOK", f"{web.url}/T0/secret-token-of-the-chat")
    (book / "holdings.csv").write_text("ticker,shares,opened,stop\nSYN0002,3,2022-01-05,100000\n")
    set_in_file(book / "btassets.toml", {"holdings.source": "file"})
    assert call("alerts", "--book", book).code == 0
    assert "SYN0002: exit by stop, since 2022-01-05: sell at the open (3 shares)" in web.posts[0][1]["text"]
    assert call("alerts", "--book", book).out.strip() == "nothing new to send"


def test_a_destination_that_does_not_accept(book, web, monkeypatch):
    monkeypatch.delenv("CHAT_WEBHOOK", raising=False)
    unset = call("alerts", "--book", book, "--send-test")
    assert unset.code == 4
    assert "the environment variable CHAT_WEBHOOK is not set" in unset.err
    monkeypatch.setenv("CHAT_WEBHOOK", f"{web.url}/T0/secret-token-of-the-chat")
    web.answers += [500]
    failed = call("alerts", "--book", book)
    assert failed.code == 4
    assert "not sent, will be tried again after 1 attempt: 127.0.0.1 answered 500" in failed.err
    assert "secret-token" not in failed.out + failed.err


def test_without_a_destination_and_with_both_options(evening):
    none = call("alerts", "--book", evening)
    assert none.code == 2
    assert "the settings have no destination; add a table [[alerts]]" in none.err
    both = call("alerts", "--book", evening, "--test", "--send-test")
    assert "choose one" in both.err
