"""The terms of the report, each with one meaning.

Belongs here: plain definitions. Does not belong here: definitions that affect numbers (docs/method).
"""

GLOSSARY = (
    ("As-of date", "The last session whose bar may be known; a setup uses no later data."),
    ("Setup", "Direction, entry, stop and target of one ticker at one as-of date."),
    ("R", "One R is the distance from entry to stop; +2R is twice the amount risked."),
    ("Gross, net", "Before and after costs of both sides."),
    (
        "Target, stop, expired",
        "Which level was touched first within {horizon_days} sessions; both in one bar count as the stop.",
    ),
    ("Hit rate", "Share of targets among targets and stops; expired setups are left out."),
    (
        "Without best 5%",
        "Mean without the best 5% of the setups; a result that depends on them is fragile.",
    ),
    ("Profit factor", "Sum of net gains / sum of net losses."),
    ("Confidence", "Agreement of trend, momentum and volume on a direction, 0-100."),
    ("Stated probability", "Chance that the target is hit before the stop if prices have no drift."),
    ("Percentile", "Rank of the ticker's momentum in its week, 100 the strongest."),
    (
        "Momentum 12-1",
        "Return from 252 to 21 sessions ago; residual: less beta times the benchmark's return.",
    ),
    ("Floor, gate", "One minimum that a setup must pass; the gate is all floors and the percentile cutoff."),
    ("Ablation", "The gate without one of its floors."),
    ("IC", "Rank correlation of a signal with the return of the next 30 sessions, per week."),
    ("Quintile spread", "Mean return of the top fifth minus that of the bottom fifth."),
    ("Reliable", "At least twelve windows that hardly overlap."),
    ("CAGR", "Compound annual rate by calendar days."),
    ("Drawdown", "Fall from the highest close so far."),
    (
        "Sharpe",
        "Mean of daily returns over their standard deviation, times sqrt(252); no risk-free rate.",
    ),
    ("Exposure", "Share of equity invested."),
    (
        "Equal weight",
        "Equal dollars in every ticker eligible at the first week: held, or rebalanced each week.",
    ),
    (
        "Survivorship",
        "Bias of a present-day list: it omits tickers that failed earlier, so past results look too good.",
    ),
    ("Signal day", "The last session of a completed week, on which the tested rules trade."),
)
"""Term and meaning, in reading order; `{horizon_days}` is that of the report."""
