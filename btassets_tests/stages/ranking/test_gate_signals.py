"""The signals that a gate may name: built in, or own and not refused."""

from typing import Any

import pyarrow as pa
import pytest

from btassets.errors import SettingError
from btassets.stages.ranking.gate_signals import GateSignal, GateSignalError, named_signals, refuse_row_ranking

PROOFS = pa.table(
    {
        "signal": ["idea", "given", "peek"],
        "sign": [-1, 1, 1],
        "state": ["proven", "given", "refused"],
        "reason": [None, None, "it looks ahead."],
    }
)


class Stored:
    """The table of proofs, and how often it was read."""

    def __init__(self) -> None:
        self.n_reads = 0

    def __getitem__(self, name: str) -> "Stored":
        assert name == "own_signal_proofs"
        return self

    def read(self, columns: list[str]) -> pa.Table:
        self.n_reads += 1
        return PROOFS.select(columns)


def named(*names: str) -> tuple[dict[str, GateSignal], int]:
    stored: Any = Stored()
    return named_signals(stored, dict.fromkeys(names, "gates.floors")), stored.n_reads


def test_signals_have_their_declared_sign() -> None:
    found, n_reads = named("vol_6m", "idea", "given")
    assert [(one.name, one.sign, one.is_own) for one in found.values()] == [
        *(("vol_6m", -1, False), ("idea", -1, True), ("given", 1, True))
    ]
    assert n_reads == 1
    assert named("vol_6m", "mom_6_1")[1] == 0


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(SettingError, match=r'gates.floors = "ideas": .*; did you mean idea\? \(settings\)'):
        named("ideas")
    with pytest.raises(SettingError, match=r"did you mean residual_momentum\?"):
        named("residual_momentun")
    with pytest.raises(SettingError, match=r"there are residual_momentum, mom_12_1, .*idea, given, peek"):
        named("q")


def test_a_refused_signal_is_a_failed_check_with_its_reason() -> None:
    with pytest.raises(GateSignalError) as caught:
        named("idea", "peek")
    assert caught.value.exit_code == 6
    rule = "a gate uses proven signals only: correct or remove it."
    assert str(caught.value) == f"gates.floors names peek, which is refused: it looks ahead; {rule}"


def test_a_gate_over_rows_has_no_signals() -> None:
    refuse_row_ranking("eligible", "idea", ["idea >= 1"])
    with pytest.raises(SettingError, match=r'gates.ranking = "idea": .*method.ranking is "rows"'):
        refuse_row_ranking("rows", "idea", [])
    with pytest.raises(SettingError, match=r"gates.floors = \['idea >= 1'\]: "):
        refuse_row_ranking("rows", "residual_momentum", ["idea >= 1"])
