"""What a run writes to the terminal: warnings and errors of the stages, one line each.

Belongs here: the console logger. Everything else is on the run's page.
"""

import logging

import dagster as dg


class _Plain(logging.Formatter):
    """The stage's own words, without run ids."""

    def format(self, record: logging.LogRecord) -> str:
        metadata = getattr(record, "dagster_meta", None) or {}
        text = metadata.get("orig_message") if isinstance(metadata, dict) else None
        return f"{record.levelname.lower()}: {text or record.getMessage()}"


def _build(_context: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.Logger("btassets", logging.WARNING)
    handler = logging.StreamHandler()
    handler.setFormatter(_Plain())
    handler.addFilter(lambda record: not _is_event(record))
    logger.addHandler(handler)
    return logger


def _is_event(record: logging.LogRecord) -> bool:
    """Whether a record is a Dagster event (a step failed ...): the command line tells those itself."""
    return getattr(record, "dagster_event", None) is not None


console = dg.LoggerDefinition(_build, description="Warnings and errors, one plain line each.")
