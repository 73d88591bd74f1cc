"""The quality rules as configured in a book, and the format of a finding in a footer.

Belongs here: thresholds and overrides from the settings. Does not belong here: the rules themselves
(`engine.market.quality`) and their consequences for a ticker (`screening.py`).
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from btassets.engine.market.quality_rules import NOT_OF_A_FILE, Override, QualityRules
from btassets.engine.market.raw_bars import Problem
from btassets.settings.models import Settings
from btassets.settings.quality_thresholds import Quality
from btassets.sources.universe.ticker_names import canonical_ticker
from btassets.sources.values.tickers import spelling_key


def as_fact(problem: Problem) -> list[Any]:
    """A finding in the format of a footer: rule, severity, date, count, text."""
    return [problem.rule, problem.severity, problem.date, problem.n, problem.text]


def quality_rules(settings: Settings) -> QualityRules:
    """Thresholds of the quality rules from the settings.

    Two are not settings of their own: a gap ends a window (`engine.gap_days`), and the days after which a ticker has
    ended are part of the definition of "ended" everywhere.
    """
    quality = settings.quality
    values: dict[str, Any] = {
        f.name: getattr(quality, f.name) for f in fields(QualityRules) if hasattr(quality, f.name)
    }
    values["high_close_tickers"] = frozenset(map(canonical_ticker, quality.high_close_tickers))
    return QualityRules(**values, gap_days=settings.engine.gap_days)


READ_RULES = tuple(
    f"quality.{f.name}" for f in fields(QualityRules) if f.name in Quality.model_fields and f.name not in NOT_OF_A_FILE
)
"""Settings used to screen one ticker's file."""


def overrides_of(settings: Settings, ticker: str) -> list[Override]:
    """Overrides of one ticker."""
    return [
        Override(ticker, given.rule, given.reason)
        for given in settings.quality.overrides
        if spelling_key(given.ticker) == spelling_key(ticker)
    ]


def unused_overrides(settings: Settings, overridden: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Ticker and rule of every override that matched no finding."""
    given = [(canonical_ticker(item.ticker), item.rule) for item in settings.quality.overrides]
    met = {(spelling_key(ticker), rule) for ticker, rule in overridden}
    return [(ticker, rule) for ticker, rule in given if (spelling_key(ticker), rule) not in met]
