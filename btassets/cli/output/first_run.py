"""Progress of the engine's compilation at the first run of an install.

Belongs here: counting compiled functions while a command works. Does not belong here: their location
(`btassets.compiled`), drawing (`terminal.py`).
"""

import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from btassets.cli.terminal import is_plain, tell
from btassets.compiled import cache_folder

FIRST_RUN = "compiling the engine (once, about a minute)"


_CACHED = re.compile(r"^@entry\b|^(?:@njit\(.*|    )cache=True", re.MULTILINE)


def n_cached_functions() -> int:
    """Functions of the engine in numba's cache, from the decorators in its sources."""
    engine = Path(__file__).resolve().parents[2] / "engine"
    return sum(len(_CACHED.findall(path.read_text(encoding="utf-8"))) for path in engine.rglob("*.py"))


class CompileWatch:
    """Progress of numba's compilation: functions in its cache folder, counted while a first run works.

    Parameters
    ----------
    show
        Called with label, done, total.
    is_quiet
        Show and write nothing.
    folder
        Cache folder; None: that of these sources.
    """

    def __init__(
        self, show: Callable[[str, int, int], None], *, is_quiet: bool = False, folder: Path | None = None
    ) -> None:
        self._folder, self._show, self._is_quiet = folder or cache_folder(), show, is_quiet
        self._n = n_cached_functions()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def _n_compiled(self) -> int:
        return sum(1 for _ in self._folder.rglob("*.nbi"))

    def __enter__(self) -> "CompileWatch":
        if not self._is_quiet and self._n_compiled() * 3 < self._n:
            if is_plain(sys.stderr):
                tell(FIRST_RUN)
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._ended.is_set():
            done = min(self._n_compiled(), self._n)
            self._show(FIRST_RUN, done, self._n)
            if done >= self._n:
                return
            self._ended.wait(0.5)

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
