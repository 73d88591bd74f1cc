"""`--promote` changes one line and nothing else."""

from pathlib import Path

import pytest

from btassets.book.new_book import DEMO_SETTINGS, settings_text
from btassets.book.settings_file import set_in_file
from btassets.errors import BtassetsError, SettingError, UnknownSettingError, UsageError
from btassets.settings.load import resolve
from btassets.settings.models import flatten

TEXT = """\
# my book
profile = "standard"  # for now

[gates]  # the floors
min_rr = 1.75   # from the paper, see notes #3
# min_confidence = 55.0 was too strict
# min_confidence = 55.0
exclude_neutral = true

[universe]
tickers = ["A#1", "B"]  # two

[scenario.strict.gates]
min_rr = 3.0
"""


def promoted(tmp_path: Path, text: str, **values: object) -> list[tuple[str, str]]:
    """Lines that changed."""
    path = tmp_path / "btassets.toml"
    path.write_text(text)
    set_in_file(path, {key.replace("__", "."): value for key, value in values.items()})
    flat = flatten(resolve(path).settings)
    for key, value in values.items():
        shown = flat[key.replace("__", ".")]
        assert (list(shown) if isinstance(shown, tuple) else shown) == value
    after = path.read_text().splitlines()
    before = text.splitlines()
    return [(a, b) for a, b in zip(before, after, strict=False) if a != b] + [("", x) for x in after[len(before) :]]


@pytest.mark.parametrize(
    ("values", "changed"),
    [
        (
            {"gates__min_rr": 2.5},
            [("min_rr = 1.75   # from the paper, see notes #3", "min_rr = 2.5   # from the paper, see notes #3")],
        ),
        ({"gates__min_confidence": 60.0}, [("# min_confidence = 55.0", "min_confidence = 60.0")]),
        ({"profile": "legacy"}, [('profile = "standard"  # for now', 'profile = "legacy"  # for now')]),
        ({"universe__tickers": ["C"]}, [('tickers = ["A#1", "B"]  # two', 'tickers = ["C"]  # two')]),
        ({"costs__per_side_frac": 0.002}, [("", ""), ("", "[costs]"), ("", "per_side_frac = 0.002")]),
    ],
    ids=lambda value: str(value)[:30],
)
def test_one_line_changes_and_every_remark_stays(
    tmp_path: Path, values: dict[str, object], changed: list[tuple[str, str]]
) -> None:
    assert promoted(tmp_path, TEXT, **values) == changed


def test_every_setting_of_a_new_book_can_be_promoted(tmp_path: Path) -> None:
    text = settings_text(DEMO_SETTINGS)
    for key, value in (
        ("calendar", "XLON"), ("gates.min_ev", 0.1), ("source.columns.ticker", "sym"), ("exits.hold_days", [5, 21]),
        ("portfolio.max_positions", 12), ("benchmark", "SPY"), ("method.fill", "close"),
    ):  # fmt: skip
        changed = promoted(tmp_path, text, **{key.replace(".", "__"): value})
        assert len(changed) == 1, key


@pytest.mark.parametrize(
    ("values", "error"),
    [({"gates.min_rr": "two"}, SettingError), ({"gates.min_r": 2}, UnknownSettingError)],
)
def test_what_is_not_allowed_leaves_the_file_alone(
    tmp_path: Path, values: dict[str, object], error: type[BtassetsError]
) -> None:
    path = tmp_path / "btassets.toml"
    path.write_text(TEXT)
    with pytest.raises(error):
        set_in_file(path, values)
    assert path.read_text() == TEXT


@pytest.mark.parametrize(
    "text",
    ["[exits]\nhold_days = [\n  5,\n  10,\n]\n", "exits = { hold_days = [5, 10] }\n", "exits.hold_days = [5, 10]\n"],
    ids=["many lines", "inline table", "dotted"],
)
def test_a_layout_that_one_line_cannot_change_is_refused_whole(tmp_path: Path, text: str) -> None:
    path = tmp_path / "btassets.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match="by hand"):
        set_in_file(path, {"exits.hold_days": [21]})
    assert path.read_text() == text
