"""`plan`: what a run would do, and why; computes and writes nothing.

Belongs here: printing. Does not belong here: staleness and its reasons (`btassets.plan`).
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from btassets.cli.terminal import say
from btassets.cli.where import book_of
from btassets.graph.flow import STAGES
from btassets.plan import StaleStage, explain
from btassets.run.own_flow.book_flow import flow_of

_MOST_FILES = 4
"""Maximum number of source files named per stage; the others are counted."""


def command_plan(*, book: Path | None, scenario: str | None, layout: str, is_explained: bool) -> int:
    """Print the stages that a run would update, and with `--why` the changes."""
    opened = book_of(book, scenario=scenario)
    found, n_stages = explain(opened), len(flow_of(opened).stages)
    if layout == "json":
        say(json.dumps(as_json(opened.scenario, found, n_stages), indent=1, ensure_ascii=False))
    else:
        say(as_text(opened.scenario, found, n_stages, with_reasons=is_explained))
    return 0


def as_json(scenario: str, found: Sequence[StaleStage], n_stages: int = len(STAGES)) -> dict[str, Any]:
    """Return the plan as plain JSON values."""
    return {
        "scenario": scenario,
        "n_stages": n_stages,
        "stale": [
            {
                "stage": stale.name,
                "reasons": [
                    {"kind": r.kind, "name": r.name, "before": r.before, "now": r.now, "n": r.n, "text": r.text}
                    for r in stale.reasons
                ],
            }
            for stale in found
        ],
    }


def as_text(scenario: str, found: Sequence[StaleStage], n_stages: int = len(STAGES), *, with_reasons: bool) -> str:
    """Return the plan as lines of text."""
    if not found:
        return f"scenario {scenario}: nothing to do, all {n_stages} stages are up to date"
    lines = [f"scenario {scenario}: {len(found)} of {n_stages} stages to bring up to date"]
    width = max(len(stale.name) for stale in found)
    for stale in found:
        reasons = _reason_lines(stale) if with_reasons else _first_words(stale)
        lines += [
            f"  {stale.name if n == 0 else '':<{width}}  {text}".rstrip() for n, text in enumerate(reasons or [""])
        ]
    if not with_reasons:
        lines.append("`btassets plan --why` shows what changed")
    return "\n".join(lines)


def _first_words(stale: StaleStage) -> list[str]:
    """Tickers of the stage, if it is partitioned by ticker."""
    n = sum(reason.n or 0 for reason in stale.reasons)
    return [f"{n} tickers"] if n else []


def _reason_lines(stale: StaleStage) -> list[str]:
    """Reasons of a stage: settings one by one, of many source files only the first."""
    files = [reason for reason in stale.reasons if reason.kind == "code"]
    above = [reason.name for reason in stale.reasons if reason.kind == "upstream"]
    lines = [reason.text for reason in stale.reasons if reason.kind not in ("code", "upstream")]
    lines += [reason.text for reason in files[:_MOST_FILES]]
    if len(files) > _MOST_FILES:
        lines.append(f"and {len(files) - _MOST_FILES} more sources behind it")
    if above:
        lines.append(f"reads {', '.join(above)}, to be computed first")
    return lines
