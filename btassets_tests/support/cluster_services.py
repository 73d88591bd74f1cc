"""RabbitMQ and PostgreSQL of a test's own, which can be killed and started again."""

import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from btassets.errors import ServiceError
from btassets.storage.host_lock import connect
from btassets_tests.support.postgres_server import NoPostgresError, programs

RABBITMQ = Path("/usr/lib/rabbitmq/bin")
"""Debian's programs of RabbitMQ."""

USER = "btassets"


def port_on(address: str) -> int:
    """A port that nobody uses."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def lacks() -> str:
    """What is missing for the services, empty if nothing is."""
    if not (RABBITMQ / "rabbitmq-server").exists():
        return "RabbitMQ is not installed (Debian: apt-get install rabbitmq-server)"
    return lacks_postgres()


def lacks_postgres() -> str:
    """What is missing for PostgreSQL, empty if nothing is."""
    if importlib.util.find_spec("psycopg2") is None:
        return "psycopg2 is not installed: pip install btassets[postgres]"
    try:
        programs()
    except NoPostgresError as error:
        return str(error)
    return ""


def wait_for(what: str, is_ready, seconds: float = 90.0) -> None:
    """Poll until `is_ready()`."""
    end = time.monotonic() + seconds
    while not is_ready():
        assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
        time.sleep(0.1)


def listens(address: str, port: int) -> bool:
    """Whether a server accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((address, port)) == 0


class Service:
    """A server in a folder of its own."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.port = port_on(address)
        self.folder = Path(tempfile.mkdtemp(prefix="btassets-svc-", dir="/tmp"))
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """Command line of the server."""
        raise NotImplementedError

    def environ(self) -> dict[str, str]:
        """Environment of the server."""
        return dict(os.environ)

    def owner(self) -> str | None:
        """User of the server, None: this one."""
        return None

    def start(self) -> None:
        """Start the server; returns when it accepts connections."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                env=self.environ(),
                user=self.owner(),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        wait_for(type(self).__name__, lambda: listens(self.address, self.port))

    def kill(self) -> None:
        """End the server at once, as a crash would."""
        assert self.process is not None
        os.killpg(self.process.pid, 9)
        self.process.wait()
        wait_for("end of the server", lambda: not listens(self.address, self.port))

    def remove(self) -> None:
        """End the server and delete its folder."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Service):
    """PostgreSQL, trusting everybody at its address."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.data = self.folder / "data"
        shutil.chown(self.folder, self.owner() or pwd.getpwuid(os.getuid()).pw_name)
        words = ["-D", str(self.data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [str(programs() / "initdb"), *words], check=True, capture_output=True, cwd=self.folder, user=self.owner()
        )
        with (self.data / "pg_hba.conf").open("a") as file:
            file.write("host all all 0.0.0.0/0 trust\n")

    def owner(self) -> str | None:
        """The server refuses to run as root."""
        return "postgres" if os.getuid() == 0 else None

    def command(self) -> list[str]:
        """Command line of the server."""
        options = [f"listen_addresses={self.address}", f"port={self.port}", "unix_socket_directories=", "fsync=off"]
        return [str(programs() / "postgres"), "-D", str(self.data), *(w for o in options for w in ("-c", o))]

    def start(self) -> None:
        """Start the server; returns when it answers: until then it refuses connections with an error."""
        super().start()
        wait_for("PostgreSQL", self._answers)

    def _answers(self) -> bool:
        try:
            connect(self.url()).close()
        except ServiceError:
            return False
        return True

    def url(self, database: str = "postgres") -> str:
        """Address of a database."""
        return f"postgresql+psycopg2://{USER}@{self.address}:{self.port}/{database}"

    def kill(self) -> None:
        """SIGQUIT to the server: it drops every connection and leaves recovery to the next start."""
        assert self.process is not None
        self.process.send_signal(3)
        self.process.wait(60)

    def restart(self) -> None:
        """Kill and start again."""
        self.kill()
        self.start()


class RabbitMQ(Service):
    """RabbitMQ without the limits of its user guest."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.epmd = port_on("127.0.0.1")
        self.dist = port_on("127.0.0.1")
        self.names: subprocess.Popen[bytes] | None = None
        self.node = f"t{secrets.token_hex(4)}@localhost"
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = {address}:{self.port}\nloopback_users = none\nconsumer_timeout = 86400000\n"
        )
        (self.folder / "enabled_plugins").write_text("[].\n")

    def environ(self) -> dict[str, str]:
        """Every file below the test's folder."""
        root = str(self.folder)
        return dict(os.environ) | {
            "HOME": root,
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_CONFIG_FILE": f"{root}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{root}/enabled_plugins",
            "RABBITMQ_MNESIA_BASE": f"{root}/mnesia",
            "RABBITMQ_LOG_BASE": f"{root}/logs",
            "RABBITMQ_SCHEMA_DIR": f"{root}/schema",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{root}/generated",
            "RABBITMQ_CONF_ENV_FILE": f"{root}/none",
            "RABBITMQ_DIST_PORT": str(self.dist),
            "ERL_EPMD_PORT": str(self.epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    def command(self) -> list[str]:
        """Command line of the server."""
        return [str(RABBITMQ / "rabbitmq-server")]

    def start(self) -> None:
        """Start Erlang's name server, which would outlive RabbitMQ if it were started by it, then RabbitMQ."""
        if self.names is None:
            words = ["epmd", "-port", str(self.epmd), "-address", "127.0.0.1"]
            self.names = subprocess.Popen(words, stdin=subprocess.DEVNULL, env=self.environ(), cwd=self.folder)
            wait_for("epmd", lambda: listens("127.0.0.1", self.epmd))
        super().start()

    def url(self) -> str:
        """Address of the default vhost."""
        return f"amqp://guest:guest@{self.address}:{self.port}//"

    def restart(self) -> None:
        """Kill and start again."""
        self.kill()
        self.start()

    def remove(self) -> None:
        """End the server and Erlang's name server."""
        super().remove()
        if self.names is not None:
            self.names.kill()
            self.names.wait()
