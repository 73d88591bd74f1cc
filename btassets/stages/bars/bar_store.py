"""Layout of raw bars in the lake: rows of a bucket, their order, their version.

Belongs here: writing a bucket and finding one ticker's rows in it. Does not belong here: which tickers are read and
when (`ohlcv_history.py`), screening them (`screening.py`), the adjusted view (`bars_view.py`).
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from btassets.engine.market.raw_bars import RawBars
from btassets.errors import DamagedFileError
from btassets.graph.bars import OHLCV_HISTORY
from btassets.run.tables import BucketedTable, BucketWriter
from btassets.stages.bars.reading import bars_of_table

TABLE = "ohlcv_history"


def stored_bars(stored: BucketedTable, bucket: int, tickers: list[str]) -> dict[str, RawBars]:
    """Bars of these tickers in the lake."""
    table = stored.bucket(bucket) if tickers else None
    if table is None:
        return {}
    slices = stored.slices(bucket)
    return {t: bars_of_table(table.slice(*slices[t])) for t in tickers if slices.get(t, (0, 0))[1]}


def bars_version(bars: RawBars, basis: str) -> str:
    """Hash of bars, actions and basis, 16 hex digits: the ticker's data version."""
    state = hashlib.blake2b(basis.encode(), digest_size=8)
    prices: tuple[Any, ...] = (bars.open, bars.high, bars.low, bars.close)
    for array in (bars.dates, *prices, bars.volume, bars.dividend, bars.split):
        state.update(np.ascontiguousarray(array).data)
    return state.hexdigest()


def write_bars(stored: BucketWriter, bucket: int, footers: dict[str, Any], fresh: dict[str, RawBars]) -> None:
    """Merge fresh tickers into the bucket; rows stay sorted by ticker, then date."""
    is_kept = any(ticker not in fresh and facts["n_rows"] for ticker, facts in footers.items())
    old = stored.bucket(bucket) if is_kept else None
    old_rows = stored.slices(bucket) if is_kept else {}
    parts: list[pa.Table] = []
    for ticker in sorted(footers, key=str.encode):
        if ticker in fresh:
            parts.append(_as_table(ticker, fresh[ticker]))
        elif footers[ticker]["n_rows"]:
            if old is None or ticker not in old_rows:
                raise DamagedFileError(str(stored.path(bucket)), f"the bars of {ticker} are missing")
            parts.append(old.slice(*old_rows[ticker]))
    table = pa.concat_tables(parts) if parts else OHLCV_HISTORY.schema.empty_table()
    stored.write(bucket, table.combine_chunks(), footers)


def _as_table(ticker: str, bars: RawBars) -> pa.Table:
    columns = {
        "ticker": pa.array([ticker]).take(pa.array(np.zeros(len(bars.dates), np.int32))),
        "date": pa.array(bars.dates, pa.date32()),
        "open": pa.array(bars.open),
        "high": pa.array(bars.high),
        "low": pa.array(bars.low),
        "close": pa.array(bars.close),
        "volume": pa.array(bars.volume),
        "dividend": pa.array(bars.dividend),
        "split": pa.array(bars.split),
    }
    return pa.table(columns, schema=OHLCV_HISTORY.schema)


def changed_versions(stored: BucketedTable) -> list[str]:
    """Tickers whose stored bars do not match their version, as `path: problem`."""
    found: list[str] = []
    for bucket in stored.buckets:
        footers = stored.bucket_footer(bucket)
        for ticker, bars in stored_bars(stored, bucket, list(footers)).items():
            if bars_version(bars, footers[ticker]["basis"]) != footers[ticker]["version"]:
                found.append(f"{stored.path(bucket)}: the bars of {ticker} do not match their version")
    return found


def broken_bars(stored: BucketedTable, tickers: Iterable[str]) -> tuple[int, str | None]:
    """Number of `tickers` whose stored bars violate the engine's input contract, and the first of them.

    The rules at the edge should make this impossible; the check reads the bytes actually written.
    """
    n_broken, first = 0, None
    for bucket, group in stored.by_bucket(tickers).items():
        table = stored.bucket(bucket)
        slices = stored.slices(bucket)
        for ticker in group:
            rows = None if table is None else table.slice(*slices[ticker])
            if rows is not None and not _keeps_contract(rows):
                n_broken, first = n_broken + 1, first or ticker
    return n_broken, first


def _keeps_contract(rows: pa.Table) -> bool:
    days = rows["date"].cast(pa.int32()).to_numpy()
    opens, highs, lows, closes, volumes = (rows[name].to_numpy() for name in ("open", "high", "low", "close", "volume"))
    prices = np.stack([opens, highs, lows, closes])
    slack = 1.0 + 1e-5
    return bool(
        np.isfinite(prices).all()
        and (np.diff(days) > 0).all()
        and (lows > 0).all()
        and (lows <= np.minimum(opens, closes) * slack).all()
        and (highs * slack >= np.maximum(opens, closes)).all()
        and (volumes >= 0).all()
    )
