"""Chained logs: only ever longer, every change of a byte seen, one intact copy is enough."""

import json
import logging

import pytest

from btassets.errors import JournalDamagedError
from btassets.storage.chained_log import ORIGIN, ChainedLog, chained, head
from btassets.storage.sealed import _told


@pytest.fixture
def log(tmp_path):
    return ChainedLog(tmp_path / "journal" / "base.jsonl", tmp_path / "data" / ".copies" / "journal" / "base.jsonl")


def filled(log, n=4):
    for k in range(n):
        log.append([{"day": k, "value": 0.1 * k}])
    return log.path.read_bytes()


def test_a_log_starts_empty_and_only_grows(log):
    assert log.read() == []
    assert head([]) == ORIGIN
    before = b""
    for k in range(3):
        links = log.append([{"day": k}])
        now = log.path.read_bytes()
        assert now.startswith(before)
        assert log.copy.read_bytes() == now
        assert [link.record["day"] for link in links] == list(range(k + 1))
        before = now
    assert log.append([]) == log.read()
    assert chained(log.read()[:1], [{"day": 1}, {"day": 2}]) == log.read()


def test_every_changed_byte_is_seen(log):
    whole = filled(log)
    log.copy.unlink()
    for at in range(len(whole)):
        log.path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            links = log.read()
        except JournalDamagedError:
            continue
        # Only the spelling of JSON may differ: no value, no hash.
        assert [link.record for link in links] == [{"day": k, "value": 0.1 * k} for k in range(4)], at


@pytest.mark.parametrize("attack", ["changed", "cut", "missing", "shorter", "exchanged"])
@pytest.mark.parametrize("of_the_copy", [False, True])
def test_one_intact_file_is_enough(log, attack, of_the_copy, caplog):
    whole = filled(log)
    lines = whole.splitlines(keepends=True)
    victim = log.copy if of_the_copy else log.path
    made = {
        "changed": whole.replace(b'"day":2', b'"day":7'),
        "cut": whole[:-9],
        "missing": None,
        "shorter": b"".join(lines[:-1]),
        "exchanged": b"".join([lines[1], lines[0], *lines[2:]]),
    }[attack]
    victim.unlink() if made is None else victim.write_bytes(made)
    _told.clear()
    with caplog.at_level(logging.WARNING):
        assert len(log.read()) == 4
    if not of_the_copy:
        assert "second copy is read" in caplog.text
    assert (victim.read_bytes() if victim.exists() else None) == made  # a reader repairs nothing
    assert len(log.read(mends=True)) == 4
    assert log.path.read_bytes() == log.copy.read_bytes() == whole
    kept = [path for path in victim.parent.iterdir() if path.name.startswith(".torn-")]
    assert [path.read_bytes() for path in kept] == ([made] if attack in ("changed", "cut", "exchanged") else [])


def test_two_damaged_files_are_refused_and_stay(log):
    whole = filled(log)
    log.path.write_bytes(whole[:-5])
    log.copy.write_bytes(whole.replace(b'"day":0', b'"day":9'))
    with pytest.raises(JournalDamagedError, match=r"last line is cut.*cannot be made again.*move it and"):
        log.append([{"day": 5}])
    assert log.path.read_bytes() == whole[:-5]


def test_two_intact_files_that_contradict_each_other_are_refused(log):
    filled(log)
    forged = [json.loads(line)["record"] for line in log.path.read_text().splitlines()]
    forged[2]["value"] = 9.0
    other = ChainedLog(log.path.with_name("other.jsonl"), log.path.with_name("twin.jsonl"))
    other.append(forged)
    log.path.write_bytes(other.path.read_bytes())
    with pytest.raises(JournalDamagedError, match="second copy differs from line 3 on"):
        log.read(mends=True)


def test_not_a_number_is_no_record(log):
    with pytest.raises(ValueError, match="not JSON compliant"):
        log.append([{"value": float("nan")}])
    assert not log.path.exists()
