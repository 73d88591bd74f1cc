"""Variants of the portfolio: their rules, how they differ from the base, and which comparisons become advice.

Belongs here: the default list, names and labels, without loading a compiler. Does not belong here: the settings that
replace the list (`btassets.settings.variant_settings`), simulating them (`variants`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Ranking = Literal["residual", "raw"]


@dataclass(frozen=True)
class StrategyVariant:
    """A research portfolio: same floors and exits, another rank, cutoff or capacity."""

    variant: str
    ranking: Ranking
    cutoff_pct: float
    max_positions: int
    risk_frac: float = 0.01
    label: str = ""

    @property
    def rules(self) -> tuple[str, str, int, float]:
        """Everything that affects its trades, the cutoff as shown in topics and labels."""
        return (self.ranking, f"{self.cutoff_pct:g}", self.max_positions, self.risk_frac)


STRATEGY_VARIANTS = (
    StrategyVariant("production_residual_80_fixed10", "residual", 80.0, 10),
    StrategyVariant("legacy_raw_80_fixed10", "raw", 80.0, 10),
    StrategyVariant("raw_90_fixed10", "raw", 90.0, 10),
    StrategyVariant("residual_80_fixed15", "residual", 80.0, 15),
)
"""The default list; the first variant of a list is the base that the others are compared with."""


@dataclass(frozen=True)
class Comparison:
    """A variant that becomes an item of research advice: more slots, or a stricter cutoff, than the base."""

    topic: str
    variant: StrategyVariant
    base: StrategyVariant

    @property
    def is_capacity(self) -> bool:
        """Whether only the number of slots differs."""
        return self.topic.startswith(_CAPACITY)


_CAPACITY, _CUTOFF = "capacity_", "cutoff_"


def comparisons(variants: Sequence[StrategyVariant]) -> tuple[Comparison, ...]:
    """Comparisons with the base that become advice: wider portfolios, then stricter cutoffs with as many slots.

    >>> [c.topic for c in comparisons(STRATEGY_VARIANTS)]
    ['capacity_15', 'cutoff_90']
    """
    if not variants:
        return ()
    base = variants[0]
    wider = [
        Comparison(f"{_CAPACITY}{v.max_positions}", v, base)
        for v in variants[1:]
        if v.max_positions > base.max_positions
        and (v.ranking, v.cutoff_pct, v.risk_frac) == (base.ranking, base.cutoff_pct, base.risk_frac)
    ]
    stricter = [
        Comparison(f"{_CUTOFF}{v.cutoff_pct:g}{'' if v.ranking == 'raw' else '_residual'}", v, base)
        for v in variants[1:]
        if v.cutoff_pct > base.cutoff_pct and (v.max_positions, v.risk_frac) == (base.max_positions, base.risk_frac)
    ]
    return (*wider, *stricter)


def comparison_label(topic: str) -> str | None:
    """Label of a comparison's topic; None for any other topic of the advice.

    >>> comparison_label("capacity_15"), comparison_label("cutoff_90_residual"), comparison_label("cutoff")
    ('15 positions', 'Residual momentum at 90', None)
    """
    if topic.startswith(_CAPACITY):
        return f"{topic.removeprefix(_CAPACITY)} positions"
    if not topic.startswith(_CUTOFF):
        return None
    cutoff, _, ranking = topic.removeprefix(_CUTOFF).partition("_")
    return f"{(ranking or 'raw').capitalize()} momentum at {cutoff}"


def difference(variant: StrategyVariant, base: StrategyVariant) -> str:
    """Rules that differ from the base, in a few words; empty for the base itself.

    >>> [difference(v, STRATEGY_VARIANTS[0]) for v in STRATEGY_VARIANTS]
    ['', 'raw 80', 'raw 90', '15 slots']
    """
    parts: list[str] = []
    if (variant.ranking, variant.cutoff_pct) != (base.ranking, base.cutoff_pct):
        parts.append(f"{variant.ranking} {variant.cutoff_pct:g}")
    if variant.max_positions != base.max_positions:
        parts.append(f"{variant.max_positions} slots")
    if variant.risk_frac != base.risk_frac:
        parts.append(f"{variant.risk_frac * 100:g}% risk")
    return ", ".join(parts)


def variant_label(variant: StrategyVariant, base: StrategyVariant) -> str:
    """Label in the report: the given one, else what differs from the base; the base has its own rules.

    >>> [variant_label(v, STRATEGY_VARIANTS[0]) for v in STRATEGY_VARIANTS[:2]]
    ['residual 80, 10 slots', 'raw 80']
    """
    own = f"{variant.ranking} {variant.cutoff_pct:g}, {variant.max_positions} slots"
    return variant.label or difference(variant, base) or own
