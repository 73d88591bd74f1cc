"""A comparison on the terminal: differences with their intervals, trades, settings."""

from btassets.studies.compare.compare_text import compare_text


def difference(**changes):
    row = {"measure": "net_r", "exit": "target", "unit": "r", "first": 0.0123, "second": -0.02, "difference": -0.0323}
    return row | {"ci_lo": -0.05, "ci_hi": -0.01, "verdict": "lower"} | changes


def groups(*counts):
    return [
        {"group": name, "n": n, "net_avg_r": r}
        for name, (n, r) in zip(("both", "removed", "added"), counts, strict=True)
    ]


DOCUMENT = {
    "scenarios": ["base", "strict"],
    "headline": {"text": "strict against base: lower."},
    "differences": [
        difference(),
        difference(measure="sharpe", exit="hold", unit="a_year", ci_lo=None, ci_hi=None, verdict="too short"),
    ],
    "trades": {"hold": {"groups": groups((1200, 0.1), (30, -0.2), (0, None))}},
    "setups": groups((9, 0.0), (1, 0.5), (2, None)),
    "settings": [{"key": "gates.min_rr", "first": "1.5", "second": "2"}],
}


def test_each_difference_has_its_unit_its_interval_and_what_it_says():
    lines = compare_text(DOCUMENT).splitlines()
    assert lines[0] == "strict against base: lower."
    assert lines[2].split() == ["exit", "base", "strict", "difference", "95%", "interval"]
    assert "+0.0123R" in lines[3]
    assert "-0.0500R to -0.0100R" in lines[3]
    assert lines[3].endswith("lower")
    assert lines[4].startswith("Portfolio, Sharpe ratio")
    assert lines[4].split()[-6:] == ["+0.01", "-0.02", "-0.03", "-", "too", "short"]


def test_trades_and_setups_are_counted_by_side():
    lines = compare_text(DOCUMENT).splitlines()
    trades = next(line for line in lines if line.startswith("trades, fixed hold"))
    assert "1,200 at +0.100R" in trades
    assert trades.endswith("0 at -")
    assert next(line for line in lines if line.startswith("qualified setups")).endswith("2 at -")


def test_settings_are_listed_only_if_they_differ():
    assert compare_text(DOCUMENT).splitlines()[-1].split() == ["gates.min_rr", "1.5", "2"]
    assert "setting" not in compare_text(DOCUMENT | {"settings": []}).splitlines()[-2]
