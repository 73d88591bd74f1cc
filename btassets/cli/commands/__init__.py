"""The commands by name, each with its line of help.

Belongs here: names and one line each, so that `btassets --help` imports no command. A new command is a line here and a
module of the same name with a `command`, built by `btassets.cli.program.declare`.
"""

COMMANDS = {
    "demo": "Run the whole graph on a synthetic market; needs no data of your own.",
    "init": "Create a book: a folder with a commented settings file.",
    "doctor": "Check the book: versions, source, calendar, coverage, permissions, disk.",
    "config": "Print the settings in force and the source of each.",
    "ingest": "Read new bars from the source; resumes after an interruption.",
    "run": "Update everything: bars, replay, analysis, report.",
    "plan": "List what a run would compute, and why.",
    "today": "List the setups that qualify at the last session, with sizes, and the nearest misses.",
    "journal": "Print the lists as they were shown, their results, and the live verdict.",
    "fills": "Import fills of a broker, and compare them with the setups that were shown.",
    "alerts": "Send each new fact once to the destinations of the settings, or print what would be sent.",
    "grade": "Produce the whole report for your own table of setups.",
    "own": "List every signal, setup rule and own stage, with its state.",
    "compare": "Compare two scenarios, paired: differences with intervals, trades added and removed.",
    "sweep": "Simulate a portfolio for every cell of a grid of settings.",
    "null-market": "Repeat the analysis on the book's own market with the edge destroyed.",
    "report": "Print the headline of the report and its path.",
    "export": "Write a table as Parquet, CSV or JSON.",
    "sql": "Query the tables in SQL (DuckDB, read-only).",
    "ui": "Serve the book's Dagster page and its reports, on this machine only.",
    "schedule": "Turn the daily run after the session's close and the new-bars sensor on or off.",
    "cluster": "Work on the steps of a book on this host, or check every host of the cluster.",
    "prune": "Delete old runs, landed files and reports; tables are never deleted.",
    "forget": "Remove tickers that left the source, with their bars, from the book.",
    "completion": "Print the completion script for bash, zsh or fish.",
}

_FOLDERS = {"journal": "live", "fills": "live", "alerts": "live", "own": "ideas", "cluster": "machines"}
"""Commands whose module is in a folder below this one."""


def module_of(name: str) -> str:
    """Module that declares a command.

    >>> module_of("null-market"), module_of("journal")
    ('btassets.cli.commands.null_market', 'btassets.cli.commands.live.journal')
    """
    folder = f"{_FOLDERS[name]}." if name in _FOLDERS else ""
    return f"{__name__}.{folder}{name.replace('-', '_')}"
