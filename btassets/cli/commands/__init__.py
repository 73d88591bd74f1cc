"""The commands by name, each with the line that help shows.

Belongs here: names and one line each, so that `btassets --help` imports no command. A new command is a line here
and a module of the same name with a `command`, made by `btassets.cli.program.declare`.
"""

COMMANDS = {
    "demo": "Run the whole graph on a synthetic market; needs no data of your own.",
    "init": "Make a book: a folder with a settings file that explains every setting.",
    "doctor": "Check the book: versions, source, calendar, coverage, permissions, disk.",
    "config": "Print the settings in force and where each comes from.",
    "ingest": "Read new bars from the source; resumes where it stopped.",
    "run": "Bring everything up to date: bars, replay, analysis, report.",
    "plan": "List what a run would compute, and why.",
    "today": "List what qualifies at the last session, with sizes, and the nearest misses.",
    "journal": "Print the lists as they were shown, what became of them, and the live verdict.",
    "grade": "Make the whole report for a table of setups made elsewhere.",
    "compare": "Compare two scenarios, paired: differences with intervals, trades added and removed.",
    "sweep": "Simulate a portfolio for every cell of a grid of settings over one replay.",
    "null-market": "Repeat the analysis on the book's own market with the edge destroyed.",
    "report": "Print the headline of the report and its path.",
    "export": "Write a table as Parquet, CSV or JSON.",
    "sql": "Query the tables in SQL (DuckDB, read-only).",
    "ui": "Serve the book's Dagster page and its reports, on this machine only.",
    "schedule": "Turn the daily run after the session's close and the new-bars sensor on or off.",
    "prune": "Delete old runs, landed files and reports; numbers and tables stay.",
    "forget": "Take tickers that left the source out of the book, with their bars.",
    "completion": "Print the completion script for bash, zsh or fish.",
}
