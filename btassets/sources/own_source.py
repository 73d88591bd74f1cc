"""Sources of bars from own code: `source.kind = "module:Class"`, a file of `own/` or an installed package.

Belongs here: the base class, loading a class, and turning what it returns into bars or a refusal that names file and
line. Does not belong here: the rules that screen bars (`engine.market.quality`), which are those of every source.

A source reads files and servers, so unlike signals and rules it runs in the process that reads bars.
"""

import importlib
import importlib.util
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, TypeVar

import numpy as np
import pyarrow as pa

from btassets.errors import NoBarsError, SettingError
from btassets.settings.models import Settings
from btassets.sources.base import Basis, BlockedTickerError, RawBars
from btassets.sources.files.column_mapping import LocatedColumns, raw_bars_of
from btassets.storage.hashing import digest
from btassets.storage.lake import Lake

T = TypeVar("T")

FOLDER = "own"
NEEDED = ("date", "open", "high", "low", "close", "volume")
OPTIONAL = ("dividend", "split", "adjusted_close")


class Source:
    """Base of own sources: implement `tickers` and `bars`.

    Attributes
    ----------
    folder
        The book's folder.
    options
        `source.options`, name to text.
    """

    def __init__(self, folder: Path, options: Mapping[str, str]) -> None:
        self.folder = folder
        self.options = options

    def tickers(self) -> Sequence[str]:
        """Every ticker of the source."""
        raise NotImplementedError

    def bars(self, ticker: str) -> Any:
        """Bars of one ticker: a dict of columns, a pandas frame or an Arrow table.

        Columns: date, open, high, low, close, volume; optionally dividend (cash on the ex-date), split (new shares per
        old one) and adjusted_close (for a check). `source.basis` states the basis of the prices.
        """
        raise NotImplementedError

    def stamp(self, ticker: str) -> str:
        """Text that changes when the ticker's bars may have changed; a ticker whose text is unchanged is not read."""
        raise NotImplementedError


class OwnBarSource:
    """A source of own code behind the interface of every source.

    Parameters
    ----------
    kind
        `module:Class`.
    inner
        The instance.
    basis
        Of its prices.
    code
        Hash of its file: a change reads every ticker again.
    """

    def __init__(self, kind: str, inner: Source, basis: Basis, code: str) -> None:
        self.name = kind
        self.basis: Basis = basis
        self._inner = inner
        self._code = code

    def tickers(self) -> list[str]:
        """Every ticker, sorted by bytes.

        Raises
        ------
        NoBarsError
            If the source fails, or returns no list of texts.
        """
        found = self._call(self._inner.tickers, self._no_bars)
        if isinstance(found, str) or not isinstance(found, Sequence) or not all(isinstance(t, str) for t in found):
            raise self._no_bars(f"tickers returned {repr(found)[:60]}, not a list of texts")
        if not found:
            raise self._no_bars("tickers returned an empty list")
        if len(set(found)) < len(found):
            twice = next(ticker for k, ticker in enumerate(found) if ticker in found[:k])
            raise self._no_bars(f"tickers lists {twice} twice")
        return sorted(found, key=str.encode)

    def stamp(self, ticker: str) -> str:
        """Change marker of a ticker: its own text and the code."""
        text = self._call(lambda: self._inner.stamp(ticker), self._no_bars)
        return digest(self._code, str(text))

    def fetch(self, ticker: str) -> RawBars:
        """All bars of one ticker.

        Raises
        ------
        BlockedTickerError
            If the source fails for it, or returns no such columns.
        """

        def blocked(problem: str) -> Exception:
            return BlockedTickerError(ticker, "Q1", f"{problem}; bars must be {_SHAPE}; correct the source.")

        table = self._call(lambda: _as_table(self._inner.bars(ticker)), blocked)
        missing = [name for name in NEEDED if name not in table.column_names]
        if missing:
            raise blocked(f"{self.name} returned no column {', '.join(missing)}")
        roles = {name: name for name in (*NEEDED, *OPTIONAL) if name in table.column_names}
        return raw_bars_of(table.select(list(roles)), LocatedColumns(roles, ()), ticker)

    def _call(self, call: Callable[[], T], refusal: Callable[[str], Exception]) -> T:
        try:
            with _kept_alive():
                return call()
        except BaseException as error:  # own code may raise anything
            # An interrupt reaches the main thread alone: in another one own code raised it.
            if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
                raise
            raise refusal(f"{self.name}: {_told(error, type(self._inner))}") from None

    def _no_bars(self, problem: str) -> Exception:
        return NoBarsError(f"source.kind = {self.name}", problem, "correct the source, then run again.")


_own = threading.local()
_plain_exit, _plain_fork = os._exit, os.fork


@contextmanager
def _kept_alive() -> Iterator[None]:
    """Own code that ends or copies the process raises in its thread instead, so that its ticker is refused."""
    os._exit, os.fork = _exit, _fork  # type: ignore[assignment]
    before, _own.process = getattr(_own, "process", None), os.getpid()
    try:
        yield
    finally:
        _own.process = before


def _exit(code: int) -> NoReturn:
    if getattr(_own, "process", None) == os.getpid():
        raise SystemExit(f"os._exit({code})")
    _plain_exit(code)


def _fork() -> int:
    if getattr(_own, "process", None) == os.getpid():
        message = "os.fork() would run the rest of the command twice; start a program with subprocess"
        raise OSError(message)
    return _plain_fork()


_SHAPE = f"a dict, frame or table with the columns {', '.join(NEEDED)} of one length"


def _as_table(found: Any) -> pa.Table:
    if isinstance(found, pa.Table):
        return found
    if isinstance(found, Mapping):
        return pa.table({str(name): _column(values) for name, values in found.items()})
    if hasattr(found, "to_dict") and hasattr(found, "columns"):
        return pa.Table.from_pandas(found, preserve_index=False)
    raise TypeError(f"bars returned {repr(found)[:60]}")


def _column(values: Any) -> Any:
    """A column as Arrow takes it: a list of numpy's dates is made an array."""
    is_list = isinstance(values, list | tuple)
    return np.array(values) if is_list and values and isinstance(values[0], np.datetime64) else values


def _told(error: BaseException, made: type) -> str:
    """An exception with the file and line of the innermost frame in the folder of the class."""
    own = sys.modules[made.__module__].__file__ or ""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if Path(one.filename).parent == Path(own).parent]
    where = f"{Path(frames[-1].filename).name} line {frames[-1].lineno}: " if frames else ""
    text = f"{type(error).__name__}: {error}".rstrip(": ").replace("\n", " ")
    return f"{where}{text[:300]}"


def open_own(settings: Settings, folder: Path, lake: Lake | None) -> OwnBarSource:
    """Source of a book whose `source.kind` names a class.

    Raises
    ------
    SettingError
        If the module or the class is missing, cannot be imported or made, or is no `btassets.Source`.
    """
    del lake
    kind = settings.source.kind
    module_name, _, class_name = kind.partition(":")

    def refused(rule: str) -> SettingError:
        return SettingError("source.kind", kind, rule, "settings")

    try:
        module = _module(module_name, folder / FOLDER)
    except ModuleNotFoundError as error:
        if error.name != module_name.partition(".")[0]:
            raise refused(f"the module cannot be imported: {error}") from None
        rule = f"there is no module {module_name} in own/ or an installed package; name one that exists"
        raise refused(rule) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001  # own code may raise anything
        raise refused(f"the module cannot be imported: {type(error).__name__}: {error}") from None
    made = getattr(module, class_name, None)
    if made is None:
        own = (one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Source))
        names = [one.__name__ for one in own if one is not Source]
        raise refused(f"the module has no class {class_name}; its sources are {', '.join(names) or 'none'}")
    if not (isinstance(made, type) and issubclass(made, Source)):
        raise refused(f"{class_name} must be a subclass of btassets.Source with the methods tickers, bars and stamp")
    lacking = [name for name in ("tickers", "bars", "stamp") if getattr(made, name) is getattr(Source, name)]
    if lacking:
        raise refused(f"{class_name} has no method {lacking[0]}; a source needs tickers, bars and stamp")
    pairs = (text.partition("=") for text in settings.source.options)
    try:
        inner = made(folder, {name: value for name, _, value in pairs})
    except Exception as error:  # noqa: BLE001  # own code may raise anything
        raise refused(f"{class_name} cannot be made: {_told(error, made)}") from None
    code = digest(Path(module.__file__).read_text(encoding="utf-8")) if module.__file__ else ""
    return OwnBarSource(kind, inner, settings.source.basis, code)


def _module(name: str, own: Path) -> ModuleType:
    """A module of `own/` by its file, or an installed one; own files can import one another."""
    path = own.joinpath(*name.split(".")).with_suffix(".py")
    if not path.is_file():
        return importlib.import_module(name)
    unique = f"btassets_own_{digest(str(path))}"
    spec = importlib.util.spec_from_file_location(unique, path)
    if spec is None or spec.loader is None:
        return importlib.import_module(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[unique] = module
    sys.path.insert(0, str(own))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(own))
    return module
