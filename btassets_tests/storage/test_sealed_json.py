"""Small records that say whether they were changed."""

import json
from pathlib import Path

import pytest

from btassets.storage.sealed_json import is_intact_json, read_sealed_json, replace_sealed_json


def test_a_record_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    assert read_sealed_json(path) is None
    replace_sealed_json(path, {"b": [1, 2.5, None], "a": "\u00e4"})
    assert read_sealed_json(path) == {"a": "\u00e4", "b": [1, 2.5, None]}


def test_every_change_is_seen(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "x.json"
    replace_sealed_json(path, {"day": "2021-03-01", "n": 7})
    content = path.read_bytes()
    same = json.loads(content)
    for at in range(len(content)):
        spoilt = bytearray(content)
        spoilt[at] ^= 1
        path.write_bytes(spoilt)
        try:
            is_same = json.loads(spoilt) == same
        except ValueError:
            is_same = False
        assert is_intact_json(path) == is_same, f"byte {at}"
    for junk in (b"", b"[]", b"null", b"\xff\xfe", b'{"day": 1}', content[:-5]):
        path.write_bytes(junk)
        assert read_sealed_json(path) is None
    assert f"{path}: damaged" in caplog.text
