"""Golden and generated inputs of `grade_candidates` as the stage takes them."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from btassets.engine.market.bars import Bars
from btassets.settings.models import Settings
from btassets.settings.profiles import PROFILES

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = ("default", "ungated", "tight", "crowded")
EPOCH = date(1970, 1, 1)

SETUP_SCHEMA = pa.schema(
    [
        ("ticker", pa.string()),
        ("date", pa.date32()),
        ("direction", pa.string()),
        *((name, pa.float64()) for name in ("entry", "stop", "target", "rr", "confidence")),
        *((name, pa.float64()) for name in ("primary_prob", "best_prob", "momentum", "residual_momentum")),
        ("action", pa.string()),
        ("risk_level", pa.string()),
    ]
)


def read_table(name):
    with pq.ParquetFile(GOLDEN / f"{name}.parquet") as file:
        return file.read()


def _as_bars(table):
    days = np.ascontiguousarray(table["date"].cast(pa.int32()).to_numpy())
    names = ("open", "high", "low", "close", "volume")
    return Bars(days, *(np.ascontiguousarray(table[n].cast(pa.float64()).to_numpy()) for n in names))


def golden_market():
    """(bars by ticker, benchmark)."""
    bars = {
        p.name.removesuffix(".parquet"): _as_bars(read_table(f"bars/{p.stem}")) for p in (GOLDEN / "bars").iterdir()
    }
    return bars, _as_bars(read_table("SPY"))


def golden_json(name):
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def profile_settings(profile, gates=None, **sections):
    own = PROFILES[profile]
    merged = {name: own.get(name, {}) | sections.get(name, {}) for name in {**own, **sections}}
    return Settings(profile=profile, gates=gates or {}, **merged)


def bars_of(rows):
    """Engine bars of naive ones, with a volume that satisfies every quality rule."""
    days = np.array([(r[0] - EPOCH).days for r in rows], dtype=np.int32)
    prices = [np.array([r[k] for r in rows], dtype=np.float64) for k in (1, 2, 3, 4)]
    return Bars(days, *prices, np.full(len(rows), 1e6))


def benchmark_of(closes):
    days = sorted(closes)
    return bars_of([(d, *(closes[d],) * 4) for d in days])


def setups_table(rows):
    return pa.Table.from_pylist(rows, schema=SETUP_SCHEMA)
