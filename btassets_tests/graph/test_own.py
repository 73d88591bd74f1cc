"""The declarations of the group `own`: what makes signals and stages of the user's own stale."""

from btassets.graph.flow import STAGES, problems
from btassets.graph.own import own_stage


def test_an_own_stage_is_stale_by_its_limit_its_settings_and_its_code() -> None:
    stage = own_stage("mine", "Mine.", ("graded_setups",), ("gates.min_rr",), ("python",), (("own/mine.py", "abc"),))
    assert stage.settings == ("own.max_stage_seconds", "gates.min_rr")
    assert stage.place == "own/mine.py"
    assert stage.outputs == ("mine",)
    assert stage.tables[0].is_free
    assert problems({**STAGES, "mine": stage}) == []


def test_the_limit_of_own_stages_makes_no_own_signal_stale() -> None:
    assert STAGES["own_signals"].settings[:2] == ("own.max_ticker_seconds", "own.max_query_seconds")
