"""Selection, order and number of the findings printed."""

from btassets.stages.bars.findings.data_findings import finding_lines, first_refusals, grouped


def row(ticker: str, rule: str, severity: str, text: str = "") -> dict[str, object]:
    return {"ticker": ticker, "rule": rule, "severity": severity, "date": None, "n": 1, "text": text or f"{ticker}: x."}


def test_order_by_harm_and_silence_about_small_things() -> None:
    rows = [
        row("A", "Q5", "quarantine"),
        row("B", "Q28", "warn"),
        row("", "Q25", "warn", "basis."),
        row("C", "Q10", "warn"),
        row("D", "Q16", "warn"),
        row("E", "Q7", "warn", "E 2020-01-06: close 1 to 2; kept."),
        row("F", "Q7", "warn", "F 2020-01-06: fall from 10 to 1; kept."),
        row("G", "Q23", "block"),
    ]
    assert [(found.rule, found.tickers) for found in grouped(rows)] == [
        ("Q25", ()),
        ("Q23", ("G",)),
        ("Q28", ("B",)),
        ("Q7", ("F",)),
        ("Q5", ("A",)),
    ]


def test_many_of_a_kind_are_one_line() -> None:
    rows = [row(f"T{k}", "Q4", "quarantine") for k in range(7)]
    found = grouped(rows)
    assert [one.text for one in found] == ["T0: x. [Q4] (and 6 more: T1, T2, T3, ...)"]
    assert len(grouped(rows[:3])) == 3


def test_what_is_said_of_all_is_not_said_of_each() -> None:
    rows = [row(f"T{k}", "Q25", "warn") for k in range(3)] + [row("", "Q25", "warn", "3 of 3 files.")]
    assert [one.text for one in grouped(rows)] == ["3 of 3 files. [Q25]"]


def test_at_most_five_lines_and_the_rest_counted() -> None:
    found = grouped([row("", "Q24", "warn", f"day {k}.") for k in range(7)])
    lines = finding_lines(found)
    assert len(lines) == 6
    assert lines[-1].startswith("... and 2 more kinds")


def test_refusals_by_rule_the_most_frequent_first() -> None:
    def facts(rule: str, text: str) -> dict[str, object]:
        return {"problems": [[rule, "block", None, 1, text]], "blocked": text}

    footers = {"A": facts("Q2", "A: name."), "B": facts("Q1", "B: column."), "C": facts("Q1", "C: column.")}
    footers["GOOD"] = {"problems": [], "blocked": None}
    assert first_refusals(footers) == ["B: column. (2 tickers)", "A: name."]
    assert first_refusals({}) == []
