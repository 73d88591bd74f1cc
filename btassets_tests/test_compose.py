"""Image and services of a cluster, without an engine: both files are read, and their commands given to the parser."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from btassets.cli.program import PROGRAM, program
from btassets.settings.executor_settings import Executor
from btassets.storage.host_lock import POSTGRES_URL

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]


@pytest.fixture(scope="module")
def image() -> list[str]:
    """Instructions of the last stage of the Dockerfile."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return lines[max(n for n, line in enumerate(lines) if line.startswith("FROM")) :]


def parsed(words: list[str]) -> str:
    """Name of the command that a command line calls; an unknown command or option raises."""
    group = program()
    with group.make_context(PROGRAM, list(words)) as context:
        name, command, rest = group.resolve_command(context, [*context.protected_args, *context.args])
        assert command is not None
        command.make_context(name, rest, parent=context)
    return str(name)


def test_the_services_start_commands_that_exist(services: dict[str, Any]) -> None:
    assert parsed(services["worker"]["command"]) == "cluster"
    assert parsed(services["page"]["command"]) == "ui"
    assert services["worker"]["deploy"]["replicas"] == 2
    assert set(services["page"]["depends_on"]) == {"postgres", "rabbitmq"}


def test_every_address_is_of_a_service(services: dict[str, Any]) -> None:
    for name in ("worker", "page"):
        variables = services[name]["environment"]
        assert set(variables) == {POSTGRES_URL, Executor().broker}
        for url, service in ((variables[POSTGRES_URL], "postgres"), (variables[Executor().broker], "rabbitmq")):
            host, port = re.search(r"@([\w.]+):(\d+)/", url).groups()  # pyright: ignore[reportOptionalMemberAccess]
            if host == "127.0.0.1":
                assert services[name]["network_mode"] == "host"
                assert f"127.0.0.1:{port}:{port}" in services[service]["ports"]
            else:
                assert host == service


def test_nothing_listens_beyond_the_machine(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_image_has_locked_releases_compiled_code_and_no_privileges(image: list[str]) -> None:
    runs = [line.removeprefix("RUN ") for line in image if line.startswith("RUN ")]
    assert "--require-hashes --requirement requirements.lock" in runs[0]
    assert "--no-deps /wheels/*.whl" in runs[1]
    user = image.index("USER btassets")
    assert not any(line.startswith("USER") for line in image[user + 1 :])
    (compiles,) = (line.removeprefix("RUN ") for line in image[user:] if line.startswith("RUN "))
    words = shlex.split(compiles.split(" && ")[0])
    assert (words[0], parsed(words[1:])) == ("btassets", "demo")
    (entry,) = (line for line in image if line.startswith("ENTRYPOINT"))
    assert json.loads(entry.removeprefix("ENTRYPOINT ")) == ["btassets"]
