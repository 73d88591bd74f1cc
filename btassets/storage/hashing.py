"""Hashes of values and tables: equal content gives the same text in any process.

Belongs here: hashes behind staleness. Does not belong here: the integrity of a file (`sealed.py`), which is a matter of
bytes.
"""

import hashlib
import json

import pyarrow as pa


def digest(*parts: object) -> str:
    """Hash of JSON-able parts, 16 hex digits; equal parts give the same in any process."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


class _HashSink:
    """A file object that only hashes the bytes written to it."""

    closed = False

    def __init__(self) -> None:
        self.state = hashlib.blake2b(digest_size=8)

    def write(self, data: pa.Buffer) -> int:
        """Hash the next bytes."""
        self.state.update(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is buffered."""

    def close(self) -> None:
        """Nothing is open."""


class ContentHash:
    """Hash of a schema and of the batches that follow it, in their order and cut."""

    def __init__(self, schema: pa.Schema) -> None:
        self._sink = _HashSink()
        self._stream = pa.ipc.new_stream(pa.PythonFile(self._sink, mode="w"), schema)

    def update(self, batch: pa.RecordBatch) -> None:
        """Hash the next batch."""
        self._stream.write_batch(batch)

    def hexdigest(self) -> str:
        """16 hex digits."""
        return self._sink.state.hexdigest()


def content_hash(table: pa.Table) -> str:
    """Hash of a table's schema and values, 16 hex digits; independent of its chunking."""
    whole = table.replace_schema_metadata(None).combine_chunks()
    content = ContentHash(whole.schema)
    for batch in whole.to_batches():
        content.update(batch)
    return content.hexdigest()
