"""Facts of the journal's checks.

Belongs here: pass or fail and the numbers behind it. Does not belong here: verifying a log, which is refused when it
is damaged (`btassets.storage.chained_log`); how Dagster learns of it (`btassets.defs.checks`).
"""

from btassets.engine.statistics.live_verdict import WORSE
from btassets.run.stage_result import CheckFact, StageOutcome
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.storage.chained_log import head


def of_journal(outcome: StageOutcome, tables: Tables, _settings: Settings) -> list[CheckFact]:
    """Whether the log verifies and ends as the table says, and whether it only grew since the run before."""
    links = tables.outside("shown_lists").links
    facts = tables["journal"].facts
    n_lines = {"lists": len(links)}
    return [
        CheckFact("journal_chain_intact", head(links) == facts.get("head"), "ERROR", n_lines),
        CheckFact("no_rewritten_day", not outcome.numbers.get("rewritten"), "ERROR", n_lines),
    ]


def of_results(outcome: StageOutcome, _tables: Tables, _settings: Settings) -> list[CheckFact]:
    """Whether the log of results only grew; how many results the source has restated since is a number."""
    numbers = {"noted": outcome.numbers.get("noted")}
    return [CheckFact("results_as_first_graded", not outcome.numbers.get("rewritten"), "ERROR", numbers)]


def of_verdict(outcome: StageOutcome, _tables: Tables, _settings: Settings) -> list[CheckFact]:
    """Whether the verdict is not `worse than tested`."""
    numbers = {name: outcome.numbers.get(name) for name in ("n_setups", "e_worse")}
    return [CheckFact("live_not_worse", outcome.numbers.get("verdict") != WORSE, "WARN", numbers)]
