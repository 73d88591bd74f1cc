"""A PostgreSQL server on this machine, for as long as a test wants one."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

USER = "reader"


class NoPostgresError(Exception):
    """Why no server could be started."""


@dataclass(frozen=True)
class PostgresServer:
    port: int
    password: str

    @property
    def url(self) -> str:
        """Address without the password."""
        return f"postgresql+psycopg2://{USER}@127.0.0.1:{self.port}/postgres"


def programs() -> Path:
    """Folder of initdb and pg_ctl: on the path, or where Debian's packages put them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").is_file() and (folder / "pg_ctl").is_file():
            return folder
    raise NoPostgresError("PostgreSQL's server programs are not installed (Debian: apt-get install postgresql)")


def _run(words: list[str], user: str | None) -> None:
    try:
        done = subprocess.run(words, user=user, capture_output=True, text=True, timeout=300, cwd="/", check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoPostgresError(f"{Path(words[0]).name} did not run: {error}") from error
    if done.returncode:
        raise NoPostgresError(f"{Path(words[0]).name} failed: {(done.stderr or done.stdout).strip()[-300:]}")


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start a server on the loopback with a password of its own; nothing of it is left afterwards.

    Raises
    ------
    NoPostgresError
        With the reason, when none can be started.
    """
    folder = programs()
    root = Path(tempfile.mkdtemp(prefix="btassets-pg-"))
    user = None
    try:
        if os.geteuid() == 0:  # the server refuses to run as root
            user = _other_user()
            shutil.chown(root, user)
        password = secrets.token_hex(12)
        secret = root / "password"
        secret.write_text(password)
        if user is not None:
            shutil.chown(secret, user)
        data = str(root / "data")
        flags = ["--auth=scram-sha-256", f"--username={USER}", f"--pwfile={secret}", "--no-sync", "-E", "UTF8"]
        _run([str(folder / "initdb"), "-D", data, "--locale=C", *flags], user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c fsync=off"
        control = [str(folder / "pg_ctl"), "-D", data, "-w"]
        # Not captured by a pipe: the server would hold it open.
        _run([*control, "-l", str(root / "log"), "-o", options, "start"], user)
        try:
            yield PostgresServer(port, password)
        finally:
            _run([*control, "-m", "immediate", "stop"], user)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _other_user() -> str:
    import pwd

    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise NoPostgresError("no user other than root to run a server as")
