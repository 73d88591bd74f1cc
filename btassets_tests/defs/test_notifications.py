"""The sensor of alerts: after runs, once per fact, again after a failure."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.run.run_stage import run_stage
from btassets.run.shown_lists import alerts_log
from btassets_tests.support.alert_servers import Heard, add_rule, web_server
from btassets_tests.support.small_market import Home, make_book, sessions, write


@pytest.fixture
def web() -> Iterator[Heard]:
    with web_server() as heard:
        yield heard


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(make_book(tmp_path, 4))
    yield made
    made.close()


def run(home: Home) -> None:
    """Bars and findings, as a run would leave them."""
    book = home.resource.open()
    ingest(book, plan_ingest(book).stale)
    for name in ("sessions", "bar_problems"):
        run_stage(name, book)


def refuse_one(home: Home) -> None:
    """A file that every run refuses."""
    cut = write(home.book.folder.parent / "bars", "CUT", 200, sessions(330))
    cut.write_bytes(cut.read_bytes()[:4000])


def test_a_book_without_destinations_is_skipped(home: Home) -> None:
    answer, _ = home.tick("alerts")
    assert isinstance(answer, dg.SkipReason)
    assert "no [[alerts]]" in str(answer.skip_message)


def test_a_refused_ticker_is_reported_after_the_run_and_once(home: Home, web: Heard) -> None:
    add_rule(home.book.folder, name="ops", form="json", url=f"{web.url}/ops", facts=["data", "run"])
    refuse_one(home)
    run(home)
    active = home.instance.create_run_for_job(
        home.defs.resolve_job_def("everything"), status=dg.DagsterRunStatus.STARTED
    )
    busy, _ = home.tick("alerts")
    assert isinstance(busy, dg.SkipReason)
    assert web.posts == []
    home.instance.report_run_failed(active)
    sent, _ = home.tick("alerts")
    assert isinstance(sent, dg.SensorResult)
    assert "ops: 1 fact sent" in str(sent.skip_reason)
    assert "CUT is refused (Q1)" in web.posts[0][1]["text"]
    quiet, _ = home.tick("alerts", cursor=sent.cursor)
    assert isinstance(quiet, dg.SkipReason)
    again, _ = home.tick("alerts")
    assert isinstance(again, dg.SensorResult)
    assert "nothing new to send" in str(again.skip_reason)
    assert len(web.posts) == 1


def test_a_failed_send_keeps_the_tick_awake(home: Home, web: Heard) -> None:
    add_rule(home.book.folder, name="ops", form="json", url=f"{web.url}/ops", facts=["data"], tries=1)
    refuse_one(home)
    run(home)
    web.answers += [500]
    failed, _ = home.tick("alerts")
    assert isinstance(failed, dg.SensorResult)
    assert "will be tried again" in str(failed.skip_reason)
    assert [link.record["event"] for link in alerts_log(home.book).read()] == ["sending", "failed"]
    waiting, _ = home.tick("alerts", cursor=failed.cursor)
    assert isinstance(waiting, dg.SensorResult), "the pause of a minute is not over, and it is not forgotten"
    assert len(web.posts) == 1
