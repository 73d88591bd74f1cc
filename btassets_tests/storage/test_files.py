"""Files: a reader sees the old or the new, never a part; a refusal of the system has words."""

import errno
import os
import time
from pathlib import Path

import pytest

from btassets.errors import CannotWriteError
from btassets.storage import files
from btassets.storage.files import replace_file, replace_json, replace_text, sweep, temporary_path

DEAD = 2**22 + 3
"""No process has this number: it is above the kernel's largest."""


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    replace_text(path, "old")

    def fail(temporary: Path) -> None:
        temporary.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(CannotWriteError, match="the disk is full") as caught:
        replace_file(path, fail)
    assert caught.value.exit_code == 7
    assert path.read_text() == "old"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]
    replace_text(path, "new")
    assert path.read_text() == "new"


def test_a_folder_that_is_a_file_cannot_be_written_into(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CannotWriteError):
        replace_text(tmp_path / "file" / "inner.txt", "x")


def test_json_has_no_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Out of range"):
        replace_json(tmp_path / "x.json", {"a": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_the_sweep_takes_what_dead_writers_left_and_nothing_else(tmp_path: Path) -> None:
    kept = [tmp_path / f".tmp-{os.getpid()}-ab-x.parquet", tmp_path / "x.parquet", tmp_path / ".tmp-old.txt"]
    left = [tmp_path / f".tmp-{DEAD}-ab-x.parquet", tmp_path / "deep" / f".tmp-{DEAD}-cd-y.parquet"]
    for path in (*kept, *left):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    assert sweep(tmp_path, is_deep=False) == 1
    assert sweep(tmp_path) == 1
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted(kept)


def test_temporary_files_of_another_host_go_when_they_are_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = temporary_path(tmp_path / "x.parquet")
    monkeypatch.setattr(files, "_host", lambda: "hffffffff")
    theirs = temporary_path(tmp_path / "y.parquet")
    monkeypatch.undo()
    dead = tmp_path / theirs.name.replace(str(os.getpid()), str(DEAD))
    for path in (mine, dead):
        path.write_text("half")
    assert sweep(tmp_path) == 0, "a process of another host cannot be asked from here"
    os.utime(dead, (time.time() - 8 * 86_400,) * 2)
    assert sweep(tmp_path) == 1
    assert mine.exists()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EMFILE, "too many open files in this process"),
        (errno.EIO, "input/output error"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "permission denied"),
    ],
)
def test_each_refusal_of_the_system_has_words(tmp_path: Path, number: int, words: str) -> None:
    def fail(_temporary: Path) -> None:
        raise OSError(number, os.strerror(number))

    with pytest.raises(CannotWriteError, match=words) as caught:
        replace_file(tmp_path / "x", fail)
    assert caught.value.exit_code == 7
    assert list(tmp_path.iterdir()) == []


def test_a_durable_file_and_its_folder_are_flushed_before_and_after_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, bool]] = []
    path = tmp_path / "new" / "x.txt"

    def flushed(number: int) -> None:
        seen.append((Path(f"/proc/self/fd/{number}").readlink().name, path.exists()))

    monkeypatch.setattr(os, "fsync", flushed)
    replace_text(path, "kept", is_durable=True)
    names = [name if not name.startswith(".tmp-") else "temporary" for name, _ in seen]
    assert names == ["temporary", "new", tmp_path.name]
    assert [is_there for _, is_there in seen] == [False, True, True]
    seen.clear()
    replace_text(path, "may be made again")
    assert seen == []


def test_a_flush_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.txt"
    replace_text(path, "old")

    def refuse(_number: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(CannotWriteError, match="input/output error"):
        replace_text(path, "new", is_durable=True)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]


def test_a_long_name_has_room_for_its_temporary_one(tmp_path: Path) -> None:
    path = tmp_path / ("T" * 240 + ".txt")
    replace_text(path, "x")
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
