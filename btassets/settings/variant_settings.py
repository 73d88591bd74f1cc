"""Settings of the portfolio variants: tables `[[variant]]`, one per research portfolio.

Belongs here: their fields and rules, and the list as the engine takes it. Does not belong here: the default list and
how variants are compared (`engine.portfolio.variant_list`).
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, field_validator

from btassets.engine.conventions import POLICIES
from btassets.engine.portfolio.variant_list import STRATEGY_VARIANTS, StrategyVariant
from btassets.settings.names import RULE, is_name
from btassets.settings.section import Percent, Section

MAX_VARIANTS = 50


class PortfolioVariant(Section):
    """One research portfolio with a fixed hold; the first of the list is the base that others are compared with."""

    name: str = Field(
        min_length=1, max_length=60, description="name of the variant in tables; one list has no name twice"
    )
    label: str = Field(default="", max_length=60, description="label in the report; empty: what differs from the base")
    ranking: Literal["residual", "raw"] = Field(
        default="residual", description="rank of the setups: residual (activation momentum) or raw (momentum)"
    )
    min_momentum_percentile: Percent = Field(default=80.0, description="minimum percentile of that rank")
    max_positions: int = Field(
        default=10, ge=1, le=10_000, strict=True, description="maximum number of positions, one per ticker"
    )
    risk_frac: Annotated[float, Field(gt=0.0, le=1.0)] = Field(default=0.01, description="equity risked per position")

    @field_validator("name")
    @classmethod
    def _usable(cls, value: str) -> str:
        if not is_name(value):
            message = f"{RULE} characters"
            raise ValueError(message)
        if value in POLICIES:
            message = f"{value} is the name of an exit policy; choose another name"
            raise ValueError(message)
        return value

    @field_validator("label")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable():
            message = "must be one line of printable text"
            raise ValueError(message)
        return value


DEFAULT_VARIANTS = tuple(
    PortfolioVariant(
        name=v.variant,
        ranking=v.ranking,
        min_momentum_percentile=v.cutoff_pct,
        max_positions=v.max_positions,
        risk_frac=v.risk_frac,
    )
    for v in STRATEGY_VARIANTS
)


def checked_variants(value: tuple[PortfolioVariant, ...]) -> tuple[PortfolioVariant, ...]:
    """Return the list, or refuse an empty or long one, a name given twice, and two variants with the same rules."""
    if not 1 <= len(value) <= MAX_VARIANTS:
        message = (
            f"must have 1 to {MAX_VARIANTS} tables, not {len(value)}; the first is the base that others are compared "
            "with. Remove the line for the default list"
        )
        raise ValueError(message)
    names: set[str] = set()
    rules: dict[tuple[str, str, int, float], str] = {}
    for variant in portfolio_variants(value):
        if variant.variant in names:
            message = f"has the name {variant.variant} twice; each variant needs a name of its own"
            raise ValueError(message)
        if variant.rules in rules:
            message = f"{rules[variant.rules]} and {variant.variant} have the same rules; remove one of them"
            raise ValueError(message)
        names.add(variant.variant)
        rules[variant.rules] = variant.variant
    return value


def portfolio_variants(value: Sequence[PortfolioVariant]) -> tuple[StrategyVariant, ...]:
    """Return the variants as the engine simulates them, in their order."""
    return tuple(
        StrategyVariant(v.name, v.ranking, v.min_momentum_percentile, v.max_positions, v.risk_frac, v.label)
        for v in value
    )
