"""Names of 0.1.0 are refused everywhere, with the name of today."""

from pathlib import Path

import pytest

from btassets.errors import BtassetsError
from btassets.graph.flow import TABLES
from btassets.settings.load import KEYS, resolve
from btassets.settings.models import Settings
from btassets.settings.renamed import RENAMED_KEYS, RENAMED_SECTIONS, RENAMED_TABLES, RENAMED_VALUES, new_key
from btassets_tests.support.book_factory import call

OLD = [
    ("[book]\nmax_positions = 3\n", "book.max_positions", "3", "did you mean portfolio.max_positions?"),
    ("[book]\n", None, None, "did you mean portfolio?"),
    ('[method]\nbook = "open"\n', "method.book", "open", "did you mean method.portfolio?"),
    ("[storage]\nkeep_runs = 3\n", "storage.keep_runs", "3", "did you mean storage.keep_reports?"),
    ('profile = "honest"\n', "profile", "honest", 'did you mean "standard"?'),
    ('profile = "seed"\n', "profile", "seed", 'did you mean "legacy"?'),
]


@pytest.mark.parametrize(("text", "key", "value", "said"), OLD)
def test_an_old_name_points_to_the_new_one(
    tmp_path: Path, text: str, key: str | None, value: str | None, said: str
) -> None:
    path = tmp_path / "btassets.toml"
    path.write_text(text)
    with pytest.raises(BtassetsError) as caught:
        resolve(path)
    assert said in str(caught.value)
    assert caught.value.exit_code == 2
    path.write_text('[source]\nkind = "demo"\n\n[scenario.x]\n' + (text if "[" not in text else ""))
    if key is None:
        return
    section, _, leaf = key.rpartition(".")
    path.write_text(f'[scenario.x{"." + section if section else ""}]\n{leaf} = "{value}"\n')
    with pytest.raises(BtassetsError, match="did you mean"):
        resolve(path, scenario="x")
    environ = {f"BTASSETS__{key.upper().replace('.', '__')}": str(value)}
    with pytest.raises(BtassetsError) as caught:
        resolve(environ=environ)
    assert said in str(caught.value)
    (tmp_path / "btassets.toml").write_text('[source]\nkind = "demo"\n')
    answer = call("config", "--book", tmp_path, "--set", f"{key}={value}")
    assert answer.code == 2
    assert said in answer.err


def test_every_new_name_exists() -> None:
    assert set(RENAMED_KEYS.values()) <= set(KEYS)
    assert not set(RENAMED_KEYS) & set(KEYS)
    sections = {key.split(".")[0] for key in KEYS}
    assert set(RENAMED_SECTIONS.values()) <= sections
    assert not set(RENAMED_SECTIONS) & sections
    assert set(RENAMED_TABLES.values()) <= set(TABLES)
    assert not set(RENAMED_TABLES) & set(TABLES)
    for key, words in RENAMED_VALUES.items():
        for new in words.values():
            assert Settings.model_validate({key: new})
    assert all(new_key(key) is None for key in KEYS)


def test_an_old_table_points_to_the_new_one(book: Path, tmp_path: Path) -> None:
    answer = call("export", "stat_book", "--book", book, "--out", tmp_path / "x.csv")
    assert (answer.code, "did you mean stat_portfolio?" in answer.err) == (2, True)
    asked = call("sql", "select * from stat_book", "--book", book)
    assert (asked.code, "did you mean stat_portfolio?" in asked.err) == (2, True)
