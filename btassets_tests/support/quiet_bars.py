"""Raw bars without a finding, to be spoiled by a test, and what the quality rules find in them."""

import numpy as np

from btassets.engine.market.quality import ScreenedBars
from btassets.engine.market.raw_bars import RawBars

DAY_0 = 18687  # 2021-03-01


def bars(n: int = 200, **changes: object) -> RawBars:
    """`n` quiet bars on consecutive days; `changes` are whole columns or {row: value}."""
    close = 100.0 + np.arange(n) % 3
    columns: dict[str, np.ndarray] = {
        "dates": (DAY_0 + np.arange(n)).astype(np.int32),
        "open": close.copy(),
        "high": close + 1.0,
        "low": close - 1.0,
        "close": close,
        "volume": np.full(n, 1000.0),
        "dividend": np.zeros(n),
        "split": np.ones(n),
    }
    for name, change in changes.items():
        if isinstance(change, dict):
            for row, value in change.items():
                columns[name][row] = value
        else:
            columns[name] = np.asarray(change, dtype=columns[name].dtype)
    return RawBars(**columns)


def findings(result: ScreenedBars, rule: str) -> list[tuple[str, int | None, int]]:
    return [(p.severity, p.date, p.n) for p in result.problems if p.rule == rule]


def taken(raw: RawBars, rows: list[int]) -> RawBars:
    names = ("dates", "open", "high", "low", "close", "volume", "dividend", "split")
    return RawBars(*(getattr(raw, name)[rows] for name in names))


def assert_same(left: RawBars | None, right: RawBars) -> None:
    assert left is not None
    for name in ("dates", "open", "high", "low", "close", "volume", "dividend", "split"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)
