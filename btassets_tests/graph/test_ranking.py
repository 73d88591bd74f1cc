"""Tables of the ranking have a column per hold of the replay, and columns for the signals of the gate."""

import pytest

from btassets.engine.conventions import HOLD_DAYS
from btassets.graph.advice import TODAYS_SETUPS
from btassets.graph.flow import STAGES, downstream, stages_under, upstream
from btassets.graph.ranking import GRADED_SETUPS, SIGNAL_RANKS, ranks_own_signals, todays_signals
from btassets.settings.models import Gates, Settings


@pytest.mark.parametrize("holds", [(3,), (3, 7, 45, 90)])
def test_only_the_columns_of_the_holds_differ(holds):
    def rest(names):
        return [name for name in names if not name.startswith(("time_r_", "bench_ret_"))]

    names = GRADED_SETUPS.under(holds).names
    assert rest(names) == rest(GRADED_SETUPS.names)
    assert [name for name in names if name.startswith("time_r_")] == [f"time_r_{n}" for n in holds]
    benches = [name for name in names if name.startswith("bench_ret_")]
    assert benches == ["bench_ret_target", *(f"bench_ret_{n}" for n in holds)]


def test_the_default_holds_make_the_declared_table():
    assert GRADED_SETUPS.under(HOLD_DAYS) == GRADED_SETUPS


def test_columns_of_signals_follow_from_the_gate():
    gates = Gates(ranking="idea", floors=("vol_6m >= 30", "vol_6m <= 80", "other >= 5"))
    own = ("vol_6m_at_least_ok", "vol_6m_at_most_ok", "other_at_least_ok")
    graded = GRADED_SETUPS.under((3,)).beside(gates.named())
    percentiles = ("percentile_of_vol_6m", "percentile_of_other")
    assert graded.names == (*GRADED_SETUPS.under((3,)).names, *own, *percentiles)
    pairs = ("value_of_vol_6m", "percentile_of_vol_6m", "value_of_other", "percentile_of_other")
    assert SIGNAL_RANKS.beside(gates.named()).names == (*SIGNAL_RANKS.names, *pairs)
    assert [column.name for column in todays_signals(gates.named())] == ["value_of_idea", *pairs]
    alone = Gates(ranking="vol_6m", floors=("vol_6m >= 30",)).named()
    assert [column.name for column in todays_signals(alone)] == list(pairs[:2])


def test_a_gate_without_signals_adds_no_column():
    for spec in (GRADED_SETUPS, SIGNAL_RANKS, TODAYS_SETUPS):
        assert spec.beside(Gates().named()) is spec
    assert not ranks_own_signals(Settings())


def test_only_own_signals_make_the_gate_depend_on_them():
    assert not ranks_own_signals(Settings(gates=Gates(ranking="vol_6m", floors=("mom_6_1 >= 5",))))
    assert ranks_own_signals(Settings(gates=Gates(floors=("idea >= 5",))))
    assert "own_signals" in upstream(STAGES["signal_ranks"])
    assert "own_signals" not in upstream(STAGES["signal_ranks"].under(Settings()))
    behind = downstream({"own_signals"}, stages_under(Settings()))
    assert not behind & {"signal_ranks", "percentile_ranks", "graded_setups", "portfolio_sims", "todays_setups"}
    assert behind < downstream({"own_signals"}, stages_under(Settings(gates=Gates(ranking="idea"))))
