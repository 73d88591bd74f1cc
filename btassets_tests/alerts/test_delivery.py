"""Each form against a local server, and each way in which one refuses."""

import base64

import pytest

from btassets.alerts.delivery import deliver
from btassets.alerts.facts import Fact
from btassets.alerts.messages import Message
from btassets.settings.account_settings import AlertRule
from btassets_tests.support.alert_servers import mail_server, web_server

FACT = Fact("exit", "exit:A:stop", "A: exit by stop <now>", {"ticker": "A"})
MESSAGE = Message("mybook", (FACT,))
SECRET = "s3cr3t-t0ken-of-forty-letters"


@pytest.fixture
def web():
    with web_server() as heard:
        yield heard


@pytest.fixture
def mail():
    with mail_server() as heard:
        yield heard


def rule_of(form, heard, **other):
    own = {
        "json": {"url": f"{heard.url}/hook"},
        "slack": {"secret_env": "HOOK"},
        "discord": {"secret_env": "HOOK"},
        "telegram": {"secret_env": "TOKEN", "chat": "42", "url": heard.url},
        "smtp": {"host": "127.0.0.1", "port": heard.port, "tls": "none", "sender": "a@b.c", "to": ("d@e.f",)},
    }[form]
    return AlertRule(**{"name": form, "form": form, **own, **other})


def send(rule, heard, **more):
    pauses = []
    environ = {"HOOK": f"{heard.url}/services/{SECRET}", "TOKEN": SECRET, "PASSWORD": SECRET}
    done = deliver(rule, MESSAGE, environ=environ, sleep=pauses.append, **more)
    return done, pauses


@pytest.mark.parametrize(
    ("form", "path", "body"),
    [
        ("slack", f"/services/{SECRET}", {"text": "btassets mybook: A: exit by stop &lt;now&gt;"}),
        (
            "discord",
            f"/services/{SECRET}",
            {"content": "btassets mybook: A: exit by stop <now>", "allowed_mentions": {"parse": []}},
        ),
        (
            "telegram",
            f"/bot{SECRET}/sendMessage",
            {"chat_id": "42", "text": "btassets mybook: A: exit by stop <now>", "disable_web_page_preview": True},
        ),
    ],
)
def test_chat_forms(web, form, path, body):
    done, pauses = send(rule_of(form, web), web)
    assert (done.is_accepted, done.n_tries, pauses) == (True, 1, [])
    assert web.posts == [(path, body)]


def test_the_json_form_has_the_fact_flat_and_in_a_list(web):
    assert send(rule_of("json", web), web)[0].is_accepted
    ((path, body),) = web.posts
    assert path == "/hook"
    assert (body["kind"], body["ticker"], body["book"]) == ("exit", "A", "mybook")
    assert body["text"] == body["content"] == "btassets mybook: A: exit by stop <now>"
    assert [fact["key"] for fact in body["facts"]] == ["exit:A:stop"]
    assert web.headers[0]["User-Agent"].startswith("btassets/")


@pytest.mark.parametrize("form", ["json", "slack", "discord", "telegram"])
def test_errors_of_a_server_are_retried_with_doubling_pauses(web, form):
    web.answers += [500, 503]
    done, pauses = send(rule_of(form, web, pause_s=0.5), web)
    assert (done.is_accepted, done.n_tries, pauses) == (True, 3, [0.5, 1.0])
    assert len(web.posts) == 3
    web.answers += [502] * 9
    done, pauses = send(rule_of(form, web, tries=3), web)
    assert (done.is_accepted, done.is_final, done.n_tries, pauses) == (False, False, 3, [1.0, 2.0])
    assert "127.0.0.1 answered 502" in done.reason


@pytest.mark.parametrize("form", ["json", "slack", "discord", "telegram", "smtp"])
def test_a_refused_connection(web, form):
    rule = rule_of(form, web, tries=2)
    heard_url = web.url
    with web_server() as closed:
        pass
    rule = rule.model_copy(update={"url": rule.url.replace(heard_url, closed.url), "port": closed.port})
    environ = {"HOOK": f"{closed.url}/services/{SECRET}", "TOKEN": SECRET}
    pauses = []
    done = deliver(rule, MESSAGE, environ=environ, sleep=pauses.append)
    assert (done.is_accepted, done.is_final, done.n_tries, pauses) == (False, False, 2, [1.0])
    assert SECRET not in done.reason
    assert done.reason


@pytest.mark.parametrize("form", ["json", "slack", "discord", "telegram"])
def test_silence_ends_with_the_timeout(web, form):
    web.answers.append("silence")
    done, _ = send(rule_of(form, web, timeout_s=0.3), web)
    assert (done.is_accepted, done.n_tries) == (True, 2)


def test_refusals_that_no_attempt_can_change(web):
    for status in (400, 401, 403, 404, 410, 302):
        web.answers.append(status)
        done, pauses = send(rule_of("slack", web), web)
        assert (done.is_accepted, done.is_final, done.n_tries, pauses) == (False, True, 1, [])
        assert SECRET not in done.reason


def test_a_pause_that_the_server_asks_for(web):
    web.answers += [(429, {"Retry-After": "7"}), (429, {"Retry-After": "3600"})]
    done, pauses = send(rule_of("discord", web), web)
    assert (done.is_accepted, done.n_tries, pauses) == (False, 2, [7.0])
    assert not done.is_final


def test_no_attempt_begins_after_the_time_of_a_tick(web):
    web.answers += [500] * 9
    done, pauses = send(rule_of("json", web, tries=9), web, clock=lambda: 100.0, until=102.5)
    assert (done.is_accepted, done.is_final, done.n_tries, pauses) == (False, False, 3, [1.0, 2.0])


def test_secrets_are_needed_and_leave_this_machine_encrypted_only(web):
    done = deliver(rule_of("slack", web), MESSAGE, environ={})
    assert (done.n_tries, done.is_final) == (0, False)
    assert done.reason == "the environment variable HOOK is not set"
    for address, said in (("http://example.com/x-secret", "unencrypted only to this machine"), ("ftp://h", "no http")):
        done = deliver(rule_of("slack", web), MESSAGE, environ={"HOOK": address})
        assert done.is_final
        assert said in done.reason
    assert web.posts == []


def test_mail(mail):
    rule = rule_of("smtp", mail, user="me", secret_env="PASSWORD", to=("d@e.f", "g@h.i"))
    done, _ = send(rule, mail)
    assert done.is_accepted
    (text,) = mail.mails
    assert "Subject: btassets mybook: A: exit by stop <now>" in text
    assert "To: d@e.f, g@h.i" in text
    assert base64.b64encode(f"\0me\0{SECRET}".encode()).decode() in mail.logins[0]


def test_mail_that_is_refused_for_now_and_for_good(mail):
    mail.answers += ["451 try later"]
    done, pauses = send(rule_of("smtp", mail), mail)
    assert (done.is_accepted, done.n_tries, pauses) == (True, 2, [1.0])
    mail.answers += ["554 no"]
    done, _ = send(rule_of("smtp", mail), mail)
    assert (done.is_accepted, done.is_final, done.n_tries) == (False, True, 1)
    assert "127.0.0.1 answered 554 no" in done.reason
    done, _ = send(rule_of("smtp", mail, to=("nobody@e.f",)), mail)
    assert done.is_final
    assert "refused all recipients: [550]" in done.reason
    n_mails = len(mail.mails)
    done, _ = send(rule_of("smtp", mail, to=("nobody@e.f", "d@e.f")), mail)
    assert done.is_final
    assert "nobody@e.f; the others have it" in done.reason
    assert len(mail.mails) == n_mails + 1


def test_mail_and_silence_and_a_server_without_encryption(mail):
    mail.answers.append("silence")
    done, _ = send(rule_of("smtp", mail, timeout_s=0.3), mail)
    assert (done.is_accepted, done.n_tries) == (True, 2)
    done, _ = send(rule_of("smtp", mail, tls="starttls"), mail)
    assert done.is_final
    assert "STARTTLS" in done.reason
