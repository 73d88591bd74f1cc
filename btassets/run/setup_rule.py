"""Own code that a book's settings name: the setup rule, an external input of the replay, and all of it as a trial.

Belongs here: the rule with its version, and the content of rule and signals. Does not belong here: finding rules in
sources (`btassets.own.setups.rule_names`), their setups (`btassets.stages.replay.own_setups`).
"""

from btassets.book.book import Book
from btassets.engine.signals import SIGNAL_NAMES
from btassets.errors import UsageError
from btassets.own.discover import find_sources
from btassets.own.setups.rule_names import OwnRule, rule_named
from btassets.settings.models import BUILT_IN_RULE, Settings


def setup_rule(book: Book) -> OwnRule | None:
    """The own rule of a book in its scenario; None: the built-in one.

    Raises
    ------
    UsageError
        If there is no rule of that name, or more than one.
    """
    name, settings = book.settings.setup.rule, book.settings
    if name == BUILT_IN_RULE:
        return None
    source = rule_named(name, find_sources(book.folder)).source
    return None if source is None else OwnRule(name, source, settings.own.max_ticker_seconds)


def setup_rule_version(book: Book) -> str | None:
    """Everything behind the setups of the own rule; None: the built-in one. A missing rule is for the run to refuse."""
    try:
        rule = setup_rule(book)
    except UsageError as error:
        return str(error)
    return None if rule is None else rule.version


def rule_content(book: Book, settings: Settings | None = None) -> str | None:
    """Name and content of the own rule, by which a trial counts it: comments and layout are no other idea.

    Parameters
    ----------
    settings
        Of a cell of a sweep; None: the book's.
    """
    name = (settings or book.settings).setup.rule
    if name == BUILT_IN_RULE:
        return None
    try:
        source = rule_named(name, find_sources(book.folder)).source
    except UsageError:
        return name
    return None if source is None else f"{name} {source.content}"


def own_content(book: Book, settings: Settings | None = None) -> dict[str, str]:
    """Name and content of own code by the setting that names it; empty: none. Comments and layout are no other idea.

    Parameters
    ----------
    settings
        Of a cell of a sweep; None: the book's.
    """
    settings = settings or book.settings
    rule = rule_content(book, settings)
    found = {} if rule is None else {"setup.rule": rule}
    own = [name for name in settings.gates.signals if name not in SIGNAL_NAMES]
    if own:
        footer = book.lake.footer("own_signals", book.replay)
        contents: dict[str, str] = dict(footer.facts.get("tried", ())) if footer is not None else {}
        found["gates.signals"] = ", ".join(f"{name} {contents.get(name, '')}".strip() for name in own)
    return found
