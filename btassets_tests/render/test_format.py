"""Text of one value: signs, rounding, missing values, and safety inside HTML."""

import pytest

from btassets.render.format import esc, html, prose, shown


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (1234.5, "n", "1,234"),
        (1235.5, "n", "1,236"),
        (-0.004, "num2", "0.00"),  # no minus before a rounded zero
        (-0.0004, "r3", "+0.000R"),
        (0.0, "spct", "+0.0%"),
        (-12.345, "spct", "-12.3%"),
        (12.345, "pct2", "12.35%"),
        (1e6, "usd", "1,000,000.00"),
        (True, "yes", "yes"),
        (0, "yes", "no"),
        ("no_next_bar", "words", "no next bar"),
        (0.5, "g", "0.5"),
        (30.0, "g", "30"),
        (0, "n", "0"),
        (1234.56, "num1", "1,234.6"),
        (0.12345, "num4", "0.1235"),
        (3.0, "sn", "+3"),
        (-0.26, "snum1", "-0.3"),
        (0.5, "snum2", "+0.50"),
        (0.00005, "snum4", "+0.0001"),
        (1234.5, "usd0", "1,234"),
        (4.56, "pct", "4.6%"),
        (4.56, "pct0", "5%"),
        (-1.25, "points", "-1.2"),
        (0.1, "r2", "+0.10R"),
        (-0.1, "r4", "-0.1000R"),
    ],
)
def test_a_value_in_the_form_of_its_kind(value, kind, text):
    assert shown(value, kind) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (999, "999"),
        (1_000, "1.0k"),
        (999_900, "999.9k"),
        (1e6, "1.0m"),
        (1e9, "1.0bn"),
        (2.55e9, "2.5bn"),
        (-4e6, "-4.0m"),
        (0, "0"),
    ],
)
def test_compact_money_changes_its_unit_at_each_thousand(value, text):
    assert shown(value, "compact") == text


@pytest.mark.parametrize(("value", "text"), [(1.0, "1.00"), (0.99999, "1.0000"), (0.1234, "0.1234"), (-3.0, "-3.00")])
def test_a_price_below_one_has_four_digits(value, text):
    assert shown(value, "price") == text


@pytest.mark.parametrize("kind", ["text", "n", "pct", "price", "compact", "yes", "words"])
def test_nothing_is_a_dash_in_every_kind_and_zero_is_a_result(kind):
    assert shown(None, kind) == shown("", kind) == "-"
    assert shown(0, kind) != "-"


def test_every_kind_of_text_is_safe_in_markup():
    assert html("<b>&\"'", "text") == "&lt;b&gt;&amp;&quot;&#x27;"
    assert html("a_<b>", "words") == "a &lt;b&gt;"
    assert esc(3.5) == "3.5"


def test_dates_in_a_sentence_do_not_break_and_the_rest_is_escaped():
    assert prose("from 2020-01-02 <to> 2021-12-31.") == (
        'from <span class="date">2020-01-02</span> &lt;to&gt; <span class="date">2021-12-31</span>.'
    )
    assert "span" not in prose("12020-01-023")
