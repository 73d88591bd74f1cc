"""Parts kept for the next run: one file per stage and scenario; none where it is gone or damaged."""

from btassets.storage.kept_results import FOLDER, keep_parts, kept_parts
from btassets.storage.sealed import forget_verified
from btassets_tests.support.small_books import run_book


def test_a_run_keeps_the_parts_of_the_weeks_that_it_computed():
    kept = kept_parts(run_book().lake.root, "stat_signals", "base")
    assert len(kept) > 50
    assert all(len(key) == 16 for key in kept)


def test_parts_come_back_and_the_file_depends_on_them_alone(tmp_path):
    kept = (tmp_path, "a_stage", "base")
    assert kept_parts(*kept) == {}
    keep_parts(*kept, {"b": b"\x00\x01", "a": b""})
    assert kept_parts(*kept) == {"a": b"", "b": b"\x00\x01"}
    path = tmp_path / FOLDER / "a_stage" / "base.parquet"
    before = path.read_bytes()
    keep_parts(*kept, {"a": b"", "b": b"\x00\x01"})
    assert path.read_bytes() == before


def test_a_damaged_file_keeps_nothing_and_is_told(tmp_path, caplog):
    kept = (tmp_path, "a_stage", "base")
    keep_parts(*kept, {"a": b"1234"})
    path = tmp_path / FOLDER / "a_stage" / "base.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    forget_verified()
    assert kept_parts(*kept) == {}
    assert "what it kept is computed again" in caplog.text
