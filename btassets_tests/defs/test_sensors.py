"""New bars lead to one run over what changed; half-written, corrupt and unchanged files do not disturb it."""

import datetime as dt
import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from btassets.arrivals import landing as stage_landing
from btassets.arrivals.of_book import bars_age
from btassets.defs.sensors import NEW_BARS_SECONDS
from btassets.sources.calendar.exchange_hours import ExchangeHours
from btassets.stages.bars import ohlcv_history
from btassets.stages.bars.bars_age import due_time
from btassets_tests.support.small_market import BARS_AND_REPLAY, N_BARS, Home, make_book, names, sessions, write

N = 24
EARLY = 9  # tickers that get the new session first: less than half of them
NEXT = sessions(1, dt.date(2024, 7, 1))[0]


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every file was written a minute ago, but those of the tickers in this set."""
    fresh: set[str] = set()
    now = ohlcv_history.time.time

    def changed_at(_source: object, ticker: str) -> float:
        return now() - (1.0 if ticker in fresh else 60.0)

    monkeypatch.setattr(ohlcv_history, "changed_at", changed_at)
    return fresh


@pytest.fixture
def home(tmp_path: Path, settled: set[str]) -> Iterator[Home]:
    del settled
    made = Home(make_book(tmp_path, N))
    yield made
    made.close()


def _requested(answer: dg.SensorResult | dg.SkipReason) -> dg.RunRequest:
    assert isinstance(answer, dg.SensorResult), answer
    (request,) = answer.run_requests or ()
    return request


def _as_of(home: Home) -> str:
    return home.book.lake.footer("sessions").facts["numbers"]["as_of"]


def _extend(home: Home, tickers: list[str]) -> None:
    folder = home.book.folder.parent / "bars"
    for seed, name in enumerate(names(N)):
        if name in tickers:
            write(folder, name, seed, sessions(N_BARS + 1, NEXT))


def test_new_bars_land_in_two_parts(home: Home) -> None:
    first, _ = home.tick()
    request = _requested(first)
    assert (request.tags["dagster/asset_partition_range_start"], request.tags["dagster/asset_partition_range_end"]) == (
        "T000",
        "T023",
    )
    assert request.tags["dagster/max_retries"] == "2"
    assert home.run(request, assets=BARS_AND_REPLAY).success
    began = time.process_time()
    quiet, _ = home.tick(cursor=first.cursor)
    assert isinstance(quiet, dg.SkipReason)
    assert time.process_time() - began < 1.0  # of the processor, so that work beside it does not count
    before = _as_of(home)

    _extend(home, names(N)[:EARLY])
    some, _ = home.tick(cursor=first.cursor)
    result = home.run(_requested(some), assets=BARS_AND_REPLAY)
    bars, replay = home.numbers(result, "ohlcv_history"), home.numbers(result, "candidates")
    assert (bars["targeted"], bars["recomputed"], bars["cached"], bars["bars_new"]) == (N, EARLY, N - EARLY, EARLY)
    assert (replay["targeted"], replay["recomputed"], replay["cached"]) == (N, EARLY, N - EARLY)
    assert _as_of(home) == before
    told = next(e for e in result.get_asset_check_evaluations() if e.check_name == "stale_tickers").metadata
    assert told["next_session"].value == str(NEXT)
    assert (told["tickers_with_it"].value, told["tickers_without_it"].value) == (EARLY, N - EARLY)
    assert told["first_without_it"].value.startswith("T009, T010")

    _extend(home, names(N)[EARLY:])
    rest, _ = home.tick(cursor=some.cursor)
    assert _requested(rest).run_key != _requested(some).run_key
    result = home.run(_requested(rest), assets=BARS_AND_REPLAY)
    assert home.numbers(result, "ohlcv_history")["recomputed"] == N - EARLY
    assert _as_of(home) == str(NEXT)


def test_new_tickers_and_a_truncated_file(home: Home, settled: set[str]) -> None:
    first, _ = home.tick()
    assert home.run(_requested(first), assets=BARS_AND_REPLAY).success
    folder = home.book.folder.parent / "bars"
    for seed, name in enumerate(("NEW1", "NEW2", "NEW3", "HALF")):
        write(folder, name, 100 + seed, sessions(N_BARS))
    whole = write(folder, "CUT", 200, sessions(N_BARS))
    whole.write_bytes(whole.read_bytes()[:4000])
    settled.add("HALF")

    answer, _ = home.tick(cursor=first.cursor)
    request = _requested(answer)
    known = home.instance.get_dynamic_partitions("tickers")
    assert {"NEW1", "NEW2", "NEW3", "CUT"} <= set(known)
    result = home.run(request, assets=BARS_AND_REPLAY)
    assert result.success
    bars = home.numbers(result, "ohlcv_history")
    assert (bars["recomputed"], bars["tickers_blocked"], bars["tickers_unsettled"]) == (4, 1, 1)
    footers = home.book.lake.ticker_footers("ohlcv_history")
    assert "HALF" not in footers
    assert "Q1" in footers["CUT"]["blocked"]
    rows = home.book.lake.ticker_footers(home.book.candidates)
    assert all(rows[name]["n_rows"] > 0 for name in ("NEW1", "NEW2", "NEW3"))

    settled.clear()
    late, _ = home.tick(cursor=answer.cursor)
    result = home.run(_requested(late), assets=BARS_AND_REPLAY)
    assert home.numbers(result, "ohlcv_history")["recomputed"] == 1, "the blocked file is not read again"


def test_files_that_landed_lead_to_one_run(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = home.tick()
    assert home.run(_requested(first), assets=BARS_AND_REPLAY).success
    landing = home.book.folder / "landing"
    cut = write(landing, "CUT", 301, sessions(N_BARS))
    cut.write_bytes(cut.read_bytes()[:4000])
    written = cut.stat().st_ctime
    monkeypatch.setattr(stage_landing, "time", SimpleNamespace(time=lambda: written))
    early, _ = home.tick(cursor=first.cursor)
    assert isinstance(early, dg.SkipReason), "they may still be being written"
    assert "still being written" in str(early.skip_message)

    write(landing, "LAND", 300, sessions(N_BARS))
    monkeypatch.setattr(stage_landing, "time", SimpleNamespace(time=lambda: time.time() + 60.0))
    some, _ = home.tick(cursor=first.cursor)
    result = home.run(_requested(some), assets=BARS_AND_REPLAY)
    assert result.success
    bars = home.numbers(result, "ohlcv_history")
    assert (bars["landed_files"], bars["landed_files_refused"], bars["recomputed"]) == (1, 1, 1)
    assert "CUT" in str(bars["first_file_refused"])
    assert home.book.lake.ticker_footers(home.book.candidates)["LAND"]["n_rows"] > 0
    more, _ = home.tick(cursor=some.cursor)
    assert isinstance(more, dg.SkipReason), "the refused file is not asked for again until it changes"
    write(landing, "CUT", 301, sessions(N_BARS))
    mended, _ = home.tick(cursor=some.cursor)
    assert home.numbers(home.run(_requested(mended), assets=BARS_AND_REPLAY), "ohlcv_history")["landed_files"] == 1


def test_one_request_for_one_change_and_none_while_a_run_works(home: Home) -> None:
    first, _ = home.tick()
    again, _ = home.tick(cursor=first.cursor)
    assert isinstance(again, dg.SkipReason), "a run that failed is not asked for again: no loop"
    assert "already requested" in str(again.skip_message)
    other, _ = home.tick()
    assert _requested(other).run_key == _requested(first).run_key
    assert len(first.cursor) < 40
    home.instance.create_run_for_job(home.defs.resolve_job_def("everything"), status=dg.DagsterRunStatus.STARTED)
    busy, _ = home.tick()
    assert isinstance(busy, dg.SkipReason)
    assert "is active" in str(busy.skip_message)


def test_missing_source_is_a_reason_not_a_crash(home: Home) -> None:
    (home.book.folder.parent / "bars").rename(home.book.folder.parent / "gone")
    answer, _ = home.tick()
    assert isinstance(answer, dg.SkipReason)
    assert "no such folder" in str(answer.skip_message)


def test_sensor_looks_often_enough(home: Home) -> None:
    sensor = home.defs.get_repository_def().get_sensor_def("new_bars")
    assert sensor.minimum_interval_seconds == NEW_BARS_SECONDS <= 30


class _Listener:
    """A local server that keeps what was posted to it."""

    def __init__(self) -> None:
        self.heard: list[dict] = []
        heard = self.heard

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                del format, args

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Listener]:
    made = _Listener()
    monkeypatch.setenv("BTASSETS__SCHEDULE__WEBHOOK", made.url)
    yield made
    made.server.shutdown()


def _failed_run_context(home: Home, tags: dict[str, str]) -> dg.RunFailureSensorContext:
    run = home.instance.create_run_for_job(home.defs.resolve_job_def("analysis"), tags=tags)
    home.instance.report_run_failed(run, "its process was killed")
    event = next(
        record.dagster_event
        for record in home.instance.all_logs(run.run_id)
        if record.dagster_event is not None and record.dagster_event.event_type_value == "PIPELINE_FAILURE"
    )
    return dg.build_run_status_sensor_context(
        sensor_name="failed_runs",
        dagster_event=event,
        dagster_instance=home.instance,
        dagster_run=home.instance.get_run_by_id(run.run_id),
        resources={"book": home.resource},
    ).for_run_failure()


def test_failed_run_reaches_the_webhook_once(home: Home, listener: _Listener) -> None:
    sensor = home.defs.get_repository_def().get_sensor_def("failed_runs")
    sensor(_failed_run_context(home, {"btassets/started_by": "schedule daily"}))
    sensor(_failed_run_context(home, {"dagster/max_retries": "2"}))
    (message,) = listener.heard
    assert message["kind"] == "failed_run"
    assert message["started_by"] == "schedule daily"
    assert "analysis failed" in message["text"]


def test_unreachable_webhook_stops_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BTASSETS__SCHEDULE__WEBHOOK", "http://127.0.0.1:9/closed?token=hush-hush")
    sensor = home.defs.get_repository_def().get_sensor_def("failed_runs")
    sensor(_failed_run_context(home, {}))


HOURS = ExchangeHours(
    "XNYS",
    "America/New_York",
    {
        # Thursday 4 July 2024 is a holiday, the day before closes early.
        dt.date(2024, 6, 28): dt.datetime(2024, 6, 28, 20, tzinfo=dt.UTC),
        dt.date(2024, 7, 1): dt.datetime(2024, 7, 1, 20, tzinfo=dt.UTC),
        dt.date(2024, 7, 2): dt.datetime(2024, 7, 2, 20, tzinfo=dt.UTC),
        dt.date(2024, 7, 3): dt.datetime(2024, 7, 3, 17, tzinfo=dt.UTC),
        dt.date(2024, 7, 5): dt.datetime(2024, 7, 5, 20, tzinfo=dt.UTC),
    },
)


@pytest.mark.parametrize(
    ("daily", "expected"),
    [("18:30", dt.datetime(2024, 7, 1, 23, 30, tzinfo=dt.UTC)), ("09:00", dt.datetime(2024, 7, 2, 14, tzinfo=dt.UTC))],
)
def test_bars_are_due_an_hour_after_the_first_daily_run_after_the_close(daily: str, expected: dt.datetime) -> None:
    assert due_time(HOURS, dt.date(2024, 7, 1), daily) == expected


@pytest.mark.parametrize(
    ("now", "behind"),
    [
        (dt.datetime(2024, 6, 30, 12, tzinfo=dt.UTC), 0),  # Sunday: 40 hours after the close, nothing is due
        (dt.datetime(2024, 7, 1, 21, tzinfo=dt.UTC), 0),  # closed, but the daily run is still to come
        (dt.datetime(2024, 7, 2, 0, tzinfo=dt.UTC), 1),
        (dt.datetime(2024, 7, 4, 23, 59, tzinfo=dt.UTC), 3),  # the holiday adds none
    ],
)
def test_freshness_follows_the_calendar(
    home: Home, monkeypatch: pytest.MonkeyPatch, now: dt.datetime, behind: int
) -> None:
    monkeypatch.setattr("btassets.run.outside.exchange_hours", lambda *_: HOURS)
    home.run(_requested(home.tick()[0]), assets=["ohlcv_history", "sessions"])
    age = bars_age(home.book, now)
    assert age is not None
    assert age.behind == behind


def test_old_bars_are_told_once_per_session(home: Home, listener: _Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("btassets.run.outside.exchange_hours", lambda *_: HOURS)
    assert home.run(_requested(home.tick()[0]), assets=["ohlcv_history", "sessions"]).success
    answer, _ = home.tick("freshness")
    assert isinstance(answer, dg.SensorResult)
    (evaluation,) = answer.asset_events
    assert (evaluation.check_name, evaluation.passed) == ("bars_current", False)
    again, _ = home.tick("freshness", cursor=answer.cursor)
    assert isinstance(again, dg.SkipReason)
    (message,) = listener.heard
    assert message["sessions"] == 4
