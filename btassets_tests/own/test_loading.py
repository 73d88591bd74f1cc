"""What a source declares, of every form."""

from pathlib import Path

from btassets.own.loading import declared_by
from btassets_tests.support.own_panel import window, write_source


def test_every_form_declares_its_signals(tmp_path: Path) -> None:
    two = (
        window("return 1.0")
        + "\n@bt.cross_section(lookback=7, sign=-1)\ndef other(week):\n    return week.close[:, 0]\n"
    )
    sources = {
        "a.py": two,
        "gap.sql": "-- sign: -1\nselect 1",
        "given.csv": "date,ticker,value\n2024-01-05,T0,1\n",
        "empty.py": "x = 1\n",
    }
    found = {}
    for name, text in sources.items():
        signals, problem = declared_by(write_source(tmp_path, name, text))
        assert problem == ""
        found[name] = [(one.name, one.form, one.lookback, one.sign, one.entry.origin) for one in signals]
    assert found == {
        "a.py": [("idea", "window", 3, 1, "own/a.py"), ("other", "cross_section", 7, -1, "own/a.py")],
        "gap.sql": [("gap", "sql", 0, -1, "own/gap.sql")],
        "given.csv": [("given", "file", 0, 1, "own/given.csv")],
        "empty.py": [],
    }


def test_a_bad_name_of_a_file_is_its_problem(tmp_path: Path) -> None:
    assert 'a signal is named "Bad-Name"' in declared_by(write_source(tmp_path, "Bad-Name.sql", "select 1"))[1]
