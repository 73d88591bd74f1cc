"""Own setup rules without a book: sources of `own/` that declare one."""

from pathlib import Path

from btassets.own.setups.rule_names import OwnRule, rule_named
from btassets_tests.support.own_panel import write_source

GOOD = 'return bt.Setup("long", stop=0.9 * w.close[-1], targets=1.2 * w.close[-1])'


def rule_text(body: str = GOOD, head: str = "", name: str = "idea", lookback: int = 3, more: str = "") -> str:
    """Source of a rule with a body of one or more lines."""
    inner = "\n".join(f"    {line}" for line in body.splitlines())
    return f"import btassets as bt\n{head}\n@bt.setup_rule(lookback={lookback}{more})\ndef {name}(w):\n{inner}\n"


def write_rule(book: Path, text: str, *, seconds: float = 20.0, name: str = "idea", file: str = "idea.py") -> OwnRule:
    """The rule of a new file."""
    source = write_source(book, file, text)
    assert rule_named(name, [source]).source == source
    return OwnRule(name, source, seconds)
