"""The check of a cluster: each difference is a sentence with what to do."""

from typing import Any

import pytest

from btassets.instance.cluster.cluster_check import judge, judge_queues

HERE: dict[str, Any] = {
    "host": "a", "process": 1, "folder": "/book", "cores": 2, "code": "btassets 0.1.0 (ab)",
    "libraries": "numpy 2.4, numba 0.6", "settings": "5e77", "own": "", "source": "", "problem": "", "seen": "t",
    "wrote": "cluster-check-t-a-1", "time": 1000.0,
}  # fmt: skip
WORKER = HERE | {"host": "b", "process": 7, "wrote": "cluster-check-t-b-7", "slots": 4}
ASKED = (999.0, 1001.0)


def findings(**changed: Any) -> list[Any]:
    return list(judge(HERE, {"w@b": WORKER | changed}, {"cluster-check-t-b-7"}, ASKED))


def test_an_equal_worker_is_in_order() -> None:
    (found,) = findings()
    assert (found.exit_code, found.text) == (0, "4 slots on 2 cores; same folder, code and settings")


@pytest.mark.parametrize(
    ("changed", "code", "text"),
    [
        ({"code": "btassets 0.2.0 (cd)"}, 2, r"runs btassets 0.2.0 (cd) (this host: btassets 0.1.0 (ab)); hosts must"),
        (
            {"libraries": "numpy 2.3, numba 0.6"},
            2,
            "has numpy 2.3 (this host: numpy 2.4); hosts must be equal: install",
        ),
        ({"settings": "0000"}, 2, "reads settings 0000 (this host: 5e77); hosts must be equal: same btassets.toml"),
        ({"own": "own/a.py 12"}, 2, "has own/ files own/a.py 12 (this host: "),
        ({"folder": "/other/book"}, 2, "works on /other/book, this host on /book; a cluster serves one book"),
        ({"seen": ""}, 7, "its /book is another folder than this host's; all hosts share one; mount the same export"),
        ({"wrote": "cluster-check-t-b-8"}, 7, "its /book is another folder than this host's"),
        ({"problem": "/book/.dagster: Permission denied", "wrote": ""}, 7, "/book/.dagster: Permission denied"),
        ({"source": "/bars"}, 2, "does not see the source /bars; the step that reads bars may run on any worker"),
        ({"time": 990.0}, 2, "its clock is 9 seconds behind; at most 5 are allowed; synchronise it (NTP)"),
        ({"time": 1041.0}, 2, "its clock is 40 seconds ahead"),
    ],
)
def test_a_difference_is_a_sentence(changed: dict[str, Any], code: int, text: str) -> None:
    (found,) = findings(**changed)
    assert (found.name, found.exit_code) == ("w@b", code)
    assert text in found.text


def test_a_worker_may_be_slow_to_answer() -> None:
    late = list(judge(HERE, {"w@b": WORKER | {"time": 1003.0}}, {"cluster-check-t-b-7"}, (900.0, 1004.0)))
    assert [found.exit_code for found in late] == [0]


def test_no_worker_and_one_that_fails() -> None:
    (found,) = judge(HERE, {}, set(), ASKED)
    assert (found.exit_code, "start `btassets cluster worker`" in found.text) == (7, True)
    (found,) = judge(HERE, {"w@b": {"error": "KeyError"}}, set(), ASKED)
    assert (found.exit_code, "restart it" in found.text) == (7, True)


def test_each_queue_has_a_worker_and_shards_fill_the_slots() -> None:
    both = {"w@b": [{"name": "dagster"}, {"name": "memory"}]}
    assert list(judge_queues(both, 16, {"w@b": WORKER})) == []
    (found,) = judge_queues({"w@b": [{"name": "dagster"}]}, 16, {"w@b": WORKER})
    assert (found.exit_code, "start one with --queues memory" in found.text) == (2, True)
    (found,) = judge_queues(both, 2, {"w@b": WORKER})
    assert "2 shards for 4 slots" in found.text
    assert "set executor.shards to about 16" in found.text
    assert list(judge_queues({}, 1, {})) == []
