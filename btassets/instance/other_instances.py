"""A page that shows a book on an instance which is not the book's own, as plain `dagster dev` does.

Belongs here: noticing it, saying so, and making the book's tickers partitions there. Does not belong here:
the book's own instance (`btassets.instance.dagster_home`).
"""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
from dagster._core.instance import InstanceRef
from dagster._serdes import deserialize_value

from btassets.instance.ticker_ranges import register

_WORD = "--instance-ref"

_logger = logging.getLogger("btassets")


def notice(home: Path, tickers: Sequence[str], words: Sequence[str] | None = None) -> str | None:
    """Say that this code server serves a page of another instance; None when the instance is the book's.

    Parameters
    ----------
    home
        The book's `.dagster` folder.
    tickers
        Names that become partitions of the other instance.
    words
        Words with which the code server was started; None: those of this process.
    """
    words = sys.argv if words is None else words
    if _WORD not in words[:-1]:
        return None
    reference = deserialize_value(words[list(words).index(_WORD) + 1], InstanceRef)
    folder = Path(str(reference.local_artifact_storage_data.config_dict.get("base_dir", "")))
    if folder.resolve() == home.resolve():
        return None
    with dg.DagsterInstance.from_ref(reference) as instance:
        register(instance, list(tickers))
    text = (
        f"this page keeps its runs in {folder}, not in the book's own instance: runs, materializations and switches "
        f"of the book are in {home}. `btassets ui --book {home.parent}` shows them, or DAGSTER_HOME={home} before "
        "`dagster dev`."
    )
    _logger.warning(text)
    return text
