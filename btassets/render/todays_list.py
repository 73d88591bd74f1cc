"""Today's list as text, CSV or JSON, with stable columns.

Belongs here: columns, sizes for a given capital, and the reasons as text. Does not belong here: qualification
(`stages.advice.todays_setups`).
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from btassets.engine.floors import signal_of
from btassets.engine.portfolio.sizing import size
from btassets.render.format import MISSING, shown

COLUMNS = (
    *("ticker", "direction", "entry", "stop", "target", "rr"),
    *("confidence", "percentile", "action", "risk", "size", "why"),
)
"""Columns of every format, in order; `size` is shares, `-` is a missing value (null in JSON).

Values and percentiles of signals that the gate names follow `percentile` (`columns_of`).
"""

CAPITAL_USD = 10_000.0
RISK_FRAC = 0.01
CAP_FRAC = 0.20

_KINDS = {
    **dict.fromkeys(("entry", "stop", "target"), "price"),
    **dict.fromkeys(("rr", "size"), "num2"),
    **dict.fromkeys(("confidence", "percentile"), "num1"),
}
_DIGITS = {"rr": 2, "size": 2, "confidence": 1, "percentile": 1}
_VOTES = (
    ("vote_trend", "trend"),
    ("vote_position", "position"),
    ("vote_directional", "directional"),
    ("vote_rsi", "rsi"),
    ("vote_volume", "volume"),
)


class Listed(Protocol):
    """Interface of a list of setups, implemented by `stages.advice.todays_setups.TodaysList`."""

    @property
    def as_of(self) -> Any:
        """Date whose close is the entry."""

    @property
    def is_signal_day(self) -> bool:
        """Whether it is the as-of session of a completed week."""
        ...

    @property
    def last_signal_day(self) -> Any:
        """The newest such session."""

    @property
    def qualified(self) -> Any:
        """Qualifying rows, by percentile."""

    @property
    def misses(self) -> Any:
        """The nearest misses."""


def signal_columns(setups: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Columns of setups with values and percentiles of the signals that the gate names."""
    return tuple(name for name in (setups[0] if setups else ()) if signal_of(name) is not None)


def rounded_signal(name: str, value: float | None) -> float | None:
    """Value of a signal to six digits, its percentile to a tenth.

    >>> rounded_signal("value_of_vol_6m", 0.0123456789), rounded_signal("percentile_of_vol_6m", 66.66667)
    (0.0123457, 66.7)
    """
    if value is None:
        return None
    return round(value, 1) if name.startswith("percentile") else float(f"{value:.6g}")


def columns_of(found: Listed) -> tuple[str, ...]:
    """Columns of a list: `COLUMNS`, and those of the signals that its gate names."""
    at = COLUMNS.index("percentile") + 1
    return (*COLUMNS[:at], *signal_columns([*found.qualified, *found.misses]), *COLUMNS[at:])


def rows_of(
    setups: Sequence[Mapping[str, Any]],
    *,
    capital: float = CAPITAL_USD,
    risk_frac: float = RISK_FRAC,
    cap_frac: float = CAP_FRAC,
) -> list[dict[str, Any]]:
    """One dict per setup with the keys of `columns_of`; rounded numbers, None where missing.

    Parameters
    ----------
    setups
        Rows of `todays_setups`.
    capital
        US dollars.
    risk_frac
        Share of it lost between entry and stop.
    cap_frac
        Largest share of it in one position.
    """
    found = []
    for setup in setups:
        shares = size(setup["entry"], setup["stop"], capital, risk_frac, cap_frac)
        row: dict[str, Any] = {
            **{name: setup[name] for name in ("ticker", "direction", "entry", "stop", "target", "rr", "confidence")},
            "percentile": setup["percentile"],
            **{name: rounded_signal(name, setup[name]) for name in signal_columns(setups)},
            "action": setup["action"],
            "risk": setup["risk_level"],
            "size": shares if shares > 0 else None,
            "why": why(setup),
        }
        for name in ("entry", "stop", "target"):
            row[name] = None if row[name] is None else round(row[name], 2 if abs(row[name]) >= 1 else 4)
        for name, digits in _DIGITS.items():
            row[name] = None if row[name] is None else round(row[name], digits)
        found.append(row)
    return found


def why(setup: Mapping[str, Any]) -> str:
    """Failed floors of a miss, the five votes, the conflicts behind the risk level, and every target with its class.

    >>> why({"failed_floors": "rr", "vote_trend": 0.52, "is_projected": True, "level_strength": 0.0})
    'fails rr; trend +0.5; target projected'
    """
    words = []
    if setup.get("failed_floors"):
        words.append("fails " + setup["failed_floors"].replace(",", ", "))
    votes = [f"{name} {round(setup[key], 1) + 0.0:+.1f}" for key, name in _VOTES if setup.get(key) is not None]
    if votes:
        words.append(" ".join(votes))
    if setup.get("conflicts"):
        words.append(f"risk {setup['risk_level']}: {setup['conflicts']}")
    if setup.get("is_projected"):
        words.append("target projected")
    elif setup.get("level_strength") is not None:
        words.append(f"target on a level of strength {setup['level_strength']:.0f}")
    others = setup.get("targets") or ()
    if len(others) > 1:
        words.append("targets " + ", ".join(target_words(target) for target in others))
    return "; ".join(words)


def target_words(target: Mapping[str, Any]) -> str:
    """Price, stated probability and class of one target; `*` marks the primary.

    >>> target_words({"price": 11.5, "probability_pct": 45.6, "classification": "conservative", "is_primary": True})
    '11.50* (45.6%, conservative)'
    """
    star = "*" if target["is_primary"] else ""
    chance = shown(target["probability_pct"], "pct")
    return f"{shown(target['price'], 'price')}{star} ({chance}, {target['classification']})"


def as_text(
    found: Listed, *, capital: float = CAPITAL_USD, risk_frac: float = RISK_FRAC, cap_frac: float = CAP_FRAC
) -> str:
    """Lines for a pipe: what qualifies, then the nearest misses; one line says which day it is."""
    sizes = {"capital": capital, "risk_frac": risk_frac, "cap_frac": cap_frac}
    lines = [head_line(found)]
    if found.qualified:
        lines += ["", *_columns(columns_of(found), rows_of(found.qualified, **sizes)), "", size_line(**sizes)]
    if found.misses:
        lines += ["", "Nearest misses", "", *_columns(columns_of(found), rows_of(found.misses, **sizes))]
    return "\n".join(lines) + "\n"


def head_line(found: Listed) -> str:
    """How many setups qualify, at which session, and of which kind the session is."""
    n = len(found.qualified)
    return f"{n} {'setup qualifies' if n == 1 else 'setups qualify'} at {_day(found)}"


def size_line(*, capital: float, risk_frac: float, cap_frac: float) -> str:
    """How the shares of column `size` are computed."""
    return f"size: shares at {risk_frac:.1%} risk of {capital:,.0f}, at most {cap_frac:.0%} in one."


def _day(found: Listed) -> str:
    if found.as_of is None:
        return "no session: the book has no completed week yet."
    if found.is_signal_day:
        return f"{found.as_of} (signal day; fills are at the next open)."
    last = found.last_signal_day or MISSING
    return f"{found.as_of} (preview: the tests trade week ends only; last signal day {last})."


def cells_of(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Names, then the text of each row; numbers are padded on the left to the width of their column."""
    kinds = _KINDS | {name: "num1" if name.startswith("percentile") else "g" for name in names if signal_of(name)}
    cells = [list(names), *([shown(row[name], kinds.get(name, "text")) for name in names] for row in rows)]
    widths = [max(len(line[k]) for line in cells) for k in range(len(names))]
    return [
        [word.rjust(width) if name in kinds else word for name, word, width in zip(names, line, widths, strict=True)]
        for line in cells
    ]


def _columns(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    cells = cells_of(names, rows)
    widths = [max(len(line[k]) for line in cells) for k in range(len(names))]
    return ["  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def as_csv(
    found: Listed, *, capital: float = CAPITAL_USD, risk_frac: float = RISK_FRAC, cap_frac: float = CAP_FRAC
) -> str:
    """Qualifying setups, one line each under a header; `-` for a missing value."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns_of(found), lineterminator="\n")
    writer.writeheader()
    for row in rows_of(found.qualified, capital=capital, risk_frac=risk_frac, cap_frac=cap_frac):
        writer.writerow({name: MISSING if value is None else value for name, value in row.items()})
    return out.getvalue()


def as_json(
    found: Listed,
    *,
    capital: float = CAPITAL_USD,
    risk_frac: float = RISK_FRAC,
    cap_frac: float = CAP_FRAC,
    account: Mapping[str, Any] | None = None,
) -> str:
    """The whole list: day, qualifying setups, nearest misses, and the plan of an account; null for a missing value."""
    sizes = {"capital": capital, "risk_frac": risk_frac, "cap_frac": cap_frac}

    def text(day: Any) -> str | None:
        return None if day is None else str(day)

    value: dict[str, Any] = {
        "as_of": text(found.as_of),
        "is_signal_day": found.is_signal_day,
        "last_signal_day": text(found.last_signal_day),
        **sizes,
        "qualified": _with_targets(found.qualified, rows_of(found.qualified, **sizes)),
        "nearest_misses": _with_targets(found.misses, rows_of(found.misses, **sizes)),
    }
    if account is not None:
        value["account"] = account
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _with_targets(setups: Sequence[Mapping[str, Any]], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"targets": setup.get("targets", [])} for setup, row in zip(setups, rows, strict=True)]
