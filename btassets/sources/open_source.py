"""From settings to the source they name.

Belongs here: opening a source of any kind, together with the bars that landed beside it. Does not belong here:
which kinds there are (`settings.source_kinds`) and what each takes from the settings (its own module).
"""

import importlib
from pathlib import Path

from btassets.settings.models import Settings
from btassets.settings.source_kinds import SOURCE_KINDS
from btassets.sources.base import BarSource
from btassets.sources.files.landed import with_landed
from btassets.storage.lake import Lake

KEPT_FOLDER = Path("landing") / "bars"
"""Where the bars that landed are kept, below the book's folder."""


def open_source(settings: Settings, folder: Path, lake: Lake | None = None) -> BarSource:
    """Source of a book, together with what landed beside it.

    Parameters
    ----------
    folder
        What a relative `source.path` starts from.
    lake
        Where the demo's exchange sessions are kept, so that the calendar library is asked once.

    Raises
    ------
    NoBarsError
        When a files source has no path.
    CredentialsError
        When a vendor's key is not in the environment.
    SettingError
        When the settings of the source do not fit together.
    """
    kind = next(kind for kind in SOURCE_KINDS if kind.name == settings.source.kind)
    opener = getattr(importlib.import_module(kind.module), kind.opener.partition(":")[2])
    return with_landed(opener(settings, folder, lake), folder / KEPT_FOLDER)
