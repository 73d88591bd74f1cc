"""The check of survivorship: dated membership, and a bar for every member."""

from types import SimpleNamespace

import pytest

from btassets.settings.models import Settings
from btassets.stages.report.report_checks import of_backtest_report
from btassets_tests.support.stored_tables import StoredTables, raw_bars


@pytest.mark.parametrize(
    ("members", "passed", "said"),
    [
        (None, False, "all tickers of the source with 1 ended"),
        (["A", "ENDED"], True, "2 members in total, all with bars, 1 ended"),
        (["A", "ENDED", "LOST"], False, "1 of them without a bar (first: LOST)"),
    ],
)
def test_membership_is_known_when_it_is_dated_and_every_member_has_bars(tmp_path, members, passed, said):
    membership = None if members is None else SimpleNamespace(name="m.csv", spells=dict.fromkeys(members, ()))
    tables = StoredTables(tmp_path, membership=membership)
    tables.put_bars({"A": raw_bars([90, 100], 1.0), "ENDED": raw_bars([80], 1.0)}).put_sessions([99, 100])
    (check,) = of_backtest_report(None, tables, Settings())
    assert (check.check, check.passed, check.severity) == ("survivorship_unknown", passed, "WARN")
    assert said in check.numbers["universe"]
