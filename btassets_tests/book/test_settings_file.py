"""`--promote` changes one line and nothing else."""

from pathlib import Path

import pytest

from btassets.book.new_book import DEMO_SETTINGS, settings_text
from btassets.book.settings_file import set_in_file
from btassets.errors import BtassetsError, SettingError, UnknownSettingError
from btassets.settings.load import resolve
from btassets.settings.models import Settings, flatten

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
    ("text", "after"),
    [
        ("[exits]  # a\nhold_days = [\n  5,\n  10,\n]\n# b\n", "[exits]  # a\nhold_days = [21]\n# b\n"),
        ("exits = { hold_days = [5, 10] }  # a\n", "exits = { hold_days = [21] }  # a\n"),
        ("exits.hold_days = [5, 10]  # a\n", "exits.hold_days = [21]  # a\n"),
        ("[gates]\nmin_rr = 2\n\n[costs]\n", "[gates]\nmin_rr = 2\n\n[costs]\n\n[exits]\nhold_days = [21]\n"),
    ],
    ids=["many lines", "inline table", "dotted", "absent"],
)
def test_every_layout_of_toml_is_edited_in_place(tmp_path: Path, text: str, after: str) -> None:
    path = tmp_path / "btassets.toml"
    path.write_text(text)
    set_in_file(path, {"exits.hold_days": [21]})
    assert path.read_text() == after


def test_several_settings_at_once_and_each_setting_alone(tmp_path: Path) -> None:
    text = settings_text(DEMO_SETTINGS)
    flat = flatten(Settings())
    for key, value in flat.items():
        if value is not None and key != "quality.overrides":
            assert len(promoted(tmp_path, text, **{key.replace(".", "__"): _plain(value)})) <= 1, key
    both = promoted(tmp_path, text, gates__min_rr=2.0, portfolio__max_positions=3, benchmark="A")
    assert len(both) == 3


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def test_a_file_that_cannot_hold_the_table_stays(tmp_path: Path) -> None:
    path = tmp_path / "btassets.toml"
    path.write_text("[[quality.overrides]]\nticker = 'A'\nrule = 'Q5'\nreason = 'x'\n")
    before = path.read_text()
    with pytest.raises(BtassetsError):
        set_in_file(path, {"quality.overrides.ticker": "B"})
    assert path.read_text() == before
