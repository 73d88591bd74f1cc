"""Runs of the command line belong to the code location that the page shows."""

from pathlib import Path

from btassets.book.book import open_book
from btassets.defs.schedules import MODULE
from btassets.instance.dagster_home import open_instance
from btassets_tests.support.book_factory import call


def test_runs_of_the_command_line_name_their_origin(book: Path) -> None:
    assert call("run", "--book", book, "--quiet", "--set", "gates.min_rr=1.7").code == 0
    with open_instance(open_book(book).instance) as instance:
        runs = instance.get_runs()
    assert {run.job_name for run in runs} == {"everything", "scenario"}
    for run in runs:
        origin = run.remote_job_origin
        assert origin is not None
        assert origin.repository_origin.repository_name == "__repository__"
        assert origin.repository_origin.code_location_origin.location_name == MODULE
        assert origin.job_name == run.job_name
