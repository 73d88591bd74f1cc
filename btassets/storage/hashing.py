"""Hashes of values and tables: equal content gives the same text in any process.

Belongs here: hashes behind staleness. Does not belong here: the integrity of a file (`sealed.py`), which is a matter of
bytes.
"""

import hashlib
import json
import zlib

import numpy as np
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


def rows_hash(table: pa.Table) -> str:
    """Hash of the values of a table, 16 hex digits; bytes below nulls and the order of dictionaries do not count.

    >>> text = pa.array(["b", "a", None])
    >>> rows_hash(pa.table({"x": text})) == rows_hash(pa.table({"x": text.dictionary_encode()}))
    True
    """
    state = hashlib.blake2b(digest_size=8)
    for name, column in zip(table.column_names, table.columns, strict=True):
        values = column.combine_chunks()
        state.update(f"{name}|{len(values)}|{values.null_count}|".encode())
        if values.null_count:
            state.update(np.packbits(values.is_null().to_numpy(zero_copy_only=False)).data)
        kind = values.type
        if pa.types.is_string(kind):
            values = values.dictionary_encode()
        if isinstance(values, pa.DictionaryArray):
            codes = np.array([zlib.crc32(label.encode()) for label in values.dictionary.to_pylist()] or [0], np.uint32)
            plain = codes[values.indices.fill_null(0).to_numpy()]
        elif pa.types.is_boolean(kind):
            plain = values.fill_null(pa.scalar(value=False)).to_numpy(zero_copy_only=False)
        else:
            stored = values.cast(pa.int32()) if pa.types.is_date32(kind) else values
            plain = stored.fill_null(pa.scalar(0, stored.type)).to_numpy()
        if values.null_count:
            plain = np.where(values.is_null().to_numpy(zero_copy_only=False), plain.dtype.type(0), plain)
        state.update(np.ascontiguousarray(plain).data)
    return state.hexdigest()
