"""A market with one faulty ticker for every quality rule beside clean ones, written as vendor files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from btassets.sources.calendar.calendars import exchange_sessions
from btassets.storage.lake import Lake

N_CLEAN, N_SESSIONS = 22, 420
FIRST_DAY = 18262  # 2020-01-01

COLUMNS = ("open", "high", "low", "close", "adjusted_close", "volume", "dividend", "split")
Rows = dict[str, Any]


def sessions(folder: Path) -> np.ndarray:
    """Sessions of the New York exchange from 2020-01-02."""
    return exchange_sessions(Lake(folder, 1), "XNYS", FIRST_DAY, FIRST_DAY + 700)[:N_SESSIONS]


def clean(days: np.ndarray, seed: int, price: float = 50.0) -> Rows:
    """Raw bars without a fault or an action."""
    rng = np.random.default_rng(seed)
    close = np.round(price * np.exp(np.cumsum(rng.normal(0.0002, 0.012, len(days)))), 4)
    opens = np.round(np.concatenate(([price], close[:-1])) * (1.0 + rng.normal(0.0, 0.002, len(days))), 4)
    return {
        "date": np.datetime_as_string(days.astype("datetime64[D]")).astype(object),
        "open": opens,
        "high": np.maximum(opens, close) + 0.3,
        "low": np.minimum(opens, close) - 0.3,
        "close": close,
        "adjusted_close": close.copy(),
        "volume": rng.integers(200_000, 400_000, len(days)).astype(float),
        "dividend": np.zeros(len(days)),
        "split": np.ones(len(days)),
    }


def scaled(rows: Rows, where: slice | int, ratio: float) -> None:
    """Prices times `ratio` there."""
    for name in ("open", "high", "low", "close", "adjusted_close"):
        rows[name][where] = np.round(rows[name][where] * ratio, 4)


def without(rows: Rows, keep: np.ndarray) -> Rows:
    return {name: values[keep] for name, values in rows.items()}


def flat(rows: Rows, where: slice) -> None:
    for name in ("open", "high", "low"):
        rows[name][where] = rows["close"][where]


def frozen(rows: Rows, where: slice) -> None:
    """The same close in every row there, with a range around it."""
    price = float(rows["close"][where][0])
    for name, value in (("open", price), ("high", price + 0.3), ("low", price - 0.3), ("close", price)):
        rows[name][where] = value
    rows["adjusted_close"][where] = price


def faults() -> dict[str, tuple[str, Callable[[Rows], Rows | None]]]:
    """Ticker to the rule that it breaks, as rule and severity, and how."""

    def edit(change: Callable[[Rows], object]) -> Callable[[Rows], None]:
        def apply(rows: Rows) -> None:
            change(rows)

        return apply

    def repeat(rows: Rows, price: float) -> Rows:
        rows = {name: np.insert(values, 100, values[100]) for name, values in rows.items()}
        rows["close"][100] += price
        return rows

    def keep(n: int) -> np.ndarray:
        return np.arange(N_SESSIONS) < n

    def gap(first: int, last: int) -> np.ndarray:
        return (np.arange(N_SESSIONS) < first) | (np.arange(N_SESSIONS) >= last)

    return {
        "DUPLICATE": ("Q3 block", lambda rows: repeat(rows, 0.2)),
        "TWICE": ("Q3 warn", lambda rows: repeat(rows, 0.0)),
        "NEGATIVE": ("Q4 quarantine", edit(lambda r: r["close"].__setitem__(50, -1.0))),
        "CROSSED": ("Q5 quarantine", edit(lambda r: r["high"].__setitem__(51, r["low"][51] - 1.0))),
        "MANYBAD": ("Q4 block", edit(lambda r: r["volume"].__setitem__(slice(50, 60), -1.0))),
        "SATURDAY": ("Q6 quarantine", edit(lambda r: r["date"].__setitem__(60, "2020-03-28"))),
        "SLIP": ("Q7 block", edit(lambda r: scaled(r, 70, 10.5))),
        "COLLAPSE": ("Q7 warn", edit(lambda r: scaled(r, slice(300, None), 0.22))),
        "SPLIT": ("Q8 block", edit(lambda r: scaled(r, slice(200, None), 0.5))),
        "WRONGADJ": ("Q9 block", edit(lambda r: r["adjusted_close"].__setitem__(slice(80, None), 9.0))),
        "OFFADJ": (
            "Q9 warn",
            edit(lambda r: r["adjusted_close"].__setitem__(slice(80, None), r["close"][80:] * 1.01)),
        ),
        "SPIKE": ("Q10 warn", edit(lambda r: scaled(r, 90, 1.45))),
        "HOLES": ("Q11 warn", lambda r: without(r, gap(370, 384))),
        "GAP": ("Q12 warn", lambda r: without(r, gap(100, 130))),
        "IDLE": ("Q13 warn", edit(lambda r: r["volume"].__setitem__(slice(390, 400), 0.0))),
        "FLAT": ("Q14 warn", edit(lambda r: flat(r, slice(390, 410)))),
        "FROZEN": ("Q15 warn", edit(lambda r: frozen(r, slice(370, 405)))),
        "ENDED": ("Q16 warn", lambda r: without(r, keep(350))),
        "PENNY": ("Q17", edit(lambda r: scaled(r, slice(None), 0.008))),
        "DEAR": ("Q18 warn", edit(lambda r: scaled(r, slice(None), 4000.0))),
        "YOUNG": ("Q22 info", lambda r: without(r, ~keep(N_SESSIONS - 80))),
    }


def write_faulty_market(folder: Path, *, n_day_without: int = 0, n_day_quiet: int = 0) -> dict[str, str]:
    """Write `bars/TICKER.csv`; give each faulty ticker with its rule.

    Parameters
    ----------
    n_day_without
        Clean tickers without a bar on session 150 (Q19).
    n_day_quiet
        Clean tickers without volume on session 160 (Q20).
    """
    days = sessions(folder / "calendar")
    bars = folder / "bars"
    bars.mkdir(parents=True)
    for number in range(N_CLEAN):
        rows = clean(days, number)
        if number < n_day_quiet:
            rows["volume"][160] = 0.0
        if number < n_day_without:
            rows = without(rows, np.arange(N_SESSIONS) != 150)
        write(bars / f"CLEAN{number:02d}.csv", rows)
    expected: dict[str, str] = {}
    for number, (ticker, (rule, change)) in enumerate(faults().items()):
        rows = clean(days, 1_000 + number)
        write(bars / f"{ticker}.csv", change(rows) or rows)
        expected[ticker] = rule
    (bars / "MESSAGE.csv").write_text('{"Error Message": "Invalid API call"}\n')
    for name in ("Case", "CASE"):
        write(bars / f"{name}.csv", clean(days, 77))
    return expected | {"MESSAGE": "Q1 block", "CASE": "Q2 block", "Case": "Q2 block"}


def write(path: Path, rows: Rows) -> None:
    lines = ["date," + ",".join(COLUMNS)]
    lines += [",".join(map(str, row)) for row in zip(*(rows[name] for name in ("date", *COLUMNS)), strict=True)]
    path.write_text("\n".join(lines) + "\n")


def faulty_settings() -> dict[str, Any]:
    """Settings of a book that lies beside `bars/`."""
    return {
        "source.kind": "files",
        "source.path": "../bars",
        "source.basis": "raw",
        "source.columns.adjusted_close": "adjusted_close",
        "source.columns.dividend": "dividend",
        "source.columns.split": "split",
        "benchmark": "CLEAN00",
        "calendar": "XNYS",
        "storage.buckets": 4,
    }
