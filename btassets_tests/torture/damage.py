"""Bytes that change behind btassets' back, in every kind of file of a book.

Invariant: the next run names every damaged file, ends with 0, and its tables equal the undisturbed book's.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from btassets_tests.torture.books import Bench
from btassets_tests.torture.counts import Counts
from btassets_tests.torture.workers import in_child, run

_PER_BOOK = 8
Hurt = Callable[[Path, Random], list[Path]]
"""Damages a file; returns those that have to be named (empty: nothing was changed)."""


def flip_bit(path: Path, rng: Random) -> list[Path]:
    """One bit, anywhere."""
    content = bytearray(path.read_bytes())
    at = rng.randrange(len(content))
    content[at] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    return [path]


def cut(path: Path, rng: Random) -> list[Path]:
    """The end is missing."""
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(len(content))])
    return [path]


def empty(path: Path, _rng: Random) -> list[Path]:
    """What a power cut leaves of a file that was not flushed."""
    path.write_bytes(b"")
    return [path]


def zero_bytes(path: Path, rng: Random) -> list[Path]:
    """Two hundred bytes of zeros."""
    content = bytearray(path.read_bytes())
    at = rng.randrange(max(len(content) - 200, 1))
    old = bytes(content)
    content[at : at + 200] = bytes(min(200, len(content) - at))
    path.write_bytes(content)
    return [path] if bytes(content) != old else []


def grow(path: Path, rng: Random) -> list[Path]:
    """Bytes after the end."""
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.randint(1, 300)))
    return [path]


def swap(path: Path, rng: Random) -> list[Path]:
    """Two files of the book change places."""
    root = path.parents[len(path.parts) - path.parts.index("data") - 2]
    others = [p for p in root.rglob("*.parquet") if p != path and not any(x.startswith(".") for x in p.parts[-3:])]
    other = rng.choice(sorted(others))
    mine, theirs = path.read_bytes(), other.read_bytes()
    if mine == theirs:
        return []
    path.write_bytes(theirs)
    other.write_bytes(mine)
    return [path, other]


def row_less(path: Path, _rng: Random) -> list[Path]:
    """A table with one row less, under its own footer."""
    return _rewritten(path, lambda table: table.slice(1))


def scale_prices(path: Path, _rng: Random) -> list[Path]:
    """Every number times 1.1, under its own footer."""

    def scaled(table: pa.Table) -> pa.Table:
        for at, column in enumerate(table.schema):
            if pa.types.is_floating(column.type):
                table = table.set_column(at, column, pc.multiply(table[column.name], 1.1).cast(column.type))
        return table

    return _rewritten(path, scaled)


def foreign(path: Path, _rng: Random) -> list[Path]:
    """A Parquet file of another program in the place of ours."""
    table = in_child(pq.read_table, path)
    in_child(pq.write_table, table.replace_schema_metadata(None), path)
    return [path]


def _rewritten(path: Path, change: Callable[[pa.Table], pa.Table]) -> list[Path]:
    return [path] if in_child(_rewrite, path, change) else []


def _rewrite(path: Path, change: Callable[[pa.Table], pa.Table]) -> bool:
    with pq.ParquetFile(path) as file:
        old = file.read()
        kept = file.metadata.metadata
    new = change(old)
    if new.equals(old):
        return False  # a table without what the attack changes is left as it is
    with pq.ParquetWriter(path, new.schema.remove_metadata(), compression="lz4") as writer:
        writer.write_table(new.replace_schema_metadata(None))
        writer.add_key_value_metadata({k: v for k, v in kept.items() if k != b"ARROW:schema"})
    return True


ANY: tuple[Hurt, ...] = (flip_bit, flip_bit, flip_bit, cut, empty, zero_bytes, grow)
TABLES: tuple[Hurt, ...] = (*ANY, swap, row_less, scale_prices, foreign)


def kinds_of(folder: Path) -> dict[str, list[Path]]:
    """Every file of data/ and reports/ that is kept, by kind: the folder, or the name for what lies at the top."""
    found: dict[str, list[Path]] = {}
    for root in (folder / "data", folder / "reports"):
        for path in sorted(root.rglob("*")):
            relative = path.relative_to(folder)
            if path.is_file() and not path.is_symlink() and ".locks" not in relative.parts:
                is_report = relative.parts[0] == "reports"
                kind = f"report{path.suffix}" if is_report else f"{relative.parts[1]}{path.suffix}"
                found.setdefault(kind, []).append(path)
    found["warehouse.duckdb"] = [folder / "warehouse.duckdb"]
    return found


_UNTOLD = ("warehouse", ".copies")
"""Kinds that no number comes from: made again, or covered by the first copy, without a word."""


def damage_files(bench: Bench, n: int) -> Counts:
    """Damage files of every kind in turn, several in one book, and run."""
    counts = Counts("bit flips and torn files in data, reports")
    kinds: list[str] = []
    while counts.n_faults < n:
        with bench.copy() as folder:
            named: list[Path] = []
            told: list[str] = []
            while len(told) < min(_PER_BOOK, n - counts.n_faults):
                files = kinds_of(folder)
                kinds = kinds or bench.random.sample(sorted(files), len(files))
                kind = kinds.pop()
                path = bench.random.choice([p for p in files[kind] if p not in named] or files[kind])
                is_table = path.suffix == ".parquet" and ".copies" not in path.parts
                hurt = bench.random.choice(TABLES if is_table else ANY)
                if hurt is swap and named:
                    hurt = flip_bit
                if path in named or not path.stat().st_size:
                    continue
                hit = hurt(path, bench.random)
                named += hit
                told.append(f"{hurt.__name__} of {path.relative_to(folder)}")
            counts.n_faults += len(told)
            said = run(["run", "--book", folder, "--quiet"])
            problem = bench.judged(folder, said)
            # The checksums of a report are in the footer of this table: damaged, nothing vouches for the files.
            is_vouched = not any(p.parent.name == "backtest_report" for p in named)
            silent = [p for p in named if p.name not in said.err and not _is_untold(p, folder)]
            silent = [p for p in silent if is_vouched or "reports" not in p.relative_to(folder).parts]
            if problem is not None:
                counts.fail(f"{'; '.join(told)}: {problem}")
            elif silent:
                counts.fail(f"{'; '.join(told)}: not a word about {silent[0].relative_to(folder)}")
            else:
                counts.n_recovered += len(told)
    return counts


def _is_untold(path: Path, folder: Path) -> bool:
    return any(part.startswith(_UNTOLD) for part in path.relative_to(folder).parts)


def damage_beside(bench: Bench, n: int) -> Counts:
    """Files that do not belong: a bucket under another number, a foreign table, junk and odd names."""
    counts = Counts("foreign, copied and odd files in data")
    for k in range(n):
        with bench.copy() as folder:
            data = folder / "data"
            what = k % 4
            if what == 0:
                buckets = sorted((data / "ohlcv_history").glob("bucket-*.parquet"))
                one, other = bench.random.sample(buckets, 2)
                shutil.copyfile(one, other)
                shutil.copyfile(one, data / "candidates" / "base" / other.name)
                shutil.copyfile(one, one.with_name("bucket-0099.parquet"))
            elif what == 1:
                table = pa.table({"scenario": ["x"], "ticker": ["FOREIGN"]})
                in_child(pq.write_table, table, data / "trades" / "[x]*.parquet")
                in_child(pq.write_table, table, data / "setup_stats" / "base2.parquet")
            elif what == 2:
                for name in ("[!.]*", "a?b\tc", "it's", "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")):
                    (data / name).mkdir()
                    (data / name / "junk.parquet").write_bytes(bench.random.randbytes(64))
                (data / "trades" / "notes.txt").write_text("mine")
            else:
                shutil.rmtree(data / bench.random.choice(["candidates", "trades", "ohlcv_history", "sessions"]))
            counts.n_faults += 1
            problem = bench.whole_again(folder)
            count = run(["sql", "select count(*) n from trades where ticker = 'FOREIGN'", "--book", folder])
            if problem is not None:
                counts.fail(f"odd files {what}: {problem}")
            elif count.code or count.out.split()[-1:] != ["0"]:
                counts.fail(f"odd files {what}: the view of trades says {count.out!r} {count.err[-300:]}")
            else:
                counts.n_recovered += 1
    return counts


def damage_settings(bench: Bench, n: int) -> Counts:
    """A cut, emptied or flipped settings file: refused, or a file that a person could have written."""
    counts = Counts("settings file cut, emptied, flipped")
    path = bench.clean / "btassets.toml"
    text = path.read_bytes()
    with bench.copy() as folder:
        mine = folder / "btassets.toml"
        for _ in range(n):
            hurt = bench.random.choice((flip_bit, cut, empty, zero_bytes))
            mine.write_bytes(text)
            hurt(mine, bench.random)
            counts.n_faults += 1
            said = run(["config", "--book", folder])
            kind = next((line.split()[1] for line in said.out.splitlines() if line.startswith("source.kind ")), "files")
            if said.has_traceback or (said.code and not said.is_refusal):
                counts.fail(f"{hurt.__name__} of btassets.toml: {said.code} {said.err[-400:]}")
            elif said.code:
                counts.n_refused += 1
            elif kind != "files" and run(["run", "--quiet", "--book", folder]).code == 0:
                counts.fail(f"{hurt.__name__} of btassets.toml: the book ran as source.kind {kind}")
            else:
                counts.n_unharmed += 1
        mine.write_bytes(text)
        problem = bench.whole_again(folder)
        if problem is not None:
            counts.fail(f"after the settings were put back: {problem}")
    return counts
