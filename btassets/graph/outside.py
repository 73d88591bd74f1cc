"""Inputs and outputs of stages beyond tables and settings.

Belongs here: each such input and output once, by name, with the functions that read, version, write and find it. Does
not belong here: these functions (`btassets.run.outside`, `btassets.run.beside`).
"""

from dataclasses import dataclass

from btassets.settings.source_kinds import OWN_OPENER, SOURCE_KINDS


@dataclass(frozen=True)
class OutsideInput:
    """An input of stages that is neither a table nor a setting.

    Attributes
    ----------
    name
        Name in the declarations and in `tables.outside(name)`.
    about
        Description.
    read
        `module:function` that returns the value for a stage, given the book.
    version
        `module:function` that returns its version, part of the input hash, given the book.
    code
        Modules that affect the value: part of the code of every stage that reads it.
    """

    name: str
    about: str
    read: str
    version: str
    code: tuple[str, ...] = ()


@dataclass(frozen=True)
class BesideOutput:
    """An output of a stage beyond tables, written by the runner.

    Attributes
    ----------
    name
        Name in the declarations, and the field of `StageResult` that holds it.
    about
        Description.
    write
        `module:function` that writes it, given the book and the result.
    is_there
        `module:function` that tests whether it still exists; if not, the stage is stale.
    """

    name: str
    about: str
    write: str
    is_there: str


_OPENERS = (*(kind.module for kind in SOURCE_KINDS), OWN_OPENER.partition(":")[0])
_OUTSIDE = "btassets.run.outside"
_BESIDE = "btassets.run.beside"
_OWN = "btassets.run.signal_trials"

OUTSIDE: dict[str, OutsideInput] = {
    entry.name: entry
    for entry in (
        OutsideInput(
            "source",
            "The open source of the bars. Versioned per ticker by the change markers in the footers.",
            f"{_OUTSIDE}:open_bar_source",
            f"{_OUTSIDE}:unversioned",
            ("btassets.sources.open_source", *_OPENERS),
        ),
        OutsideInput(
            "exchange_calendar",
            "Sessions of the exchange named by the setting `calendar`.",
            f"{_OUTSIDE}:exchange_calendar",
            f"{_OUTSIDE}:unversioned",
            ("btassets.sources.calendar.calendars",),
        ),
        OutsideInput(
            "membership",
            "Dated universe membership from the file of `universe.membership`; None without one.",
            f"{_OUTSIDE}:membership",
            f"{_OUTSIDE}:membership_version",
            ("btassets.sources.universe.membership",),
        ),
        OutsideInput(
            "verification",
            "Whether the stored setups passed the lookahead check, and the last ticker that failed it.",
            f"{_OUTSIDE}:verification",
            f"{_OUTSIDE}:unversioned",
        ),
        OutsideInput(
            "findings",
            "Findings of the last readings, from the footers of the bars; they can change without a change of bars.",
            f"{_OUTSIDE}:no_value",
            f"{_OUTSIDE}:findings_version",
        ),
        OutsideInput(
            "benchmark",
            "Raw bars of the benchmark, from its file or the source.",
            f"{_OUTSIDE}:benchmark_bars",
            f"{_OUTSIDE}:benchmark_version",
            ("btassets.sources.open_source", *_OPENERS),
        ),
        OutsideInput(
            "groups",
            "Group of each ticker, from the file of `statistics.groups`; empty without one.",
            f"{_OUTSIDE}:group_file",
            f"{_OUTSIDE}:group_file_version",
        ),
        OutsideInput(
            "own_sources",
            "Sources of own signals: files of own/ and modules of installed packages, by the hash of their content.",
            f"{_OWN}:own_sources",
            f"{_OWN}:own_sources_version",
        ),
        OutsideInput(
            "own_stages",
            "Own stages as declared. The hash of each one's code is part of its own input hash.",
            "btassets.run.own_flow.own_stages:own_stages",
            f"{_OUTSIDE}:unversioned",
            ("btassets.own.stages.stage_child",),
        ),
        OutsideInput(
            "setup_rule",
            "The own setup rule that the book uses, by the hash of its source; None: the built-in one.",
            "btassets.run.setup_rule:setup_rule",
            "btassets.run.setup_rule:setup_rule_version",
            ("btassets.stages.replay.own_setups",),
        ),
        OutsideInput(
            "signals_tried",
            "Own signals that were ever judged: they count in the family of own signals.",
            f"{_OWN}:signals_tried",
            f"{_OWN}:signals_tried_version",
        ),
        OutsideInput(
            "trials",
            "Configurations counted by the scenario's deflated Sharpe ratio, from the ledger of trials.",
            f"{_OUTSIDE}:trials_counted",
            f"{_OUTSIDE}:trials_counted",
            ("btassets.run.trials",),
        ),
        OutsideInput(
            "configurations",
            "Distinct configurations simulated by one run of the scenario.",
            f"{_OUTSIDE}:configurations_of_run",
            f"{_OUTSIDE}:configurations_of_run",
            ("btassets.run.trials",),
        ),
        OutsideInput(
            "verdict_history",
            "Earlier verdicts on the scenario's claims. It grows with every run, so it is not versioned.",
            f"{_OUTSIDE}:verdict_history",
            f"{_OUTSIDE}:unversioned",
            ("btassets.run.verdict_history",),
        ),
        OutsideInput(
            "null_versions",
            "Numbers of the newest versions of the market without an edge; None before they were run.",
            "btassets.run.null_versions:null_versions",
            "btassets.run.null_versions:null_versions_version",
            ("btassets.run.null_versions",),
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
            "Results of shown setups, as first graded. It grows with every run, so it has no version.",
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
            "signal_trials",
            "Own signals judged by the run, for their ledger.",
            f"{_OWN}:write_signal_trials",
            f"{_OWN}:has_signal_trials",
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
