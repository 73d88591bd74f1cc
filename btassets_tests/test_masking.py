"""No spelling of a secret gets through `mask`, and text without one stays as it is."""

import base64
import html
import json
import pickle
from urllib.parse import quote, quote_plus

import pytest

from btassets import masking
from btassets.errors import SourceUnreachableError
from btassets.masking import HIDDEN, environment_secrets, mask, mask_known, remember, remember_environment
from btassets.sources.base import BlockedTickerError

SECRETS = ["PKq8/+x z&9=Tü%\"'<w", "AKIDIOSFODNN7EXAMPLE", "9f8c7b6a5d4e3f2a1b0c"]


@pytest.fixture(autouse=True)
def own_memory(monkeypatch):
    monkeypatch.setattr(masking, "_remembered", set())


SPELLINGS = {
    "plain": lambda s: s,
    "upper": lambda s: s.upper(),
    "percent": lambda s: quote(s, safe=""),
    "percent, slash kept": quote,
    "percent, lower": lambda s: quote(s, safe="").lower(),
    "form": quote_plus,
    "percent twice": lambda s: quote(quote(s, safe=""), safe=""),
    "every byte percent": lambda s: "".join(f"%{b:02X}" for b in s.encode()),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 url": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "base64 bare": lambda s: base64.b64encode(s.encode()).decode().rstrip("="),
    "basic 1": lambda s: base64.b64encode(f"u:{s}".encode()).decode(),
    "basic 2": lambda s: base64.b64encode(f"me:{s}\n".encode()).decode(),
    "basic 3": lambda s: base64.b64encode(f"you:{s} and more".encode()).decode(),
    "hex": lambda s: s.encode().hex(),
    "json": lambda s: json.dumps({"x": s}),
    "json in json": lambda s: json.dumps(json.dumps({"x": s})),
    "html": html.escape,
    "repr": repr,
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_hidden(secret, spelling):
    remember(secret)
    echoed = SPELLINGS[spelling](secret)
    masked = mask(f"the answer says {echoed} and ends")
    assert HIDDEN in masked
    assert masked.startswith("the answer says ")
    assert masked.endswith(" and ends")
    letters = masked.removeprefix("the answer says ").removesuffix(" and ends")
    # The characters around a base64 secret depend on one byte of it at most.
    assert len(letters.replace(HIDDEN, "")) <= len(echoed) - len(secret) + 2
    for start in range(len(secret) - 6):
        assert secret[start : start + 7].lower() not in masked.lower()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://u:pw@h/db", "postgresql://u:***@h/db"),
        ("postgresql+psycopg2://u:p%40w@h:5432/db?x=1", "postgresql+psycopg2://u:***@h:5432/db?x=1"),
        ("a://u:p@ss@h/db", "a://u:***@h/db"),
        ("a://u:p/s?s#x@h/db", "a://u:***@h/db"),
        ("redis://:pw@h", "redis://:***@h"),
        ("HTTPS://U:PW@H and http://v:q@h", "HTTPS://U:***@H and http://v:***@h"),
        ("http://h/x?apikey=abc&y=1", "http://h/x?apikey=***&y=1"),
        ("?access_token=abc def", "?access_token=*** def"),
        ("host=h password=abc user=u", "host=h password=*** user=u"),
        ('{"apiKey": "abc", "n": 1}', '{"apiKey": "***", "n": 1}'),
        ('"{\\"token\\": \\"abc\\"}"', '"{\\"token\\": \\"***\\"}"'),
        ("Authorization: Bearer abc.def-g", "Authorization: Bearer ***"),
        ("{'authorization': 'Token abc'}", "{'authorization': 'Token ***'}"),
        ("APCA-API-SECRET-KEY: abc", "APCA-API-SECRET-KEY: ***"),
    ],
    ids=lambda text: f"{len(text)}",
)
def test_named_values_and_passwords_of_addresses(text, masked):
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AAPL: 3 rows at 2024-05-06 12:00; correct the file. [Q5]",
        "http://127.0.0.1:3000/runs/abc",
        "postgresql+psycopg2://reader@host/market",
        "mail a@b.example: no answer",
        '{"__class__": "EventLogEntry", "step_key": "x", "timestamp": 1.0}',
        "keyboard=standard, monkey: 3",
    ],
)
def test_other_text_stays(text):
    remember(*SECRETS)
    assert mask(text) == text


def test_masking_twice_changes_nothing():
    remember(*SECRETS)
    text = f"a://u:pw@h?token=x {SECRETS[0]} {{'password': 'x'}}"
    assert mask(mask(text)) == mask(text)


def test_masked_json_stays_json():
    remember('q"uo\\te/ü')
    event = json.dumps({"a": {"password": 'q"uo\\te/ü', "url": "a://u:p@h", "n": [1, None]}, "token": ["x"]})
    assert json.loads(mask(event)) == {"a": {"password": "***", "url": "a://u:***@h", "n": [1, None]}, "token": ["x"]}


def test_short_values_only_as_words():
    assert mask("pw abc, abcd, xabc 'abc'", ["abc"]) == "pw ***, abcd, xabc '***'"
    assert mask("a 1", ["1"]) == "a 1"


def test_a_value_cut_off_at_the_end():
    assert mask(f"so {SECRETS[1][:12]}", [SECRETS[1]]) == "so ***"
    assert mask(f"so {SECRETS[1][:5]}", [SECRETS[1]]) == f"so {SECRETS[1][:5]}"


def test_environment():
    environ = {
        "TIINGO_API_KEY": "0123456789",
        "SOME_TOKEN": "short",
        "APCA_API_KEY_ID": "PK12345678",
        "BTASSETS_SQL_PASSWORD": "pw",
        "BTASSETS_SQL_URL": "a://u:p%2Fw@h/db",
        "BTASSETS__SCHEDULE__WEBHOOK": "https://hooks.example/T0/B0/xyz",
        "KEYBOARD": "standardlayout",
        "PATH": "/usr/bin",
    }
    assert environment_secrets(environ) == {
        "0123456789",
        "PK12345678",
        "pw",
        "p%2Fw",
        "p/w",
        "https://hooks.example/T0/B0/xyz",
    }


def test_the_environment_counts():
    remember_environment({"TIINGO_API_KEY": "k-0123456789"})
    assert mask("bad key k-0123456789.") == "bad key ***."


def test_a_stream_keeps_back_what_may_begin_a_value():
    remember(SECRETS[1])
    data = f"one {SECRETS[1]} two {SECRETS[1]}".encode() + b"\xff\n"
    for size in range(1, len(data)):
        held, out = b"", b""
        for start in range(0, len(data), size):
            masked, n_back = mask_known(held + data[start : start + size])
            out, held = out + masked[: len(masked) - n_back], masked[len(masked) - n_back :]
        assert out + held == b"one *** two ***\xff\n"


def test_errors_hold_no_secret():
    remember(SECRETS[1])
    for error in (
        SourceUnreachableError("alpaca", f"it says {SECRETS[1]}"),
        BlockedTickerError("AAPL", "Q1", f"it says {SECRETS[1]}"),
    ):
        for same in (error, pickle.loads(pickle.dumps(error))):
            assert SECRETS[1] not in str(same) + repr(same) + repr(same.args)
            assert HIDDEN in str(same)


NAMES_OF_SECRETS = (
    *("apikey", "api-key", "api_key", "API_KEY", "access_token", "auth-token", "token", "Password", "passwd", "pwd"),
    *("secret", "client_secret", "signature", "apca-api-key-id", "APCA-API-SECRET-KEY", "x-api-key"),
    *("to\u212aen", "pa\u017fsword", "\u017fecret"),
)


@pytest.mark.parametrize("name", NAMES_OF_SECRETS)
@pytest.mark.parametrize("form", ["{}=V4lue", "?{}=V4lue&x=1", '{{"{}": "V4lue"}}', r"{{\"{}\": \"V4lue\"}}"])
def test_every_name_of_a_secret_is_found_among_plain_text(name: str, form: str) -> None:
    text = "asset_key: 1, step=2; " + form.format(name)
    masked = mask(text)
    assert "V4lue" not in masked
    assert masked.startswith("asset_key: 1, step=2; ")


@pytest.mark.parametrize("line", ["Authorization: Bearer V4lue", "X-Api-Key: V4lue", "apca-api-key-id: V4lue"])
def test_every_header_with_a_secret_is_found(line: str) -> None:
    assert "V4lue" not in mask(f"GET /bars {line}")


def test_text_without_the_name_of_a_secret_is_not_searched() -> None:
    assert not masking._may_name_a_secret('{"asset_key": "bars", "step_key": "replay", "run": 1}')
    assert masking._may_name_a_secret("a name with \u017f")
