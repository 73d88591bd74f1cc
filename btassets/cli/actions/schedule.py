"""`schedule`: the daily run and the sensors of a book, and the service that runs their daemon.

Belongs here: switching them, printing their last ticks, writing a systemd user unit or a crontab line. Does not belong
here: when a run starts (`btassets.defs.schedules`).
"""

import argparse
import datetime as dt
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from btassets.book.book import Book, open_book
from btassets.cli.terminal import say, table, tell
from btassets.cli.where import folder_of
from btassets.errors import UsageError
from btassets.storage.files import replace_text

_SYSTEMCTL, _CRONTAB = "systemctl", "crontab"


def command_schedule(arguments: argparse.Namespace) -> int:
    """Turn the book's schedule and sensors on or off, or print their state."""
    book = open_book(folder_of(arguments.book))
    from btassets.defs.schedules import switch
    from btassets.instance.dagster_home import open_instance

    with open_instance(book.instance) as instance:
        if arguments.action != "status":
            switch(instance, book, is_on=arguments.action == "on")
        _say_status(instance, book)
    if arguments.action == "on":
        _keep_up(book, is_installed=arguments.install)
    elif arguments.action == "off" and arguments.install:
        _remove(book)
    return 0


def _say_status(instance: object, book: Book) -> None:
    from btassets.defs.schedules import switches
    from btassets.instance.switches import daemon_heard
    from btassets.sources.calendar.exchange_hours import exchange_hours

    now = dt.datetime.now(dt.UTC)
    rows = [
        (s.name, "on" if s.is_on else "off", _ago(s.last_tick, now), s.last_words or "-")
        for s in switches(instance, book)  # pyright: ignore[reportArgumentType]
    ]
    say(table(rows, ("name", "state", "last look", "last tick")))
    heard = daemon_heard(instance)  # pyright: ignore[reportArgumentType]
    hours = exchange_hours(book.lake, book.base.calendar, now)
    say(f"daily run at {book.base.schedule.time} {hours.zone}, when a session of {hours.code} has closed")
    say(f"daemon last heard {_ago(heard, now)}" if heard else "no daemon has run yet: `btassets ui` or --install")


def _ago(then: dt.datetime | None, now: dt.datetime) -> str:
    if then is None:
        return "never"
    seconds = max(0, int((now - then).total_seconds()))
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} seconds ago"


def unit_name(book: Book) -> str:
    """Name of the systemd user unit of a book.

    >>> unit_name(type("Book", (), {"folder": Path("/home/a/my book")}))
    'btassets-my-book.service'
    """
    return f"btassets-{re.sub(r'[^A-Za-z0-9]+', '-', book.folder.name).strip('-').lower()}.service"


def command_line(book: Book) -> list[str]:
    """Command that runs the daemon of a book."""
    return [sys.executable, "-m", "btassets.cli", "ui", "--no-page", "--book", str(book.folder)]


def unit_text(book: Book) -> str:
    """Systemd user unit that runs the daemon of a book."""
    words = " ".join('"' + word.replace("%", "%%").replace('"', '\\"') + '"' for word in command_line(book))
    return (
        f"[Unit]\nDescription=btassets: schedule and sensors of {book.folder.name.replace('%', '%%')}\n\n"
        f"[Service]\nExecStart={words}\nRestart=on-failure\nRestartSec=30\nKillMode=mixed\nTimeoutStopSec=30\n\n"
        "[Install]\nWantedBy=default.target\n"
    )


def crontab_line(book: Book) -> str:
    """Crontab line that starts the daemon of a book at boot."""
    log = shlex.quote(str(book.instance / "daemon.log"))
    return f"@reboot {shlex.join(command_line(book))} >> {log} 2>&1".replace("%", "\\%")


def _unit_path(book: Book) -> Path:
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return home / "systemd" / "user" / unit_name(book)


def _has_systemd() -> bool:
    return shutil.which(_SYSTEMCTL) is not None and _call([_SYSTEMCTL, "--user", "show-environment"])[0] == 0


def _call(words: list[str], text: str | None = None) -> tuple[int, str]:
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)  # noqa: S603
    return done.returncode, done.stdout if done.returncode == 0 else done.stderr.strip()


def _keep_up(book: Book, *, is_installed: bool) -> None:
    """Print the service that runs the daemon, or install it."""
    if not is_installed:
        say("")
        say(f"They run only while a daemon runs: `btassets ui`, or this unit in {_unit_path(book)}")
        say("(`btassets schedule on --install` writes it, or a crontab line without systemd):")
        say("")
        say(unit_text(book).rstrip())
        say("")
        say(f"crontab: {crontab_line(book)}")
    elif _has_systemd():
        path = _unit_path(book)
        replace_text(path, unit_text(book))
        for words in (["daemon-reload"], ["enable", "--now", path.name]):
            code, text = _call([_SYSTEMCTL, "--user", *words])
            if code:
                raise UsageError(
                    f"systemctl --user {' '.join(words)}: {text}", (f"the unit is in {path}; start it by hand.")
                )
        say(f"wrote and started {path}")
        say("it stops at logout, unless `loginctl enable-linger` has been called once")
    elif shutil.which(_CRONTAB) is not None:
        _write_crontab([*_other_lines(book), crontab_line(book)])
        say(f"wrote into the crontab: {crontab_line(book)}")
        say("it starts at boot; until then run `btassets ui --no-page`")
    else:
        raise UsageError(
            ("--install: neither systemd nor crontab is available"), "start `btassets ui --no-page` by other means."
        )


def _other_lines(book: Book) -> list[str]:
    code, text = _call([_CRONTAB, "-l"])
    mine = crontab_line(book)
    return [line for line in (text.splitlines() if code == 0 else []) if line != mine]


def _write_crontab(lines: list[str]) -> None:
    code, text = _call([_CRONTAB, "-"], "".join(f"{line}\n" for line in lines))
    if code:
        raise UsageError(f"crontab: {text}", "write the line yourself.")


def _remove(book: Book) -> None:
    path = _unit_path(book)
    if path.exists():
        code, text = _call([_SYSTEMCTL, "--user", "disable", "--now", path.name])
        if code:
            tell(f"systemctl: {text}")
        path.unlink()
        say(f"removed {path}")
    elif shutil.which(_CRONTAB) is not None:
        _write_crontab(_other_lines(book))
        say("removed from the crontab")
