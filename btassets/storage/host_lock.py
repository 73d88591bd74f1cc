"""Locks that hold across hosts: advisory locks of the PostgreSQL database of the runs.

Belongs here: one lock over one connection, its holder's label, and noticing that the connection was lost. A lock ends
with its connection, so that a killed process or host frees it; a cut network does after `_DEAD_SECONDS`. Does not
belong here: the lock of a book's folder (`lock.py`), which holds on one host without a database.
"""

import hashlib
import os
import re
import socket
import threading
from contextlib import suppress
from typing import Any

from btassets.errors import LockLostError, ServiceError, UsageError

POSTGRES_URL = "BTASSETS_POSTGRES_URL"
"""Environment variable with the URL of a PostgreSQL database that stores the instance instead of SQLite."""

STEPS = "steps"
"""Lock shared by every step that a worker executes: the next run waits for steps of a run that has died."""

_BEAT_SECONDS = 3.0
_DEAD_SECONDS = 25
_MAX_LABEL = 63
"""Bytes of an application name in PostgreSQL."""

_ALIVE = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": _DEAD_SECONDS * 1000,
    "options": f"-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 "
    f"-c tcp_user_timeout={_DEAD_SECONDS * 1000} -c idle_session_timeout=0",
}
"""Both ends notice a cut network: the server frees the locks of a host that is gone."""

_HOLDERS = """
select activity.application_name, coalesce(host(activity.client_addr), 'this host')
from pg_locks as locks join pg_stat_activity as activity on activity.pid = locks.pid
where locks.locktype = 'advisory' and locks.granted and locks.objsubid = 1
  and locks.classid = %s and locks.objid = %s and locks.pid <> pg_backend_pid()
  and locks.database = (select oid from pg_database where datname = current_database())
order by activity.backend_start
"""


def database_url() -> str:
    """URL of the database of the runs, empty if they are in SQLite."""
    return os.environ.get(POSTGRES_URL, "")


def _key(name: str) -> int:
    """Number of a lock, 64 bits without a sign."""
    return int.from_bytes(hashlib.blake2b(f"btassets/{name}".encode(), digest_size=8).digest())


def _signed(name: str) -> int:
    """The same number as PostgreSQL takes it."""
    key = _key(name)
    return key - (1 << 64) if key >> 63 else key


def connect(url: str) -> Any:
    """Connect to PostgreSQL; statements take effect at once.

    Raises
    ------
    ServiceError
        If the database is not reachable or refuses.
    UsageError
        If the driver is not installed.
    """
    try:
        import psycopg2
    except ImportError as error:
        problem = f"{POSTGRES_URL} is set, and the driver psycopg2 is not installed"
        raise UsageError(problem, 'pip install "btassets[cluster]" (or btassets[postgres]).') from error
    try:
        made: Any = psycopg2.connect(re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url), **_ALIVE)
    except psycopg2.Error as error:
        text = " ".join(str(error).split())
        advice = f"start the database, or correct {POSTGRES_URL}, then run again"
        raise ServiceError("PostgreSQL", text, advice) from error
    made.autocommit = True
    return made


class HostLock:
    """One advisory lock of this process.

    Parameters
    ----------
    url
        URL of the database.
    name
        Name of the lock; a database serves one book.
    label
        Description of the holder, shown to waiting processes.
    is_shared
        Whether several may hold it together, none beside an exclusive one.
    """

    def __init__(self, url: str, name: str, label: str, *, is_shared: bool = False) -> None:
        self._url = url
        self._name = name
        self._label = label
        self._suffix = "_shared" if is_shared else ""
        self._connection: Any = None
        self._lost = ""
        self._over = threading.Event()
        self._guard: threading.Thread | None = None

    def try_acquire(self) -> str | None:
        """Acquire the lock: None if this process holds it now, else its holder."""
        made = connect(self._url)
        try:
            holder = self._take(made)
        except BaseException:
            made.close()
            raise
        if holder is not None:
            made.close()
            return holder
        self._connection = made
        self._guard = threading.Thread(target=self._watch, name=f"btassets-lock-{self._name}", daemon=True)
        self._guard.start()
        return None

    def _take(self, made: Any) -> str | None:
        with made.cursor() as cursor:
            cursor.execute("select set_config('application_name', %s, false)", [_shown(self._label)])
            # The suffix is one of two constants.
            cursor.execute(f"select pg_try_advisory_lock{self._suffix}(%s)", [_signed(self._name)])
            if cursor.fetchone()[0]:
                return None
            found = _holders(cursor, self._name)
        return found[0] if found else "unknown"

    def relabel(self, label: str) -> None:
        """Describe the holder anew: a command has started a run."""
        self._label = label
        # The watching thread restores connection and label.
        with suppress(Exception), self._connection.cursor() as cursor:
            cursor.execute("select set_config('application_name', %s, false)", [_shown(label)])

    def check(self) -> None:
        """Raise if another process has taken the lock.

        Raises
        ------
        LockLostError
            If the database was away and another run began.
        """
        if self._lost:
            raise LockLostError(self._lost)

    def release(self) -> None:
        """Free the lock."""
        self._over.set()
        if self._guard is not None:
            self._guard.join(2 * _BEAT_SECONDS)
        # Unlocked by name: the server notices a closed connection a moment later.
        with suppress(Exception), self._connection.cursor() as cursor:
            cursor.execute(f"select pg_advisory_unlock{self._suffix}(%s)", [_signed(self._name)])
        with suppress(Exception):
            self._connection.close()

    def _watch(self) -> None:
        """Look regularly; after a restart of the database the lock is taken again, unless another process has it."""
        while not self._over.wait(_BEAT_SECONDS) and self.look():
            pass

    def look(self) -> bool:
        """Whether the lock is held, or may be taken again; false once another process has it."""
        if self._lost:
            return False
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("select 1")
        except Exception:  # noqa: BLE001  (whatever broke the connection: it is made anew)
            return self._reconnect()
        return True

    def _reconnect(self) -> bool:
        try:
            made = connect(self._url)
            holder = self._take(made)
        except Exception:  # noqa: BLE001  (no database, hence no other holder either)
            return True
        with suppress(Exception):
            self._connection.close()
        self._connection = made
        self._lost = holder or ""
        return holder is None


def _shown(label: str) -> str:
    """A label as PostgreSQL stores it: ASCII, with the host, cut in the middle of the purpose."""
    end = f", process {os.getpid()} on {socket.gethostname()}"[: _MAX_LABEL - 20]
    text = "".join(letter if " " <= letter <= "~" else "?" for letter in label)
    return f"{text[: _MAX_LABEL - len(end)]}{end}"


def _holders(cursor: Any, name: str) -> list[str]:
    key = _key(name)
    cursor.execute(_HOLDERS, [key >> 32, key & 0xFFFFFFFF])
    return [f"{label or 'unknown'}, from {address}" for label, address in cursor.fetchall()]


def holders_of(url: str, name: str) -> list[str]:
    """Holders of a lock by their labels; empty if nobody holds it."""
    made = connect(url)
    try:
        with made.cursor() as cursor:
            return _holders(cursor, name)
    finally:
        made.close()
