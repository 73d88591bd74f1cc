"""Around a fork every living storage is closed; one that could not be is dropped in the child."""

import gc
import os

from btassets.instance.fork_guard import ForkGuard


class Storage:
    def __init__(self, log, name, *, closes=True):
        self.log, self.name, self.closes = log, name, closes

    def before_fork(self):
        self.log.append(("before", self.name))
        return self.closes

    def after_fork(self):
        self.log.append(("after", self.name))

    def abandon_inherited(self):
        self.log.append(("abandoned", self.name))
        return [object()]


def guard_over(*storages):
    guard = ForkGuard()
    guard._is_registered = True  # no hook of this process: the test calls both sides
    for storage in storages:
        guard.watch(storage)
    return guard


def test_the_parent_reopens_what_was_closed():
    log = []
    guard = guard_over(*(kept := [Storage(log, "a"), Storage(log, "b", closes=False)]))
    guard._before()
    assert sorted(log) == [("before", "a"), ("before", "b")]
    guard._in_parent()
    assert [entry for entry in log if entry[0] != "before"] == [("after", "a")]
    log.clear()
    guard._before()
    guard._in_child()
    assert sorted(entry for entry in log if entry[0] != "before") == [("abandoned", "b"), ("after", "a")]
    assert len(guard._never_closed) == 1
    assert len(kept) == 2


def test_a_storage_that_is_gone_is_not_closed():
    log = []
    storage = Storage(log, "a")
    guard = guard_over(storage)
    del storage
    gc.collect()
    guard._before()
    guard._in_parent()
    assert log == []


def test_a_real_fork_closes_in_the_parent_and_reopens_on_both_sides():
    log = []
    guard, storage = ForkGuard(), Storage(log, "a")
    guard.watch(storage)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if log == [("before", "a"), ("after", "a")] else 1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert log == [("before", "a"), ("after", "a")]
