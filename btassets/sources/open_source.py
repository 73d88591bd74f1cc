"""Creates the source named by the settings.

Belongs here: opening a source of any kind, together with the bars that landed beside it. Does not belong here:
which kinds there are (`settings.source_kinds`) and what each takes from the settings (its own module).
"""

import importlib
from pathlib import Path

from btassets.settings.models import Settings
from btassets.settings.source_kinds import OWN_OPENER, SOURCE_KINDS
from btassets.sources.base import BarSource
from btassets.sources.files.landed import with_landed
from btassets.storage.lake import Lake

KEPT_FOLDER = Path("landing") / "bars"
"""Folder of landed bars, below the book's folder."""


def open_source(settings: Settings, folder: Path, lake: Lake | None = None) -> BarSource:
    """Source of a book, merged with its landed bars.

    Parameters
    ----------
    folder
        Base of a relative `source.path`.
    lake
        Cache of the demo's exchange sessions, so that the calendar library is loaded once.

    Raises
    ------
    NoBarsError
        If a files source has no path.
    CredentialsError
        If a vendor's key is not in the environment.
    SettingError
        If the settings of the source contradict each other.
    """
    reference = next((kind.opener for kind in SOURCE_KINDS if kind.name == settings.source.kind), OWN_OPENER)
    module, _, name = reference.partition(":")
    opener = getattr(importlib.import_module(module), name)
    return with_landed(opener(settings, folder, lake), folder / KEPT_FOLDER)
