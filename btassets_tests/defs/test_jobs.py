"""Jobs of the page."""

from btassets.defs.jobs import build_jobs


def test_jobs_have_names_a_trader_understands() -> None:
    assert [job.name for job in build_jobs()] == [
        "everything",
        "replay",
        "analysis",
        "report",
        "full_backfill",
        "without_edge",
        "scenario",
    ]
