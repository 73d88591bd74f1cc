"""Hashes of values and tables: equal content gives the same text in any process.

Belongs here: what decides whether something is stale. Does not belong here: whether a file is intact
(`sealed.py`), which is a matter of bytes.
"""

import hashlib
import json

import pyarrow as pa


def digest(*parts: object) -> str:
    """Hash of JSON-able parts, 16 hex digits; equal parts in any process give the same."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


class _HashSink:
    """A file that keeps only the hash of what is written to it."""

    closed = False

    def __init__(self) -> None:
        self.state = hashlib.blake2b(digest_size=8)

    def write(self, data: pa.Buffer) -> int:
        """Take the next bytes."""
        self.state.update(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""


class ContentHash:
    """Hash of a schema and of the batches that follow it, in their order and cut."""

    def __init__(self, schema: pa.Schema) -> None:
        self._sink = _HashSink()
        self._stream = pa.ipc.new_stream(pa.PythonFile(self._sink, mode="w"), schema)

    def update(self, batch: pa.RecordBatch) -> None:
        """Take the next batch."""
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
