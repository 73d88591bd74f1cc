"""Sockets find a place wherever the temporary folder is."""

import os
import socket
import tempfile
from pathlib import Path

import pytest

from btassets.errors import UsageError
from btassets.storage import socket_folder as module
from btassets.storage.socket_folder import is_short, socket_folder


@pytest.mark.parametrize("name", ["x" * 110, "ä" * 60, "a b#c%d?e"])
def test_a_socket_can_be_bound_below_any_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / name))
    with socket_folder("btassets-0123abcd-") as folder, socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(folder / "code.sock"))
        assert folder.stat().st_mode & 0o077 == 0
        assert len(os.fsencode(folder / "code.sock")) <= module.MAX_SOCKET_BYTES
    assert not folder.exists()


def test_without_a_short_folder_tmpdir_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 110)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    monkeypatch.setattr(module, "_SHORT", (str(tmp_path / "none"),))
    assert not is_short(str(long))
    with pytest.raises(UsageError, match="set TMPDIR"), socket_folder("x"):
        pass
