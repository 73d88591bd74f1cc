"""What stages read and write beyond tables and settings.

Belongs here: each such input and output once, by name, with where it is read, versioned, written and found.
Does not belong here: doing so (`btassets.run.outside`, `btassets.run.beside`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class OutsideInput:
    """An input of stages that is no table and no setting.

    Attributes
    ----------
    name
        Under which stages declare it and ask for it: `tables.outside(name)`.
    about
        What it is.
    read
        `module:function` that gives a stage its value, from the book.
    version
        `module:function` of its version, part of the input hash, from the book.
    code
        Modules that decide what it says: part of the code of every stage that reads it.
    """

    name: str
    about: str
    read: str
    version: str
    code: tuple[str, ...] = ()


@dataclass(frozen=True)
class BesideOutput:
    """Something that a stage returns beyond tables, and the runner writes.

    Attributes
    ----------
    name
        Under which stages declare it, and the field of `StageResult` that holds it.
    about
        What it is.
    write
        `module:function` that writes it, from the book and the result.
    is_there
        `module:function` that says whether it is still there: without it the stage is not fresh.
    """

    name: str
    about: str
    write: str
    is_there: str


_OUTSIDE = "btassets.run.outside"
_BESIDE = "btassets.run.beside"

OUTSIDE: dict[str, OutsideInput] = {
    entry.name: entry
    for entry in (
        OutsideInput(
            "source",
            "The source of the bars, open. Its version is per ticker: the change markers in the footers.",
            f"{_OUTSIDE}:open_bar_source",
            f"{_OUTSIDE}:unversioned",
            ("btassets.sources.open_source",),
        ),
        OutsideInput(
            "exchange_calendar",
            "Sessions of the exchange that the setting `calendar` names.",
            f"{_OUTSIDE}:exchange_calendar",
            f"{_OUTSIDE}:unversioned",
            ("btassets.sources.calendar.calendars",),
        ),
        OutsideInput(
            "membership",
            "Who belonged to the universe when, from the file of `universe.membership`; None without one.",
            f"{_OUTSIDE}:membership",
            f"{_OUTSIDE}:membership_version",
            ("btassets.sources.universe.membership",),
        ),
        OutsideInput(
            "verification",
            "Whether the stored setups passed the lookahead check, and the ticker that failed it last.",
            f"{_OUTSIDE}:verification",
            f"{_OUTSIDE}:unversioned",
        ),
        OutsideInput(
            "findings",
            "Findings of the readings in the footers of the bars: they may change where no bar does.",
            f"{_OUTSIDE}:no_value",
            f"{_OUTSIDE}:findings_version",
        ),
        OutsideInput(
            "benchmark",
            "Raw bars of the benchmark, from its file or the source.",
            f"{_OUTSIDE}:benchmark_bars",
            f"{_OUTSIDE}:benchmark_version",
            ("btassets.sources.open_source", "btassets.sources.files.bar_folder"),
        ),
        OutsideInput(
            "groups",
            "Group of each ticker, from the file of `statistics.groups`; empty without one.",
            f"{_OUTSIDE}:group_file",
            f"{_OUTSIDE}:group_file_version",
        ),
        OutsideInput(
            "trials",
            "Configurations that the deflated Sharpe ratio of the scenario counts, from the ledger of trials.",
            f"{_OUTSIDE}:trials_counted",
            f"{_OUTSIDE}:trials_counted",
            ("btassets.run.trials",),
        ),
        OutsideInput(
            "configurations",
            "Distinct configurations that one run of the scenario simulates.",
            f"{_OUTSIDE}:configurations_of_run",
            f"{_OUTSIDE}:configurations_of_run",
            ("btassets.run.trials",),
        ),
        OutsideInput(
            "verdict_history",
            "What earlier runs said of the scenario's claims. It grows with every run, so it has no version.",
            f"{_OUTSIDE}:verdict_history",
            f"{_OUTSIDE}:unversioned",
            ("btassets.run.verdict_history",),
        ),
        OutsideInput(
            "shown_lists",
            "Every list as it was shown. It grows with every run, so it has no version.",
            f"{_OUTSIDE}:shown_lists",
            f"{_OUTSIDE}:unversioned",
            ("btassets.run.shown_lists",),
        ),
        OutsideInput(
            "first_results",
            "What became of shown setups, as it was graded first. It grows with every run, so it has no version.",
            f"{_OUTSIDE}:first_results",
            f"{_OUTSIDE}:unversioned",
            ("btassets.run.shown_lists",),
        ),
    )
}

BESIDE: dict[str, BesideOutput] = {
    entry.name: entry
    for entry in (
        BesideOutput(
            "trials",
            "Results of the simulated configurations, for the ledger of trials.",
            f"{_BESIDE}:write_trials",
            f"{_BESIDE}:has_trials",
        ),
        BesideOutput(
            "verdicts",
            "Verdicts of the run at its last session, for the history of verdicts.",
            f"{_BESIDE}:write_verdicts",
            f"{_BESIDE}:has_verdicts",
        ),
        BesideOutput(
            "journal",
            "The list of the run, for the journal.",
            f"{_BESIDE}:write_journal",
            f"{_BESIDE}:has_journal",
        ),
        BesideOutput(
            "journal_results",
            "Results of shown setups that were graded for the first time, for the journal.",
            f"{_BESIDE}:write_journal_results",
            f"{_BESIDE}:has_journal_results",
        ),
        BesideOutput(
            "report",
            "Files of the report: report.json, report.md, report.html.",
            f"{_BESIDE}:write_report_files",
            f"{_BESIDE}:has_report_files",
        ),
    )
}
