"""Facts of the report's check: whether universe membership is dated.

Belongs here: pass or fail and the numbers behind it. Does not belong here: the sentence about it (`report_facts.py`),
reporting to Dagster (`btassets.defs.checks`).
"""

from btassets.engine.market.calendar import has_ended
from btassets.run.stage_result import CheckFact, StageOutcome
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.universe import bar_spans
from btassets.stages.report.report_facts import survivorship, without_bars


def of_backtest_report(_outcome: StageOutcome, tables: Tables, settings: Settings) -> list[CheckFact]:
    """Whether dated membership is known and every member has bars."""
    spans = bar_spans(tables, settings)
    last = int(tables["sessions"].facts.get("last", 0))
    is_known = tables.outside("membership") is not None and not without_bars(tables, spans)
    text = survivorship(tables, settings, sum(has_ended(end, last) for _, end in spans.values()), spans)
    return [CheckFact("survivorship_unknown", passed=is_known, numbers={"universe": text})]
