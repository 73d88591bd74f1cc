"""The list of variants: comparisons with the base, labels and differences."""

from btassets.engine.portfolio.variant_list import (
    STRATEGY_VARIANTS,
    StrategyVariant,
    comparison_label,
    comparisons,
    difference,
    variant_label,
)

BASE = StrategyVariant("base", "residual", 80.0, 10)


def test_only_more_slots_alone_and_stricter_cutoffs_with_as_many_slots_become_advice():
    variants = (
        BASE,
        StrategyVariant("less", "residual", 80.0, 5),
        StrategyVariant("wide", "residual", 80.0, 12),
        StrategyVariant("wide_raw", "raw", 80.0, 12),
        StrategyVariant("strict", "residual", 90.0, 10),
        StrategyVariant("strict_raw", "raw", 90.0, 10),
        StrategyVariant("loose", "residual", 70.0, 10),
        StrategyVariant("strict_wide", "residual", 90.0, 12),
        StrategyVariant("strict_risky", "residual", 90.0, 10, risk_frac=0.02),
    )
    found = {c.topic: (c.variant.variant, c.base.variant, c.is_capacity) for c in comparisons(variants)}
    assert found == {
        "capacity_12": ("wide", "base", True),
        "cutoff_90_residual": ("strict", "base", False),
        "cutoff_90": ("strict_raw", "base", False),
    }
    assert comparisons(()) == comparisons((BASE,)) == ()


def test_topics_of_the_default_list_have_the_labels_of_the_report():
    assert [comparison_label(c.topic) for c in comparisons(STRATEGY_VARIANTS)] == ["15 positions", "Raw momentum at 90"]
    assert comparison_label("benchmark") is None


def test_a_difference_names_every_rule_that_differs():
    other = StrategyVariant("x", "raw", 82.5, 12, risk_frac=0.0125)
    assert difference(other, BASE) == "raw 82.5, 12 slots, 1.25% risk"
    assert (variant_label(other, BASE), variant_label(BASE, BASE)) == (difference(other, BASE), "residual 80, 10 slots")
    assert variant_label(StrategyVariant("x", "raw", 80.0, 10, label="Mine"), BASE) == "Mine"
