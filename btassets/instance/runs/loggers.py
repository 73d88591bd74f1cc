"""Terminal output of a run: warnings and errors of the stages, one line each.

Belongs here: the console logger. Everything else is on the run's page.
"""

import logging

import dagster as dg

from btassets.masking import mask


class _Plain(logging.Formatter):
    """The stage's own text, without run ids."""

    def format(self, record: logging.LogRecord) -> str:
        metadata = getattr(record, "dagster_meta", None) or {}
        text = metadata.get("orig_message") if isinstance(metadata, dict) else None
        return mask(f"{record.levelname.lower()}: {text or record.getMessage()}")


def _build(_context: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.Logger("btassets", logging.WARNING)
    handler = logging.StreamHandler()
    handler.setFormatter(_Plain())
    handler.addFilter(lambda record: not _is_event(record))
    logger.addHandler(handler)
    return logger


def _is_event(record: logging.LogRecord) -> bool:
    """Whether Dagster wrote a record itself (a step failed, downstream steps wait), which the command line reports."""
    metadata = getattr(record, "dagster_meta", None) or {}
    text = metadata.get("orig_message") if isinstance(metadata, dict) else None
    is_waiting = str(text or record.getMessage()).startswith("Dependencies for step ")
    return is_waiting or getattr(record, "dagster_event", None) is not None


console = dg.LoggerDefinition(_build, description="Warnings and errors, one plain line each.")
