"""The floors of the gate: the one list used by SQL, today's list, sweep, report, settings and docs.

Belongs here: the condition of each floor, when it is off, the column of `graded_setups` with its verdict, and the
variants of the gate ablation. Does not belong here: the default values (`settings.models.Gates`, one field per floor)
and the SQL generated from this list (`run.floor_sql`), which is the only code that applies a floor.

A book adds floors on percentiles of signals (`gates.floors`). They are named in the values of its gate
(`Gates.values`), so every function here that takes such values counts them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

Rule = Literal["at_least", "at_most", "one_of", "same_direction", "cutoff"]
"""Comparison of a floor.

`at_least`: column >= setting. `at_most`: column <= setting. `one_of`: the column is one of `labels`. `same_direction`:
the action points in the setup's direction. `cutoff`: not a short, and column >= setting.
"""


@dataclass(frozen=True)
class Floor:
    """One floor of the gate; every comparison includes equality.

    Attributes
    ----------
    name
        In `todays_setups.failed_floors`.
    setting
        Field of section `gates`; a number for `at_least`, `at_most` and `cutoff`, else a switch.
    column
        Compared column of `candidates`; `cutoff` uses a column of `percentile_ranks`, a floor on a signal one of
        `signal_ranks`.
    rule
        How.
    flag
        Column of `graded_setups` with the verdict, alone or combined with other floors.
    label
        Label on the report's page.
    off
        Value of the setting that turns the floor off: every setup passes.
    missing
        Number used for a null; None: a null fails.
    labels
        Labels that pass a `one_of`.
    is_optional
        Unknown to the reports of the legacy profile, which show it only if it is on.
    signal
        Signal whose percentile is compared; empty: a floor of the built-in list.
    needs_target
        It compares something of a target: a setup without one (neither `target` nor `rr`) passes.
    """

    name: str
    setting: str
    column: str
    rule: Rule
    flag: str
    label: str
    off: float | bool | None
    missing: float | None = None
    labels: tuple[str, ...] = ()
    is_optional: bool = False
    signal: str = ""
    needs_target: bool = False

    @property
    def is_number(self) -> bool:
        """Whether the setting is a number, so that the distance of a setup from it can be measured."""
        return self.rule in ("at_least", "at_most", "cutoff")

    def is_on(self, value: Any) -> bool:
        """Whether the floor can stop a setup at this value of its setting."""
        if self.off is None or isinstance(self.off, bool):
            return value is not None and value is not self.off
        return value > self.off


@dataclass(frozen=True)
class Flag:
    """Column of `graded_setups` with the verdict of one floor or several combined."""

    name: str
    description: str


@dataclass(frozen=True)
class Variant:
    """Row of the gate ablation: the gate without the floors of some flags; the momentum cutoff always applies.

    Attributes
    ----------
    name
        `gate_ablation.variant`, in the golden reports too.
    label
        Label on the report's page.
    drops
        Flags whose floors are removed.
    advice
        Name of the dropped floor in `recommendation.item_key`; None: no advice on it.
    sentence_name
        Name of the dropped floor in a sentence of advice.
    """

    name: str
    label: str
    drops: tuple[str, ...] = ()
    advice: str | None = None
    sentence_name: str = ""


MOMENTUM = "momentum"
"""Name of the percentile floor: the last one, kept by the ablation."""

MOMENTUM_FLAG = "momentum_ok"
"""Its column in `graded_setups`."""

RANKING = "ranking"
"""Setting of section `gates` that names what is ranked; it is no floor."""

BUILT_IN_RANKING = "residual_momentum"
"""The built-in ranking of the gate: residual momentum, or raw momentum in weeks in which few tickers have it."""

# Off at 0: no reward-to-risk, confidence or probability is negative; a missing R:R of a target fails even then.
FLOORS: tuple[Floor, ...] = (
    Floor("rr", "min_rr", "rr", "at_least", "rr_ok", "Minimum reward-to-risk", off=0.0, needs_target=True),
    Floor(
        "confidence",
        "min_confidence",
        "confidence",
        "at_least",
        "confidence_ok",
        "Minimum confidence",
        off=0.0,
        missing=0.0,
    ),
    Floor(
        "probability",
        "min_target_probability",
        "best_prob",
        "at_least",
        "tighteners_ok",
        "Minimum probability of a target",
        off=0.0,
        missing=0.0,
        is_optional=True,
        needs_target=True,
    ),
    Floor(
        "ev",
        "min_ev",
        "ev",
        "at_least",
        "tighteners_ok",
        "Minimum expected value",
        off=None,
        is_optional=True,
        needs_target=True,
    ),
    Floor("neutral", "exclude_neutral", "action", "same_direction", "neutral_ok", "Action must agree", off=False),
    Floor(
        "conviction",
        "require_high_conviction",
        "action",
        "one_of",
        "tighteners_ok",
        "High conviction only",
        off=False,
        labels=("LONG_HIGH", "SHORT_HIGH"),
    ),
    Floor(
        "conflicts",
        "exclude_conflicts",
        "risk_level",
        "one_of",
        "tighteners_ok",
        "No conflicts only",
        off=False,
        labels=("Low",),
    ),
    Floor(
        MOMENTUM,
        "min_momentum_percentile",
        "activation_momentum_percentile",
        "cutoff",
        MOMENTUM_FLAG,
        "Minimum percentile",
        off=0.0,
    ),
)

_ON_A_SIGNAL = re.compile(r"([a-z][a-z0-9_]*)_(at_least|at_most)")


def signal_floor(signal: str, rule: str) -> str:
    """Name and setting of the floor on a signal's percentile; no field of section `gates` ends like it.

    >>> signal_floor("reversal_1w", "at_least")
    'reversal_1w_at_least'
    """
    return f"{signal}_{rule}"


def percentile_of(signal: str) -> str:
    """Column with a signal's percentile."""
    return f"percentile_of_{signal}"


def value_of(signal: str) -> str:
    """Column with a signal's value."""
    return f"value_of_{signal}"


def signal_of(column: str) -> tuple[str, str] | None:
    """Signal of a column with its value or percentile, and which of both it is; None for another column.

    >>> signal_of("value_of_vol_6m"), signal_of("percentile_of_vol_6m"), signal_of("percentile")
    (('vol_6m', 'value'), ('vol_6m', 'percentile'), None)
    """
    what, of, signal = column.partition("_of_")
    return (signal, what) if of and what in ("value", "percentile") else None


def floors_of(gates: Iterable[str]) -> tuple[Floor, ...]:
    """Every floor of a gate, from the names of its values: the list, with floors on signals before the cutoff.

    >>> [floor.name for floor in floors_of(["min_rr", "vol_6m_at_most"])][-2:]
    ['vol_6m_at_most', 'momentum']
    """
    found = [match for name in dict.fromkeys(gates) if (match := _ON_A_SIGNAL.fullmatch(name))]
    return (*FLOORS[:-1], *(_on_a_signal(match[1], match[2]) for match in found), FLOORS[-1]) if found else FLOORS


def _on_a_signal(signal: str, rule: Any) -> Floor:
    name, label = signal_floor(signal, rule), f"Percentile of {signal} {rule.replace('_', ' ')}"
    column = percentile_of(signal)
    return Floor(name, name, column, rule, f"{name}_ok", label, off=None, is_optional=True, signal=signal)


def compared_signals(gates: Iterable[str]) -> tuple[str, ...]:
    """Signals on which a gate has floors, each once, from the names of its values."""
    return tuple(dict.fromkeys(floor.signal for floor in floors_of(gates) if floor.signal))


CORE_FLAGS: tuple[Flag, ...] = (
    Flag("rr_ok", "reward-to-risk floor passed"),
    Flag("confidence_ok", "confidence floor passed"),
    Flag("neutral_ok", "action points in the setup's direction, or this floor is off"),
    Flag("tighteners_ok", "conviction, conflict, probability and expected-value floors passed"),
)
"""Flags of every floor except the momentum cutoff, in column order."""

_WHOLE_FLAGS = (
    Flag("meets_core", "every floor except the momentum gate passed"),
    Flag(MOMENTUM_FLAG, "momentum gate passed"),
    Flag("qualified", "every floor and the momentum gate passed"),
)

FLAGS: tuple[Flag, ...] = (*CORE_FLAGS, *_WHOLE_FLAGS)
"""Every verdict of the built-in floors in `graded_setups`, in column order."""


def core_flags(floors: Sequence[Floor]) -> tuple[Flag, ...]:
    """Flags of every floor except the momentum cutoff, in column order: each floor on a signal has its own."""
    return (*CORE_FLAGS, *(Flag(f.flag, f"{f.label[0].lower()}{f.label[1:]} passed") for f in floors if f.signal))


def flags_of(floors: Sequence[Floor]) -> tuple[Flag, ...]:
    """Every verdict of the gate, in column order."""
    return (*core_flags(floors), *_WHOLE_FLAGS)


ALL_FLOORS = "all_floors"
VARIANTS: tuple[Variant, ...] = (
    Variant(ALL_FLOORS, "All floors"),
    Variant("no_confidence_floor", "Without confidence", ("confidence_ok",), "confidence", "confidence floor"),
    Variant("no_rr_floor", "Without reward-to-risk", ("rr_ok",), "rr", "reward-to-risk floor"),
    Variant(
        "no_neutral_exclusion",
        "With neutral actions",
        ("neutral_ok",),
        "neutral_exclusion",
        "exclusion of neutral actions",
    ),
    Variant("momentum_only", "Momentum gate only", tuple(flag.name for flag in CORE_FLAGS)),
)
"""Rows of the gate ablation, in order; the first is the gate as set."""


def variants_in_use(gates: Mapping[str, Any]) -> tuple[Variant, ...]:
    """Variants that the ablation shows: not those that drop nothing but optional floors which are off.

    Parameters
    ----------
    gates
        Value of each floor's setting.
    """

    def is_shown(variant: Variant) -> bool:
        dropped = [floor for floor in FLOORS if floor.flag in variant.drops]
        return not dropped or any(not f.is_optional or f.is_on(gates[f.setting]) for f in dropped)

    shown = tuple(variant for variant in VARIANTS if is_shown(variant))
    own = [floor for floor in floors_of(gates) if floor.signal]
    if not own:
        return shown
    *some, alone = shown  # the last one drops every floor
    without = [Variant(f"no_{floor.name}", variant_label(f"no_{floor.name}"), (floor.flag,)) for floor in own]
    return (*some, *without, replace(alone, drops=(*alone.drops, *(floor.flag for floor in own))))


def variant_label(name: str) -> str:
    """Label of a row of the ablation, by its name.

    >>> variant_label("no_rr_floor"), variant_label("no_vol_6m_at_most")
    ('Without reward-to-risk', 'Without vol_6m at most')
    """
    known = {variant.name: variant.label for variant in VARIANTS}
    found = _ON_A_SIGNAL.fullmatch(name.removeprefix("no_"))
    return known.get(name) or (f"Without {found[1]} {found[2].replace('_', ' ')}" if found else name)


def gate_label(setting: str) -> str:
    """Label of a value of the gate, by its setting."""
    known = {floor.setting: floor.label for floor in floors_of([setting])}
    return known.get(setting, "Ranked by" if setting == RANKING else setting)


ADVISED_VARIANTS: Mapping[str, Variant] = {v.advice: v for v in VARIANTS if v.advice is not None}
"""The variants with advice, by the name of the floor there."""


def loosest(gates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The loosest value of each floor over `gates`.

    >>> off = {floor.setting: floor.off for floor in FLOORS}
    >>> found = loosest([off | {"min_rr": 2.0, "min_confidence": 60.0}, off | {"min_rr": 1.0, "min_ev": 0.1}])
    >>> found["min_rr"], found["min_confidence"], found["min_ev"]
    (1.0, 0.0, None)
    """
    found: dict[str, Any] = {}
    for floor in floors_of(name for gate in gates for name in gate):
        values = [gate.get(floor.setting, floor.off) if floor.signal else gate[floor.setting] for gate in gates]
        off = [value for value in values if not floor.is_on(value)]
        found[floor.setting] = off[0] if off else (max if floor.rule == "at_most" else min)(values)
    return found
