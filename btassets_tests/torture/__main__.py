"""`python -m btassets_tests.torture`: attack a small book in every way, print a table, exit 1 on any failure.

Belongs here: the words of the command, which attacks there are and how much of each.
"""

import argparse
import datetime as dt
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from btassets_tests.torture import workers
from btassets_tests.torture.counts import Counts, as_markdown, total

SEED = 20_260_701

_ATTACKS: dict[str, tuple[str, str, int, int]] = {
    "kills": ("kills", "kill_commands", 240, 4),
    "interrupts": ("kills", "interrupt_commands", 40, 2),
    "servers": ("kills", "kill_servers", 6, 0),
    "calls": ("system_calls", "fail_calls", 300, 10),
    "disks": ("full_disk", "fill_disks", 40, 1),
    "damage": ("damage", "damage_files", 320, 12),
    "beside": ("damage", "damage_beside", 24, 2),
    "settings": ("damage", "damage_settings", 80, 6),
    "races": ("races", "race", 6, 0),
    "readers": ("bad_inputs", "spoil_inputs", 9_000, 300),
    "commands": ("bad_commands", "misuse_commands", 1_500, 60),
    "vendors": ("vendors", "hostile_vendors", 300, 20),
}
"""Attack: module, function, how many in full and reduced."""


def main() -> int:
    """Attack, print, and return 1 when anything failed."""
    parser = argparse.ArgumentParser(prog="python -m btassets_tests.torture", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--full", dest="is_full", action="store_true", help="the long form")
    form.add_argument("--reduced", dest="is_full", action="store_false", help="two or three minutes (default)")
    parser.add_argument("--minutes", type=float, default=None, metavar="N", help="no new attack after so long")
    parser.add_argument("--only", action="append", choices=_ATTACKS, default=None, help="this attack, and others named")
    parser.add_argument("--json", type=Path, default=None, metavar="F", help="counts and failures, after each attack")
    parser.add_argument("--resume", action="store_true", help="leave out the attacks that the JSON file has")
    given = parser.parse_args()
    workers.with_shim(["-m", "btassets_tests.torture", *sys.argv[1:]])
    counts = _counted(given.json) if given.resume else {}

    def keep(name: str, one: Counts) -> None:
        counts[name] = one
        if given.json is not None:
            given.json.write_text(json.dumps({name: asdict(counts[name]) for name in counts}, indent=1))

    names = [name for name in given.only or _ATTACKS if name not in counts]
    attack(names, given.seed, is_full=given.is_full, minutes=given.minutes, keep=keep, log=_log)
    found = [counts[name] for name in _ATTACKS if name in counts]
    today = dt.datetime.now(dt.UTC).date()
    print(f"\nseed {given.seed}, {'full' if given.is_full else 'reduced'}, {today}\n\n{as_markdown(found)}\n")
    return 1 if total(found).failures else 0


def _counted(path: Path | None) -> dict[str, Counts]:
    """Counts of the attacks that an earlier run finished."""
    if path is None or not path.exists():
        return {}
    return {name: Counts(**one) for name, one in json.loads(path.read_text()).items()}


def attack(
    names: list[str],
    seed: int,
    *,
    is_full: bool = False,
    minutes: float | None = None,
    keep: Callable[[str, Counts], object] = lambda _name, _counts: None,
    log: Callable[[str], object] = lambda _line: None,
) -> None:
    """Run attacks over a book of their own; `keep` is given what became of each as soon as it is known.

    Every attack draws from the seed and its own name, so that one alone repeats what it did among all.
    """
    workers.warm_up()
    import importlib
    from random import Random

    from btassets_tests.torture.books import make_bench

    began = time.monotonic()
    root = Path(tempfile.mkdtemp(prefix="btassets-torture-"))
    try:
        bench = make_bench(root, seed, is_full=is_full)
        for name in names:
            module, function, n_full, n_reduced = _ATTACKS[name]
            n = n_full if is_full else n_reduced
            if not n or (name == "calls" and not workers.has_shim()):
                log(f"{name}: left out{'' if n else ' of the reduced form'}")
                continue
            if minutes is not None and time.monotonic() - began > 60.0 * minutes:
                log(f"{name}: no time left")
                continue
            bench.random = Random(f"{seed} {name}")
            started = time.monotonic()
            run_attack = getattr(importlib.import_module(f"btassets_tests.torture.{module}"), function)
            counts = run_attack(bench, n)
            counts.seconds = time.monotonic() - started
            keep(name, counts)
            log(f"{name}: {counts.n_faults} faults, {len(counts.failures)} failures, {counts.seconds:.0f} s")
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
