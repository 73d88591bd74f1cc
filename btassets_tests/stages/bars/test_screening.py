"""From a source's answer to stored bars or a refusal: unfinished and impossible dates, facts, revisions."""

from types import SimpleNamespace

import numpy as np
import pytest

from btassets.settings.models import Settings
from btassets.sources.base import BlockedTickerError
from btassets.stages.bars import screening
from btassets.stages.bars.bar_store import bars_version
from btassets.stages.bars.reading import Wanted
from btassets.stages.bars.screening import accept, last_finished
from btassets_tests.support.stored_tables import StoredTables, raw_bars

TODAY = 18_800
DAYS = np.arange(TODAY - 199, TODAY + 1)
PATH = 50.0 + np.arange(200) % 5
SETTINGS = Settings.model_validate({"calendar": "data", "source": {"kind": "files", "path": "x"}})
SOURCE = SimpleNamespace(basis="raw")


@pytest.fixture
def accepted(tmp_path, monkeypatch):
    monkeypatch.setattr(screening, "today_day", lambda: TODAY)

    def run(fetched, *, stored=None, since=None, known=None, last=None, settings=SETTINGS, **outside):
        tables = StoredTables(tmp_path, **outside)
        wanted = Wanted("T", stored, since)
        return accept(tables, settings, SOURCE, wanted=wanted, fetched=fetched, known=known or {}, last=last)

    return run


def test_good_bars_are_stored_with_their_facts(accepted):
    bars = raw_bars(DAYS, PATH)
    found = accepted(bars)
    assert found.bars is bars
    facts = found.facts
    assert (facts["n_rows"], facts["first"], facts["last"], facts["basis"]) == (200, DAYS[0], DAYS[-1], "raw")
    assert facts["version"] == bars_version(bars, "raw")
    assert (facts["problems"], facts["dropped"], facts["blocked"], facts["is_unfinished"]) == ([], {}, None, False)
    assert found.quarantine == ()


def test_a_bar_of_an_unfinished_session_waits_for_the_next_run(accepted):
    found = accepted(raw_bars(DAYS, PATH), last=TODAY - 2)
    assert found.bars.dates[-1] == TODAY - 2
    assert found.facts["is_unfinished"]
    (problem,) = found.facts["problems"]
    assert problem[:4] == ["Q6", "info", TODAY - 1, 2]
    assert "2 rows in total" in problem[4]
    assert not accepted(raw_bars(DAYS, PATH), last=TODAY).facts["is_unfinished"]


@pytest.mark.parametrize(("ahead", "n_dropped"), [(7, 0), (8, 1)])
def test_a_date_more_than_a_week_ahead_is_a_misprint(accepted, ahead, n_dropped):
    found = accepted(raw_bars([*DAYS, TODAY + ahead], [*PATH, 50.0]))
    assert found.facts["dropped"] == ({"Q24": 1} if n_dropped else {})
    assert found.facts["n_rows"] == 201 - n_dropped
    assert [rows.rule for rows in found.quarantine] == ["Q24"] * n_dropped
    if n_dropped:
        assert found.facts["problems"][-1][:4] == ["Q24", "quarantine", TODAY + 8, 1]
        assert found.quarantine[0].rows.dates.tolist() == [TODAY + 8]


def test_a_refusal_keeps_what_is_known_of_the_stored_bars(accepted):
    known = {"version": "v1", "n_rows": 7, "first": 1, "last": 9, "basis": "raw", "dropped": {"Q4": 1}}
    found = accepted(BlockedTickerError("T", "Q1", "no such file."), known=known)
    assert found.bars is None
    assert {name: found.facts[name] for name in known} == known
    assert found.facts["blocked"] == "T: no such file. [Q1]"
    assert found.facts["problems"] == [["Q1", "block", None, 1, "T: no such file."]]
    new = accepted(BlockedTickerError("T", "Q1", "no such file."))
    assert (new.facts["version"], new.facts["n_rows"]) == ("none-T", 0)


def test_a_blocking_rule_refuses_the_ticker_with_its_number(accepted):
    close = PATH.copy()
    close[100:] *= 3.7
    found = accepted(raw_bars(DAYS, close))
    assert found.bars is None
    assert found.facts["blocked"].startswith("T 2021-")
    assert found.facts["blocked"].endswith("[Q7]")


def test_an_override_lets_the_bars_through(accepted):
    close = PATH.copy()
    close[100:] *= 3.7
    given = {"overrides": [{"ticker": "T", "rule": "Q7", "reason": "a squeeze"}]}
    settings = Settings.model_validate(SETTINGS.model_dump() | {"quality": given})
    found = accepted(raw_bars(DAYS, close), settings=settings)
    assert len(found.bars) == 200
    assert "Overridden: a squeeze" in found.facts["problems"][0][4]


def test_a_reading_that_lost_many_bars_replaces_nothing(accepted):
    stored = raw_bars(DAYS, PATH)
    found = accepted(raw_bars(DAYS[100:], PATH[100:]), stored=stored)
    assert found.bars is None
    assert found.facts["blocked"] is not None
    assert accepted(raw_bars(DAYS[5:], PATH[5:]), stored=stored).bars is not None


def test_records_of_rows_dropped_before_the_overlap_stay(accepted):
    known = {
        "problems": [
            ["Q4", "quarantine", TODAY - 150, 2, "old"],
            ["Q4", "quarantine", TODAY - 5, 1, "read again"],
            ["Q12", "warn", TODAY - 150, 1, "a warning"],
        ]
    }
    stored = raw_bars(DAYS, PATH)
    found = accepted(raw_bars(DAYS, PATH), stored=stored, since=TODAY - 10, known=known)
    assert found.facts["problems"] == [["Q4", "quarantine", TODAY - 150, 2, "old"]]
    assert found.facts["dropped"] == {"Q4": 2}
    assert accepted(raw_bars(DAYS, PATH), known=known).facts["dropped"] == {}


def test_the_calendar_is_asked_from_before_the_first_bar(accepted):
    asked = []

    def sessions(code, first, last):
        asked.append((code, first, last))
        return np.delete(DAYS, [20]).astype(np.int32)

    calendar = SimpleNamespace(sessions=sessions, known_span=lambda code, first, last: (0, 100_000))
    settings = Settings.model_validate(SETTINGS.model_dump() | {"calendar": "XNYS"})
    found = accepted(raw_bars(DAYS, PATH), settings=settings, exchange_calendar=calendar)
    assert asked == [("XNYS", DAYS[0] - 15, DAYS[-1])]
    assert found.facts["dropped"] == {"Q6": 1}


def test_only_an_exchange_has_a_last_finished_session(tmp_path):
    tables = StoredTables(tmp_path, exchange_calendar=SimpleNamespace(last_finished=lambda code: 123))
    exchange = SETTINGS.model_dump() | {"calendar": "XNYS"}
    assert last_finished(tables, Settings.model_validate(exchange)) == 123
    assert last_finished(tables, SETTINGS) is None
    demo = exchange | {"source": {"kind": "demo"}}
    assert last_finished(tables, Settings.model_validate(demo)) is None
