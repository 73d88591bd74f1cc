"""The words of the report, each with one meaning.

Belongs here: plain definitions. Does not belong here: definitions that decide numbers (docs/method).
"""

GLOSSARY = (
    ("As-of date", "The last session whose bar may be known; a setup uses nothing later."),
    ("Setup", "Direction, entry, stop and target of one ticker at one as-of date."),
    ("R", "One R is the distance from entry to stop; +2R is twice what was risked."),
    ("Gross, net", "Before and after costs of both sides."),
    (
        "Target, stop, expired",
        "Which level was touched first within 30 sessions; both in one bar count as the stop.",
    ),
    ("Hit rate", "Targets of targets and stops together; expired setups are left out."),
    (
        "Without best 5%",
        "Mean after the best twentieth of the setups is taken away; a result that needs them is fragile.",
    ),
    ("Profit factor", "Sum of net gains over sum of net losses."),
    ("Confidence", "How far trend, momentum and volume agree on a direction, 0-100."),
    (
        "Stated probability",
        "Chance that the target comes before the stop, were prices without drift.",
    ),
    ("Percentile", "Rank of the ticker's momentum in its week, 100 the strongest."),
    (
        "Momentum 12-1",
        "Return from 252 to 21 sessions ago; residual: what is left of it without the benchmark's part.",
    ),
    ("Floor, gate", "One minimum that a setup has to pass; all of them together with the percentile."),
    ("Ablation", "The gate without one of its floors."),
    ("IC", "Rank correlation of a signal with the return of the next 30 sessions, per week."),
    ("Quintile spread", "Mean return of the top fifth minus that of the bottom fifth."),
    ("Reliable", "Enough windows that hardly overlap to be read at all: twelve."),
    ("CAGR", "Compound annual rate by calendar days."),
    ("Drawdown", "Fall from the highest close so far."),
    (
        "Sharpe",
        "Mean of daily returns over their standard deviation, times the root of 252; no risk-free rate.",
    ),
    ("Exposure", "Share of equity that is invested."),
    (
        "Equal weight",
        "Equal dollars in every ticker that was eligible at the first week: held, or renewed each week.",
    ),
    ("Survivorship", "A list made today leaves out what failed before; its past looks better than it was."),
    ("Signal day", "The last session of a completed week, when the tested rules would trade."),
)
"""Term and meaning, in the order in which a reader meets them."""
