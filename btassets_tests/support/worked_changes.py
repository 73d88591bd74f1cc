"""The worked changes of CONTRIBUTING.md as data: each adds one stage, floor, signal, setting or source to a copy.

Belongs here: the edits and how they are applied. Does not belong here: what must work afterwards
(`test_worked_changes.py`).
"""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
COPIED = ("btassets", "btassets_tests", "dbt_like_sql", "docs", "README.md", "CHANGELOG.md", "pyproject.toml")


@dataclass(frozen=True)
class Edit:
    """Text put before an anchor of a file, or a new file.

    Attributes
    ----------
    path
        From the project's root.
    text
        What is added.
    before
        Text that the file holds exactly once, ahead of which `text` goes; empty: the file is new.
    replaces
        Whether `text` takes the anchor's place.
    """

    path: str
    text: str
    before: str = ""
    replaces: bool = False


STAGE = (
    Edit(
        "btassets/graph/portfolio.py",
        """BEST_TRADES = TableSpec(
    "best_trades",
    "The best trade of one policy.",
    (
        SCENARIO,
        Column("policy", TEXT, "target or hold"),
        Column("ticker", TEXT, "ticker of the trade"),
        Column("net_r", REAL, "its R after costs"),
    ),
)

""",
        before="STAGES = (\n",
    ),
    Edit(
        "btassets/graph/portfolio.py",
        """        work=4.0,
    ),
    Stage(
        "best_trades",
        "portfolio",
        "Which trade of each policy earned the most?",
        "btassets.stages.portfolio.best_trades:compute",
        (BEST_TRADES,),
        reads=("trades",),
        checks=(Check("has_trades", "Each policy has a trade."),),
        judge="btassets.stages.portfolio.best_trades:judge",
    ),
""",
        before="        work=4.0,\n    ),\n",
        replaces=True,
    ),
    Edit(
        "btassets/graph/portfolio.py",
        "from btassets.graph.stage import METHOD, UNIVERSE, Check, Stage\n",
        before="from btassets.graph.stage import METHOD, UNIVERSE, Stage\n",
        replaces=True,
    ),
    Edit(
        "btassets/stages/portfolio/best_trades.py",
        '''"""Stage `best_trades`: the best trade of each policy.

Belongs here: picking it. Does not belong here: the trades (`portfolio_sims.py`).
"""

import pyarrow as pa

from btassets.graph.portfolio import BEST_TRADES
from btassets.run.stage_result import CheckFact, StageOutcome, StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings


def best_of(trades: list[dict[str, object]]) -> dict[str, dict[str, object]]:
    """Trade with the largest net R of each policy; the first of equals."""
    best: dict[str, dict[str, object]] = {}
    for trade in trades:
        policy = str(trade["policy"])
        best[policy] = max(best.get(policy, trade), trade, key=lambda row: row["net_r"])
    return best


def compute(tables: Tables, _settings: Settings) -> StageResult:
    """Table `best_trades` of the scenario."""
    best = best_of(tables["trades"].read(["policy", "ticker", "net_r"]).to_pylist())
    rows = [{"scenario": tables.scenario, **trade} for trade in best.values()]
    return StageResult({"best_trades": pa.Table.from_pylist(rows, schema=BEST_TRADES.schema)}, {"n": len(rows)})


def judge(_outcome: StageOutcome, tables: Tables, _settings: Settings) -> list[CheckFact]:
    """Whether there is a trade."""
    return [CheckFact("has_trades", tables["best_trades"].n_rows > 0)]
''',
    ),
    Edit(
        "btassets_tests/stages/portfolio/test_best_trades.py",
        '''"""The best trade of each policy, by hand."""

from btassets.stages.portfolio.best_trades import best_of


def test_the_first_of_equals_wins():
    rows = [("hold", "A", 1.0), ("hold", "B", 2.0), ("hold", "C", 2.0), ("target", "D", -1.0)]
    trades = [dict(zip(("policy", "ticker", "net_r"), row, strict=True)) for row in rows]
    assert {policy: row["ticker"] for policy, row in best_of(trades).items()} == {"hold": "B", "target": "D"}
    assert best_of([]) == {}
''',
    ),
)

FLOOR = (
    Edit(
        "btassets/engine/floors.py",
        """    Floor(
        "liquidity",
        "min_adv20_usd",
        "adv20_usd",
        "at_least",
        "liquidity_ok",
        "Least dollar volume",
        off=0.0,
        missing=0.0,
        is_optional=True,
    ),
""",
        before="    Floor(\n        MOMENTUM,\n",
    ),
    Edit(
        "btassets/engine/floors.py",
        """    Flag("liquidity_ok", "dollar-volume floor passed"),
""",
        before=''')
"""Flags of every floor except the momentum cutoff''',
    ),
    Edit(
        "btassets/engine/floors.py",
        """    Variant("no_liquidity_floor", "Without liquidity", ("liquidity_ok",), "liquidity", "liquidity floor"),
""",
        before='    Variant("momentum_only"',
    ),
    Edit(
        "btassets/settings/models.py",
        """    min_adv20_usd: NonNegative = Field(default=0.0, description="least dollar volume a day; 0: off")
""",
        before="\n\nclass Exits(Section):",
    ),
    Edit(
        "btassets_tests/run/test_floor_sql.py",
        """        ({"min_adv20_usd": 1e6}, {"adv20_usd": 1e6}, True),
        ({"min_adv20_usd": 1e6}, {"adv20_usd": 999_999.0}, False),
        ({"min_adv20_usd": 1e6}, {"adv20_usd": NAN}, False),
""",
        before='        ({}, {"activation_momentum_percentile": 80.0}, True),\n',
    ),
)

SIGNAL = (
    Edit(
        "btassets/engine/signals.py",
        """    Signal("reversal_1w", "One-week return", "return of the last 5 bars, fraction", -1, 5, is_optional=True),
""",
        before=""")

SIGNAL_NAMES""",
    ),
    Edit(
        "btassets/engine/features/factors.py",
        '_WEEK = SIGNAL_NAMES.index("reversal_1w")\n',
        before="\n\nclass FactorTerms",
    ),
    Edit(
        "btassets/engine/features/factors.py",
        "    out[_WEEK] = close[i] / close[i - 5] - 1.0 if i - 5 >= s else np.nan\n",
        before="    out[_RESIDUAL], out[_TREND], out[_VOLATILITY]",
    ),
    Edit(
        "btassets_tests/engine/features/test_factors.py",
        """        if i >= 5:
            expected["reversal_1w"] = c[i] / c[i - 5] - 1
""",
        before="        if i >= 21:\n",
    ),
)

SETTING = (
    Edit(
        "btassets/settings/models.py",
        """    max_misses: int = Field(default=10, ge=0, le=1_000, description="nearest misses listed")
""",
        before="\n\nclass Method(Section):",
    ),
    Edit(
        "btassets/stages/advice/todays_setups.py",
        "    missed = nearest_misses(gates, setups, percentile, passes, settings.portfolio.max_misses)\n",
        before="    missed = nearest_misses(gates, setups, percentile, passes)\n",
        replaces=True,
    ),
    Edit(
        "btassets_tests/stages/advice/test_todays_setups.py",
        """def test_at_most_so_many_misses_are_listed() -> None:
    gates = Gates(min_rr=2.0, min_momentum_percentile=0.0).values()
    setups = _setups(*((f"T{k}", "long", 1.0, 60.0) for k in range(3)))
    percentile = np.full(3, np.nan)
    verdict = verdicts(gates, setups, percentile)
    assert nearest_misses(gates, setups, percentile, verdict, 2) == [0, 1]
    assert nearest_misses(gates, setups, percentile, verdict, 0) == []


""",
        before="def test_without_a_gate_shorts_may_miss",
    ),
)

SOURCE = (
    Edit(
        "btassets/settings/source_kinds.py",
        """    SourceKind(
        "json",
        "one JSON file",
        "a JSON file: by ticker a list of [date, open, high, low, close, volume]",
        "btassets.sources.files.json_file:open_json",
    ),
""",
        before=")\n\nKIND_NAMES",
    ),
    Edit(
        "btassets/sources/files/json_file.py",
        '''"""Bars in one JSON file: by ticker a list of [date, open, high, low, close, volume].

Belongs here: reading it. Does not belong here: judging bars (`engine.market.quality`).
"""

import json
from pathlib import Path

import numpy as np

from btassets.errors import NoBarsError
from btassets.settings.models import Settings
from btassets.sources.base import Basis, RawBars
from btassets.storage.lake import Lake


class JsonSource:
    """A JSON file as a `BarSource`."""

    name = "json"

    def __init__(self, path: Path, basis: Basis) -> None:
        self.basis: Basis = basis
        self._path = path

    def tickers(self) -> list[str]:
        """Names in the file."""
        if not self._path.is_file():
            raise NoBarsError("source.path", f"{self._path} is no file", "name a JSON file of bars.")
        return sorted(json.loads(self._path.read_text(encoding="utf-8")))

    def stamp(self, ticker: str) -> str:
        """Time of the last change of the file."""
        del ticker
        return str(self._path.stat().st_mtime_ns)

    def fetch(self, ticker: str) -> RawBars:
        """All bars of one ticker."""
        rows = json.loads(self._path.read_text(encoding="utf-8"))[ticker]
        days = np.array([row[0] for row in rows], "datetime64[D]").astype(np.int32)
        values = np.array([row[1:] for row in rows], np.float64).reshape(-1, 5)
        none, one = np.zeros(len(rows)), np.ones(len(rows))
        return RawBars(days, *(np.ascontiguousarray(column) for column in values.T), none, one)


def open_json(settings: Settings, folder: Path, lake: Lake | None) -> JsonSource:
    """Source of a book whose settings name a JSON file."""
    del lake
    return JsonSource(folder / settings.source.path, settings.source.basis)
''',
    ),
    Edit(
        "btassets_tests/sources/files/test_json_file.py",
        '''"""Bars in one JSON file."""

import json
from pathlib import Path

import pytest

from btassets.errors import NoBarsError
from btassets.sources.files.json_file import JsonSource


def test_bars_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "bars.json"
    path.write_text(json.dumps({"B": [["1970-01-03", 1, 4, 0.5, 2, 100]], "A": []}))
    source = JsonSource(path, "raw")
    bars = source.fetch("B")
    assert (source.tickers(), bars.dates.tolist(), bars.close.tolist()) == (["A", "B"], [2], [2.0])
    assert len(source.fetch("A")) == 0
    with pytest.raises(NoBarsError, match="no file"):
        JsonSource(tmp_path / "none.json", "raw").tickers()
''',
    ),
)

CHANGES: dict[str, tuple[Edit, ...]] = {
    "stage": STAGE,
    "floor": FLOOR,
    "signal": SIGNAL,
    "setting": SETTING,
    "source": SOURCE,
}


def copy_project(folder: Path) -> Path:
    """Copy what a change may touch, without caches and golden files; returns the folder."""
    skipped = shutil.ignore_patterns("__pycache__", ".*", "images")
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=skipped)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    return folder


def hashes(folder: Path) -> dict[str, str]:
    """Hash of every file by its path below the folder; compiled files do not count."""
    return {
        path.relative_to(folder).as_posix(): hashlib.blake2b(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }


def apply(edits: tuple[Edit, ...], folder: Path) -> set[str]:
    """Make the edits in a copy and return the files that differ afterwards."""
    before = hashes(folder)
    for edit in edits:
        path = folder / edit.path
        if not edit.before:
            assert not path.exists(), edit.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(edit.text, encoding="utf-8")
            continue
        text = path.read_text(encoding="utf-8")
        assert text.count(edit.before) == 1, f"{edit.path}: {text.count(edit.before)} times {edit.before!r}"
        path.write_text(text.replace(edit.before, edit.text + ("" if edit.replaces else edit.before)), encoding="utf-8")
    after = hashes(folder)
    return {name for name in {**before, **after} if before.get(name) != after.get(name)}
