"""Report folders: one per report, `latest` beside them, the oldest swept.

Belongs here: folder names, atomic writing, the `latest` link. Does not belong here: the content of a report.
"""

import re
import shutil
import zlib
from collections.abc import Mapping
from pathlib import Path

from btassets.storage.files import replace_text, system_reason, temporary_path, writing

LATEST = "latest"

_FOLDER = re.compile(r"\d{4}-\d{2}-\d{2}-.+-[0-9a-f]{12}")


def folder_name(as_of: str, scenario: str, settings_hash: str) -> str:
    """Name of a report's folder.

    >>> folder_name("2021-04-21", "base", "0123456789ab")
    '2021-04-21-base-0123456789ab'
    """
    return f"{as_of}-{scenario}-{settings_hash}"


def write_report(reports: Path, name: str, texts: Mapping[str, str]) -> Path:
    """Write the files of one report, each atomically; return its folder.

    `latest` still shows the previous report until `point_latest` is called.

    Raises
    ------
    CannotWriteError
        If the disk or the folder rejects the write.
    """
    folder = reports / name
    for file, text in texts.items():
        replace_text(folder / file, text)
    _drop_others(folder, texts)
    return folder


def _drop_others(folder: Path, texts: Mapping[str, str]) -> None:
    """Delete pages of an earlier writing that the report does not have any more, below its folders only."""
    kept = {folder / file for file in texts}
    for path in sorted(folder.glob("*/*.html")):
        if path not in kept:
            path.unlink(missing_ok=True)


def checksum(content: bytes) -> str:
    """Checksum of a report's file, as stored in the footer of table `backtest_report`."""
    return f"{zlib.crc32(content):08x}"


def damage_of(folder: Path, checksums: Mapping[str, str]) -> tuple[Path, str] | None:
    """First missing or changed file of a report, and its problem; None: the report is intact."""
    for name, expected in checksums.items():
        path = folder / name
        try:
            found = checksum(path.read_bytes())
        except OSError as error:
            return path, system_reason(error)
        if found != expected:
            return path, "its checksum does not match its bytes"
    return None


def point_latest(reports: Path, name: str) -> None:
    """Point `latest` to the report `name`: a link swapped atomically, or a copy where links are not allowed."""
    latest = reports / LATEST
    with writing(latest):
        if not latest.is_symlink() and latest.is_dir():
            _copy(reports / name, latest)
            return
        temporary = temporary_path(latest)
        try:
            temporary.symlink_to(name, target_is_directory=True)
        except (OSError, NotImplementedError):
            _copy(reports / name, latest)
            return
        temporary.replace(latest)


def _copy(folder: Path, latest: Path) -> None:
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    for file in files:
        replace_text(latest / file, (folder / file).read_text(encoding="utf-8"))
    _drop_others(latest, {str(file): "" for file in files})


def sweep_reports(reports: Path, keep: int) -> list[str]:
    """Delete all but the `keep` newest reports; return their names.

    Only folders named like reports are considered; the target of `latest` always stays.
    """
    shown = (reports / LATEST).resolve().name
    folders = [p for p in reports.iterdir() if p.is_dir() and not p.is_symlink() and _FOLDER.fullmatch(p.name)]
    newest_first = sorted(folders, key=lambda p: (p.stat().st_mtime_ns, p.name), reverse=True)
    old = [p for p in newest_first[keep:] if p.name != shown]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return [p.name for p in old]
