"""Spoilt files for every reader: bars, landing, membership, groups, candidate tables, settings.

Invariant: read as what it says, or refused by an error of btassets with words; nothing else comes out, nothing
hangs. Of a bar file that is accepted, each number that was written plainly is the number that was read.
"""

import csv
import io
import re
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from btassets_tests.torture.books import Bench
from btassets_tests.torture.counts import Counts
from btassets_tests.torture.workers import in_child

_BATCH = 300
_HANG_SECONDS = 20
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_TEXTS = (
    *("", " ", "nan", "NaN", "inf", "-inf", "1e999", "-0", "0", "-1", "1_0", "0x1", "\uff11", "TRUE", "null", "None"),
    *(
        "1,5",
        "1.234,5",
        "$12",
        "12%",
        "2021-02-30",
        "2021-13-01",
        "31/12/2020",
        "1600000000",
        "9999-12-31",
        "0001-01-01",
    ),
    *(
        "2021-03-01T00:00:00Z",
        "2021-03-01 23:59+09:00",
        "=cmd|'/c calc'!A0",
        "\x1b[31m",
        "\x00",
        "\ufeff",
        "\u202e",
        "a" * 5000,
    ),
    *(
        "BRK-B",
        "brk.b",
        "../../x",
        "CON",
        "A\tB",
        "A\nB",
        '"',
        "'",
        ";",
        "|",
        "1" * 400,
        "up",
        "LONG",
        "shorT",
        "base",
        "[x]*",
    ),
)
_COLUMNS = ("date", "open", "high", "low", "close", "volume", "dividend", "split")
Attempt = Callable[[Path, Random], bool]
"""Makes one bad input below a folder and reads it: True when it was accepted; errors of btassets pass through."""


def spoil_inputs(bench: Bench, n: int) -> Counts:
    """Try every reader in turn, in batches of one process each."""
    counts = Counts("spoilt files and settings")
    names = list(READERS)
    k = 0
    while counts.n_faults < n:
        name = names[k % len(names)]
        size = min(_BATCH, max(n // len(names), 1), n - counts.n_faults)
        seed = bench.random.randrange(2**32)
        try:
            refused, accepted, failures = in_child(_batch, name, seed, size)
        except RuntimeError as error:
            refused, accepted, failures = 0, 0, [f"{name}, seed {seed}: {error}"]
        counts.n_faults += size
        counts.n_refused += refused
        counts.n_unharmed += accepted
        for failure in failures:
            counts.fail(failure)
        k += 1
    return counts


def _batch(name: str, seed: int, size: int) -> tuple[int, int, list[str]]:
    from btassets.errors import BtassetsError

    def hangs(*_: object) -> None:
        raise TimeoutError(f"no answer within {_HANG_SECONDS} s")

    signal.signal(signal.SIGALRM, hangs)
    refused, accepted = 0, 0
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="btassets-torture-") as folder:
        for k in range(size):
            signal.alarm(_HANG_SECONDS)
            own = Path(folder) / str(k)
            own.mkdir()
            try:
                is_read = READERS[name](own, Random(f"{seed} {k}"))
                accepted, refused = accepted + is_read, refused + (not is_read)
            except BtassetsError as error:
                refused += 1
                if len(str(error)) < 10 or error.exit_code == 1:
                    failures.append(f"{name}, seed {seed}, {k}: refused by {type(error).__name__}: {error}"[:400])
            except Exception as error:  # noqa: BLE001  (exactly these must not come out)
                failures.append(f"{name}, seed {seed}, {k}: {type(error).__name__}: {error}"[:400])
            finally:
                signal.alarm(0)
    return refused, accepted, failures


def _rows(rng: Random, n: int = 8) -> list[list[str]]:
    return [[f"2021-03-{k + 1:02d}", "10.5", "11.25", "9.75", f"10.{k}", "1000", "0.0", "1.0"] for k in range(n)] or [
        [str(rng.random())]
    ]


def _text(rng: Random) -> str:
    if rng.random() < 0.6:
        return rng.choice(_TEXTS)
    letters = "0123456789eE+-.,:/ TZ$%'\"abcNn\u20ac\u0660"
    return "".join(rng.choice(letters) for _ in range(rng.randint(0, 12)))


def _csv(rows: list[list[str]], rng: Random) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=rng.choice(",,,;\t|"), lineterminator=rng.choice(("\n", "\r\n"))).writerows(rows)
    return out.getvalue().encode(rng.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1")), "replace")


def _hurt_bytes(content: bytes, rng: Random) -> bytes:
    data = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        what = rng.randrange(4)
        if what == 0 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif what == 1:
            del data[at : at + rng.randint(1, 40)]
        elif what == 2:
            data[at:at] = rng.randbytes(rng.randint(1, 20))
        else:
            data = data[:at]
    return bytes(data)


def _bars_cell(folder: Path, rng: Random) -> bool:
    """One cell of anything in a CSV file of bars; what is accepted must say what was written."""
    from btassets.sources.files.bar_folder import FilesSource
    from btassets.sources.files.column_mapping import ColumnNames

    rows = _rows(rng)
    at, column, text = rng.randrange(len(rows)), rng.randrange(len(_COLUMNS)), _text(rng)
    rows[at][column] = text
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([list(_COLUMNS), *rows])
    (folder / "BAD.csv").write_bytes(out.getvalue().encode())
    bars = FilesSource(folder, ColumnNames(dividend="dividend", split="split"), "raw").fetch("BAD")
    if column and len(bars) == len(rows) and _NUMBER.fullmatch(text.strip()):
        found = getattr(bars, _COLUMNS[column])[at]
        # A split of zero is how many vendors say that there is none.
        expected = 1.0 if _COLUMNS[column] == "split" and not float(text) else float(text)
        if found != expected:
            raise AssertionError(f"{_COLUMNS[column]} {text!r} was read as {found!r}")
    return True


def _bars_bytes(folder: Path, rng: Random) -> bool:
    from btassets.engine.market.quality import screen_bars
    from btassets.sources.files.bar_folder import FilesSource
    from btassets.sources.files.column_mapping import ColumnNames

    if rng.random() < 0.5:
        content, name = _csv([list(_COLUMNS), *_rows(rng)], rng), rng.choice(("BAD.csv", "BAD.csv.gz"))
    else:
        rows = _rows(rng)
        table = pa.table({n: [row[k] if not k else float(row[k]) for row in rows] for k, n in enumerate(_COLUMNS)})
        sink = io.BytesIO()
        pq.write_table(table, sink, compression=rng.choice(("none", "snappy", "zstd")))
        content, name = sink.getvalue(), "BAD.parquet"
    (folder / name).write_bytes(_hurt_bytes(content, rng))
    bars = FilesSource(folder, ColumnNames(dividend="dividend", split="split"), "raw").fetch("BAD")
    screened = screen_bars("BAD", bars, sessions=None)
    if len({len(getattr(bars, column)) for column in ("dates", *_COLUMNS[1:])}) != 1:
        raise AssertionError("columns of different lengths")
    return screened.bars is not None


def _bars_head(folder: Path, rng: Random) -> bool:
    """Columns missing, twice, renamed, in another order."""
    from btassets.sources.files.bar_folder import FilesSource

    head, rows = list(_COLUMNS), _rows(rng)
    what = rng.randrange(4)
    if what == 0:
        head[rng.randrange(len(head))] = _text(rng)
    elif what == 1:
        k = rng.randrange(len(head))
        head, rows = [*head, head[k]], [[*row, row[k]] for row in rows]
    elif what == 2:
        k = rng.randrange(len(head))
        head, rows = head[:k] + head[k + 1 :], [row[:k] + row[k + 1 :] for row in rows]
    else:
        head = [rng.choice((name.upper(), f"<{name}>", f" {name} ", f"adj_{name}")) for name in head]
    (folder / "BAD.csv").write_bytes(_csv([head, *rows], rng))
    FilesSource(folder).fetch("BAD")
    return True


def _spells(folder: Path, rng: Random) -> bool:
    from btassets.sources.universe.membership import read_membership

    rows = [
        ["ticker", "start", "end"],
        ["AAPL", "2020-01-02", ""],
        ["MSFT", "", "2021-03-01"],
        ["BRK.B", "2020-01-02", "2020-06-30"],
    ]
    rows[rng.randrange(len(rows))][rng.randrange(3)] = _text(rng)
    content = _csv(rows, rng)
    path = folder / rng.choice(("spells.csv", "spells.csv", "spells.parquet"))
    path.write_bytes(_hurt_bytes(content, rng) if rng.random() < 0.4 else content)
    read_membership(path)
    return True


def _groups(folder: Path, rng: Random) -> bool:
    from btassets.book.book import open_book
    from btassets.book.group_file import read_groups
    from btassets.book.new_book import make_book

    rows = [["ticker", "group"], ["AAPL", "tech"], ["XOM", "energy"]]
    rows[rng.randrange(3)][rng.randrange(2)] = _text(rng)
    content = _csv(rows, rng)
    make_book(folder / "book", {"source.kind": "demo", "statistics.groups": "groups.csv"})
    (folder / "book" / "groups.csv").write_bytes(_hurt_bytes(content, rng) if rng.random() < 0.4 else content)
    read_groups(open_book(folder / "book", environ={}))
    return True


def _settings(folder: Path, rng: Random) -> bool:
    """A line of the settings file, or bytes of it."""
    from btassets.book.book import open_book
    from btassets.book.new_book import make_book
    from btassets.settings.load import FILE_NAME, KEYS

    make_book(folder / "book", {"source.kind": "demo"})
    path = folder / "book" / FILE_NAME
    if rng.random() < 0.3:
        path.write_bytes(_hurt_bytes(path.read_bytes(), rng))
    else:
        key = rng.choice(KEYS) if rng.random() < 0.8 else _text(rng)
        value = rng.choice(
            (_toml(_text(rng)), "1e999", "nan", "-1", "[]", "{}", "[[]]", "true", "0", "9" * 30, '""', "2021-01-01")
        )
        path.write_text(f"{_dotted(key)} = {value}\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    open_book(folder / "book", environ={})
    return True


def _toml(text: str) -> str:
    import json

    return json.dumps(text)


def _dotted(key: str) -> str:
    return key if re.fullmatch(r"[a-z_.]+", key) else _toml(key)


def _assignments(_folder: Path, rng: Random) -> bool:
    """Words of `--set`."""
    from btassets.settings.load import KEYS, parse_assignments, resolve

    key = rng.choice(KEYS) if rng.random() < 0.8 else _text(rng)
    words = [f"{key}{rng.choice(('=', '=', '=', '', '=='))}{_text(rng)}" for _ in range(rng.randint(1, 3))]
    resolve(overrides=parse_assignments(words), environ={})
    return True


def _landing(folder: Path, rng: Random) -> bool:
    """A file dropped into `landing/`: taken whole, or left with a reason."""
    from btassets.arrivals.landing import take_landed
    from btassets.book.book import open_book
    from btassets.book.new_book import make_book

    bars = folder / "bars"
    bars.mkdir()
    (bars / "AAPL.csv").write_bytes(_csv([list(_COLUMNS), *_rows(Random(1))], Random(1)))
    make_book(
        folder / "book", {"source.kind": "files", "source.path": str(bars), "calendar": "data", "storage.buckets": 1}
    )
    rows = _rows(rng)
    rows[rng.randrange(len(rows))][rng.randrange(len(_COLUMNS))] = _text(rng)
    content = _csv([list(_COLUMNS), *rows], rng)
    name = rng.choice(("AAPL.csv", "NEW.csv", "long.csv", "[x]*.csv", "A\tB.csv", "\u00e4.csv", "..csv"))
    dropped = folder / "book" / "landing" / name
    dropped.write_bytes(_hurt_bytes(content, rng) if rng.random() < 0.5 else content)
    taken = take_landed(open_book(folder / "book", environ={}, mends=True), 0.0)
    if dropped.exists() and not taken.refused and not name.startswith("."):
        raise AssertionError(f"{name!r} stays without a reason")
    if taken.refused and not all(len(reason) > 10 for reason in taken.refused.values()):
        raise AssertionError(f"{name!r} stays without words")
    return not taken.refused


def _candidates(folder: Path, rng: Random) -> bool:
    """A table given to `grade`."""
    from btassets.cli.main import main

    golden = Path(__file__).parents[1] / "golden"
    table = pq.read_table(golden / "candidates_tight.parquet").slice(0, 40)
    rows = [table.schema.names, *([("" if v is None else str(v)) for v in row.values()] for row in table.to_pylist())]
    rows[rng.randrange(len(rows))][rng.randrange(len(rows[0]))] = _text(rng)
    content = _csv(rows, rng)
    path = folder / "setups.csv"
    path.write_bytes(_hurt_bytes(content, rng) if rng.random() < 0.4 else content)
    return _answers(
        lambda: main(
            [
                "grade",
                "--candidates",
                str(path),
                "--bars",
                str(_few_bars(golden, folder)),
                "--out",
                str(folder / "out.json"),
            ]
        )
    )


def _few_bars(golden: Path, folder: Path) -> Path:
    few = folder / "bars"
    few.mkdir()
    for path in sorted((golden / "bars").iterdir())[:3]:
        (few / path.name).symlink_to(path)
    return few


def _answers(call: Callable[[], int]) -> bool:
    """Whether a command that runs here accepts; a refusal with words counts as refused by an error of btassets."""
    import contextlib

    from btassets.errors import UsageError
    from btassets_tests.torture.workers import DOCUMENTED

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = call()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
    said = out.getvalue() + err.getvalue()
    if code not in DOCUMENTED or "Traceback" in said:
        raise AssertionError(f"exit code {code}: {err.getvalue()[-300:]}")
    if code and not said.strip():  # `doctor` answers on stdout
        raise AssertionError(f"exit code {code} without a word")
    if code:
        raise UsageError(said.strip()[:200] + " " * 10, "counted as refused")
    return True


READERS: dict[str, Attempt] = {
    "bars, one cell": _bars_cell,
    "bars, bytes": _bars_bytes,
    "bars, head": _bars_head,
    "landing": _landing,
    "membership": _spells,
    "groups": _groups,
    "candidate table": _candidates,
    "settings file": _settings,
    "--set": _assignments,
}
