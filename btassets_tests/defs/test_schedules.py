"""The daily run keeps to the exchange's calendar; switching it on, keeping its daemon up, forgetting old runs."""

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from btassets.cli.actions import schedule as command
from btassets.cli.main import main
from btassets.defs.schedules import closed_session, cron_of, switch, switches
from btassets.instance.dagster_home import open_instance
from btassets.instance.runs.old_runs import delete_runs, old_runs
from btassets.instance.switches import _origin
from btassets.run.null_versions import folder_of, name_complete, version_key, write_version
from btassets.sources.calendar.exchange_hours import ExchangeHours, exchange_hours
from btassets.stages.bars import ohlcv_history
from btassets.storage.lake import Lake
from btassets_tests.support.small_market import Home, make_book, sessions, write

UTC = dt.UTC


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setattr(ohlcv_history, "changed_at", lambda *_: 0.0)
    made = Home(make_book(tmp_path, 6))
    yield made
    made.close()


def _daily(home: Home, when: dt.datetime, name: str = "daily") -> dg.RunRequest | dg.SkipReason:
    schedule = home.defs.get_repository_def().get_schedule_def(name)
    with dg.build_schedule_context(
        home.instance, scheduled_execution_time=when, resources={"book": home.resource}
    ) as context:
        return schedule(context)


@pytest.fixture(scope="module")
def new_york(tmp_path_factory: pytest.TempPathFactory) -> ExchangeHours:
    lake = Lake(tmp_path_factory.mktemp("lake"), 4)
    return exchange_hours(lake, "XNYS", dt.datetime(2024, 7, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("when", "session"),
    [
        (dt.datetime(2024, 7, 1, 22, 30, tzinfo=UTC), dt.date(2024, 7, 1)),
        (dt.datetime(2024, 7, 3, 22, 30, tzinfo=UTC), dt.date(2024, 7, 3)),  # closes at 13:00 in New York
        (dt.datetime(2024, 7, 4, 22, 30, tzinfo=UTC), None),  # Independence Day
        (dt.datetime(2024, 7, 6, 22, 30, tzinfo=UTC), None),  # Saturday
        (dt.datetime(2024, 7, 8, 12, 0, tzinfo=UTC), None),  # Monday before the close
        (dt.datetime(2024, 7, 9, 12, 0, tzinfo=UTC), dt.date(2024, 7, 8)),  # a morning run takes the day before
    ],
)
def test_runs_follow_sessions(new_york: ExchangeHours, when: dt.datetime, session: dt.date | None) -> None:
    assert closed_session(new_york, when) == session


def test_hours_are_kept_in_the_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = dt.datetime(2024, 7, 1, tzinfo=UTC)
    first = exchange_hours(Lake(tmp_path, 4), "XNYS", now)
    monkeypatch.setattr("btassets.sources.calendar.exchange_hours._from_library", lambda *_: pytest.fail("asked again"))
    assert exchange_hours(Lake(tmp_path, 4), "XNYS", now) == first
    assert first.zone == "America/New_York"
    assert not first.is_session(dt.date(2024, 7, 4))


def test_schedule_speaks_the_exchanges_time(tmp_path: Path) -> None:
    home = Home(make_book(tmp_path, 2, extra=""))
    schedule = home.defs.get_repository_def().get_schedule_def("daily")
    assert (schedule.cron_schedule, schedule.execution_timezone) == (cron_of("18:30"), "UTC")  # calendar = "data"
    home.close()


def test_daily_run_asks_only_when_something_changed(home: Home) -> None:
    monday = dt.datetime(2024, 7, 1, 23, 0, tzinfo=UTC)
    request = _daily(home, monday)
    assert isinstance(request, dg.RunRequest)
    assert request.tags["btassets/started_by"] == "schedule daily"
    assert home.run(request).success
    again = _daily(home, monday)
    assert isinstance(again, dg.SkipReason)
    assert "nothing changed" in str(again.skip_message)
    sunday = _daily(home, dt.datetime(2024, 7, 7, 23, 0, tzinfo=UTC))
    assert isinstance(sunday, dg.SkipReason)
    assert "weekend" in str(sunday.skip_message)
    write(home.book.folder.parent / "bars", "T000", 0, sessions(331, dt.date(2024, 7, 1)))
    assert isinstance(_daily(home, monday), dg.RunRequest)


def test_full_backfill_reads_all_and_replays_what_changed(home: Home) -> None:
    request = _daily(home, dt.datetime(2024, 7, 1, 23, 0, tzinfo=UTC))
    assert isinstance(request, dg.RunRequest)
    assert home.run(request).success
    full = dg.RunRequest(tags=request.tags, run_config={"resources": {"book": {"config": {"full": True}}}})
    write(home.book.folder.parent / "bars", "T001", 1, sessions(331, dt.date(2024, 7, 1)))

    stopped = _stop_after(home, 2)
    assert not home.run(full, job="full_backfill").success
    stopped.undo()
    result = home.run(full, job="full_backfill")
    assert result.success
    assert home.numbers(result, "ohlcv_history")["recomputed"] == 6, "another full read starts anew"
    assert home.numbers(result, "candidates")["recomputed"] in (0, 1), "only T001's bars changed"
    again = home.run(full, job="full_backfill")
    assert home.numbers(again, "candidates")["recomputed"] == 0


def _stop_after(home: Home, n_buckets: int) -> pytest.MonkeyPatch:
    """Let the source fail after some buckets were written."""
    del home
    patch = pytest.MonkeyPatch()
    real, seen = ohlcv_history.write_bars, []

    def write_some(*words: object, **more: object) -> None:
        if len(seen) == n_buckets:
            raise OSError("stopped")
        seen.append(1)
        real(*words, **more)

    patch.setattr(ohlcv_history, "write_bars", write_some)
    return patch


def test_stopped_full_backfill_goes_on_with_what_is_left(home: Home) -> None:
    request = _daily(home, dt.datetime(2024, 7, 1, 23, 0, tzinfo=UTC))
    assert isinstance(request, dg.RunRequest)
    assert home.run(request).success
    tags = {**request.tags, "btassets/full_read": "one"}
    full = dg.RunRequest(tags=tags, run_config={"resources": {"book": {"config": {"full": True}}}})
    stopped = _stop_after(home, 2)
    assert not home.run(full, job="full_backfill").success
    stopped.undo()
    result = home.run(full, job="full_backfill")
    left = home.numbers(result, "ohlcv_history")["recomputed"]
    assert result.success
    assert 0 < left < 6
    result = home.run(full, job="full_backfill")
    assert home.numbers(result, "ohlcv_history")["recomputed"] == 6


def test_switches_are_those_of_the_page(home: Home) -> None:
    assert not any(s.is_on for s in switches(home.instance, home.book))
    for is_on in (True, True, False, True):
        switch(home.instance, home.book, is_on=is_on)
        assert all(s.is_on == is_on for s in switches(home.instance, home.book))
    defined = {s.name for s in home.defs.get_repository_def().sensor_defs}
    defined |= {s.name for s in home.defs.get_repository_def().schedule_defs}
    assert {s.name for s in switches(home.instance, home.book)} == defined
    selector = _origin("btassets.definitions", "new_bars").get_selector()
    assert (selector.location_name, selector.repository_name) == ("btassets.definitions", "__repository__")


def _fake(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def test_install_writes_a_unit(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake(tmp_path / "bin", "systemctl", f'echo "$@" >> {tmp_path}/called')
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert main(["schedule", "on", "--install", "--book", str(home.book.folder)]) == 0
    unit = tmp_path / "config" / "systemd" / "user" / "btassets-book.service"
    text = unit.read_text(encoding="utf-8")
    assert '"ui" "--no-page" "--book"' in text
    assert str(home.book.folder) in text
    assert "enable --now btassets-book.service" in (tmp_path / "called").read_text(encoding="utf-8")
    assert main(["schedule", "off", "--install", "--book", str(home.book.folder)]) == 0
    assert not unit.exists()


def test_install_writes_a_crontab_line_once(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "table"
    table.write_text("0 1 * * * other\n", encoding="utf-8")
    _fake(tmp_path / "bin", "systemctl", "exit 1")
    _fake(
        tmp_path / "bin",
        "crontab",
        f'if [ "$1" = -l ]; then cat {table}; else cat > {table}.new; mv {table}.new {table}; fi',
    )
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    for _ in range(2):
        assert main(["schedule", "on", "--install", "--book", str(home.book.folder)]) == 0
    assert table.read_text(encoding="utf-8").splitlines() == ["0 1 * * * other", command.crontab_line(home.book)]
    assert main(["schedule", "off", "--install", "--book", str(home.book.folder)]) == 0
    assert table.read_text(encoding="utf-8").splitlines() == ["0 1 * * * other"]


def test_status_tells_and_changes_nothing(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", "status", "--book", str(home.book.folder)]) == 0
    said = capsys.readouterr().out
    assert "new_bars" in said
    assert "no daemon has run yet" in said
    assert not any(s.is_on for s in switches(home.instance, home.book))


def test_prune_keeps_new_runs_young_runs_and_those_that_show(home: Home) -> None:
    request = _daily(home, dt.datetime(2024, 7, 1, 23, 0, tzinfo=UTC))
    assert isinstance(request, dg.RunRequest)
    shown = home.run(request).run_id
    job = home.defs.resolve_job_def("analysis")
    older = [home.instance.create_run_for_job(job, status=dg.DagsterRunStatus.SUCCESS).run_id for _ in range(4)]
    later = dt.datetime.now(UTC) + dt.timedelta(days=100)
    assert old_runs(home.instance, 30, 90, later) == []
    assert old_runs(home.instance, 2, 90, dt.datetime.now(UTC)) == []
    gone = old_runs(home.instance, 2, 90, later)
    assert set(gone) - {shown} == set(older[:2])
    delete_runs(home.instance, gone, home.book.instance)
    with open_instance(home.book.instance) as instance:
        assert set(instance.get_run_ids()) == {shown, *older[2:]}
        key = dg.AssetKey("candidates")
        assert len(instance.get_materialized_partitions(key)) == 6


def test_prune_command(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    old = home.book.folder / "landing" / "done" / "2020-01-02"
    old.mkdir(parents=True)
    (old / "T000.csv").write_text("x", encoding="utf-8")
    assert main(["prune", "--book", str(home.book.folder)]) == 0
    assert "0 runs deleted, 1 folders" in capsys.readouterr().out
    assert not old.exists()


def test_the_nightly_null_market_runs_only_what_is_asked_for_and_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = dt.datetime(2024, 7, 2, 3, 0, tzinfo=UTC)

    def said(home: Home) -> str:
        tick = _daily(home, night, "nightly")
        assert isinstance(tick, dg.SkipReason)
        return str(tick.skip_message)

    off = Home(make_book(tmp_path / "off", 2))
    assert "nightly_versions is 0" in said(off)
    off.close()
    home = Home(make_book(tmp_path / "on", 2, extra="[schedule]\nnightly_versions = 3\n"))
    assert "never run" in said(home)
    monkeypatch.setattr(Lake, "footer", lambda *_: object())
    request = _daily(home, night, "nightly")
    assert isinstance(request, dg.RunRequest)
    assert request.run_config == {"ops": {"null_market": {"config": {"versions": 3}}}}
    assert dg.validate_run_config(home.defs.resolve_job_def("without_edge"), request.run_config)
    key = version_key(home.book)
    for k in range(1, 4):
        write_version(folder_of(home.book, key), k, {"a": 1.0})
    name_complete(home.book, key, 3, "2024-07-01")
    assert "3 versions of this market exist" in said(home)
    home.close()
