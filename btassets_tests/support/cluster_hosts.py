"""Two hosts on this machine: network namespaces with their own files, processes, names and clocks' view of the book.

A host shares nothing with another but the folder of the book: its HOME and TMPDIR are on a file system of its own, its
process ids begin at 1, and the network between them and the services can be cut.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from btassets_tests.support.cluster_services import wait_for

PROJECT = Path(__file__).parents[2]

_START = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir -p "$1/home" "$1/tmp"
hostname "$2"
ip link set lo up
shift 2
exec "$@"
"""


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def lacks_hosts() -> str:
    """Why hosts cannot be made here, empty if they can."""
    if os.getuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None or shutil.which("unshare") is None:
        return "ip or unshare is not installed (Debian: apt-get install iproute2 util-linux)"
    name = f"bt{secrets.token_hex(3)}"
    done = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if done.returncode:
        return f"no network namespaces here: {done.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return ""


class Network:
    """A bridge with an address of this machine, on which hosts and services meet."""

    def __init__(self) -> None:
        self.mark = secrets.token_hex(2)
        self.name = f"btb{self.mark}"
        self.prefix = f"10.{100 + secrets.randbelow(100)}.{secrets.randbelow(250)}"
        self.address = f"{self.prefix}.1"
        _ip("link", "add", self.name, "type", "bridge")
        _ip("addr", "add", f"{self.address}/24", "dev", self.name)
        _ip("link", "set", self.name, "up")

    def remove(self) -> None:
        """Delete the bridge."""
        subprocess.run(["ip", "link", "del", self.name], capture_output=True, check=False)


class Host:
    """A host with a worker."""

    def __init__(self, network: Network, number: int, folder: Path) -> None:
        self.name = f"host{number}"
        self.space = f"bt{network.mark}n{number}"
        self.wire = f"bt{network.mark}v{number}"
        self.folder = folder / self.name
        self.folder.mkdir()
        self.log = folder / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        inside = f"{self.wire}i"
        _ip("netns", "add", self.space)
        _ip("link", "add", self.wire, "type", "veth", "peer", "name", inside)
        _ip("link", "set", inside, "netns", self.space)
        _ip("link", "set", self.wire, "master", network.name)
        _ip("link", "set", self.wire, "up")
        _ip("netns", "exec", self.space, "ip", "addr", "add", f"{network.prefix}.{number + 1}/24", "dev", inside)
        _ip("netns", "exec", self.space, "ip", "link", "set", inside, "up")

    def command(self, *words: object, cores: str | None = None) -> list[str]:
        """Command line of `btassets` on this host."""
        pinned = [] if cores is None else ["taskset", "-c", cores]
        return [
            *("ip", "netns", "exec", self.space),
            *("unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"),
            *("sh", "-c", _START, "sh", str(self.folder), self.name),
            *(*pinned, sys.executable, "-m", "btassets.cli", *map(str, words)),
        ]

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Environment of a command on this host."""
        kept = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(PROJECT)}
        # Compiled code is of the machine that tests: making it takes half a minute a host.
        kept["XDG_CACHE_HOME"] = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        return kept | {"HOME": f"{self.folder}/home", "TMPDIR": f"{self.folder}/tmp"} | environ

    def work(self, book: Path, environ: Mapping[str, str], *, slots: int = 2, cores: str | None = None) -> None:
        """Start the worker; returns when it takes steps."""
        before = self.log.read_text().count(" ready.") if self.log.exists() else 0
        words = self.command("cluster", "worker", "--book", book, "--slots", slots, cores=cores)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                words, env=self.environ(environ), stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/"
            )
        process = self.process
        wait_for(
            f"worker of {self.name}",
            lambda: process.poll() is not None or self.log.read_text().count(" ready.") > before,
        )
        assert process.poll() is None, self.log.read_text()[-3000:]

    def kill(self) -> None:
        """End every process of the host at once, as a power failure would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End the worker as an administrator would; returns its exit code."""
        assert self.process is not None
        child = int(
            subprocess.run(
                ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=True
            ).stdout.split()[0]
        )
        os.kill(child, signal.SIGTERM)
        return self.process.wait(60)

    def cut(self) -> None:
        """Pull the network cable."""
        _ip("link", "set", self.wire, "down")

    def mend(self) -> None:
        """Plug the cable in again."""
        _ip("link", "set", self.wire, "up")

    def remove(self) -> None:
        """End the host."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        subprocess.run(["ip", "netns", "del", self.space], capture_output=True, check=False)


def seconds_since(start: float) -> float:
    """Seconds since a time of `time.monotonic`."""
    return time.monotonic() - start
