"""Sealed files: Parquet files with their identity, location, and a checksum of every byte.

Belongs here: writing and verifying one file. A sealed file has

- a checksum in every page, verified by every read;
- a footer (JSON) with the number of rows and `place`, its path in its folder;
- the checksum of all its bytes, pages and footer, as the last entry of the Parquet metadata.

The checksum over all bytes is verified once per process and file identity (inode, size, times), at 4 GB/s, so that a
run can verify every table before using it. Does not belong here: the handling of damage (`lake.py`, `kept_twice.py`).
"""

import errno
import json
import logging
import os
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from btassets.errors import CannotReadError
from btassets.storage.files import replace_file, system_reason

FOOTER_KEY = b"btassets"
_SEAL_KEY = "btassets_seal"
_SEAL = b"btassets-crc32="
_UNSEALED = b"00000000"
_MAGIC = b"PAR1"
_TAIL = 8
_CHUNK = 4 << 20

FOREIGN = "was not written by btassets"
"""Problem of an intact Parquet file that is not a table of ours."""

Identity = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class Seal:
    """Result of verifying a file.

    Attributes
    ----------
    problem
        Its problem; None: intact.
    footer
        JSON text of the footer, of an intact file only.
    """

    problem: str | None
    footer: bytes = b"{}"


_log = logging.getLogger(__name__)

_told: set[tuple[Path, str, Identity | None]] = set()

_known: dict[Path, tuple[Identity, Seal]] = {}
"""Files verified or written by this process. Another identity is verified again."""


def write_sealed(
    path: Path,
    place: str,
    schema: pa.Schema,
    fill: Callable[[Callable[[pa.RecordBatch], None]], Mapping[str, Any]],
    *,
    is_durable: bool = False,
) -> None:
    """Write a sealed Parquet file atomically.

    Parameters
    ----------
    place
        Location of the file, e.g. `trades/base`; at any other location it counts as damaged.
    fill
        Called with a function that writes one batch; returns the footer, to which `place` and `n_rows` are added.
    is_durable
        See `replace_file`.
    """
    texts = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_dictionary(f.type)]
    written: list[bytes] = []

    def write(temporary: Path) -> None:
        with temporary.open("xb") as file:
            sink = _Checked(file)
            n_rows = 0
            with pq.ParquetWriter(
                pa.PythonFile(sink, mode="w"),
                schema,
                compression="lz4",
                use_dictionary=texts,
                write_statistics=False,
                write_page_checksum=True,
            ) as writer:

                def take(batch: pa.RecordBatch) -> None:
                    nonlocal n_rows
                    writer.write_batch(batch)
                    n_rows += batch.num_rows

                footer = {**fill(take), "place": place, "n_rows": n_rows}
                written.append(json.dumps(footer, separators=(",", ":")).encode())
                writer.add_key_value_metadata({FOOTER_KEY: written[-1], _SEAL_KEY: _SEAL + _UNSEALED})
            _put_seal(temporary, sink.checksum, file)

    replace_file(path, write, is_durable=is_durable)
    _known[path] = (_identity(path.stat()), Seal(None, written[-1]))


def tell_damage(path: Path, words: str) -> None:
    """Log a damaged file (on the terminal's stderr), once per damage."""
    try:
        identity = _identity(path.stat())
    except OSError:
        identity = None
    if (path, words, identity) not in _told:
        _told.add((path, words, identity))
        _log.warning("%s: %s", path, words)


def forget_verified() -> None:
    """Verify every file again, as in a new process."""
    _known.clear()


class _Checked:
    """A file object that computes the checksum of the bytes written to it."""

    closed = False

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.checksum = 0

    def write(self, data: Any) -> int:
        """Write the next bytes."""
        self.checksum = zlib.crc32(data, self.checksum)
        return self._file.write(data)

    def tell(self) -> int:
        """Position."""
        return self._file.tell()

    def flush(self) -> None:
        """Flush the buffer."""
        self._file.flush()

    def close(self) -> None:
        """The file is closed by its owner, once it is sealed."""


def _put_seal(path: Path, checksum: int, file: IO[bytes]) -> None:
    file.flush()
    with path.open("rb") as written:
        _, start, footer = _split(written)
    file.seek(start + footer.rindex(_SEAL) + len(_SEAL))
    file.write(f"{checksum:08x}".encode())
    file.flush()


def _split(file: IO[bytes]) -> tuple[int, int, bytes]:
    """Size of a Parquet file, offset of its footer, and the footer with everything after it.

    Raises
    ------
    ValueError
        If the file has no Parquet footer; the text gives the reason.
    """
    size = file.seek(0, os.SEEK_END)
    if size < 2 * len(_MAGIC) + 4:
        raise ValueError(f"{size} bytes are not a Parquet file")
    file.seek(size - _TAIL)
    tail = file.read(_TAIL)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != _MAGIC or length > size - _TAIL - len(_MAGIC):
        raise ValueError("its end is truncated or overwritten")
    start = size - _TAIL - length
    file.seek(start)
    return size, start, file.read()


def verify(path: Path, place: str) -> Seal:
    """Verify a sealed file, once per process while its inode, size and times are unchanged.

    Raises
    ------
    FileNotFoundError
        If there is none.
    CannotReadError
        If this process may not read it, or has no file handle left, which says nothing about the file.
    """
    identity = _identity(path.stat())
    known = _known.get(path)
    if known is not None and known[0] == identity:
        return known[1]
    try:
        with path.open("rb") as file:
            identity = _identity(os.fstat(file.fileno()))
            seal = _verified(file, path, place)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno != errno.EIO:
            raise CannotReadError(str(path), system_reason(error)) from error
        seal = Seal(system_reason(error))
    _known[path] = (identity, seal)
    return seal


def _identity(stat: os.stat_result) -> Identity:
    return (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


def _verified(file: IO[bytes], path: Path, place: str) -> Seal:
    try:
        _, start, footer = _split(file)
    except ValueError as error:
        return Seal(str(error))
    at = footer.rfind(_SEAL)
    if at < 0:
        return Seal(_unsealed(path))
    at += len(_SEAL)
    given, unsealed = footer[at : at + 8], footer[:at] + _UNSEALED + footer[at + 8 :]
    if given != f"{zlib.crc32(unsealed, _checksum(file, start)):08x}".encode():
        return Seal("its checksum does not match its bytes")
    metadata = pq.read_metadata(pa.BufferReader(_MAGIC + footer))
    raw = (metadata.metadata or {}).get(FOOTER_KEY, b"{}")
    facts = json.loads(raw)
    if facts.get("place") != place:
        return Seal(f"it is a copy of {facts.get('place')}")
    if facts.get("n_rows") != metadata.num_rows:
        return Seal(f"it has {metadata.num_rows} rows, but its footer says {facts.get('n_rows')}")
    return Seal(None, raw)


def _checksum(file: IO[bytes], n_bytes: int) -> int:
    """Checksum of the first `n_bytes`."""
    file.seek(0)
    buffer = memoryview(bytearray(min(_CHUNK, max(n_bytes, 1))))
    checksum = 0
    while n_bytes > 0:
        got = file.readinto(buffer[: min(len(buffer), n_bytes)])  # pyright: ignore[reportAttributeAccessIssue]
        if not got:
            break
        checksum = zlib.crc32(buffer[:got], checksum)
        n_bytes -= got
    return checksum


def _unsealed(path: Path) -> str:
    """Why a file has no seal: it is foreign, of an older version, or its footer is damaged."""
    footer = footer_as_it_is(path)
    if footer is None:
        return "its footer cannot be read"
    return "it has no checksum: it was written by an older version" if footer else FOREIGN


def footer_as_it_is(path: Path) -> dict[str, Any] | None:
    """Footer of an unverified file: {} without one, None if it cannot be read."""
    try:
        raw = (pq.read_metadata(path).metadata or {}).get(FOOTER_KEY)
        footer = json.loads(raw) if raw else {}
    except (pa.ArrowException, OSError, ValueError):
        return None
    return footer if isinstance(footer, dict) else None


def open_sealed(path: Path) -> pq.ParquetFile:
    """Open a verified file; every page read is verified again."""
    return pq.ParquetFile(path, page_checksum_verification=True)


def read_all(path: Path, columns: Iterable[str] | None = None) -> pa.Table:
    """Columns of a file, without the file's metadata."""
    with open_sealed(path) as file:
        return file.read(columns=None if columns is None else list(columns)).replace_schema_metadata(None)
