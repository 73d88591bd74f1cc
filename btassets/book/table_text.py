"""Text of a small CSV file that a setting names.

Belongs here: reading it, and the two refusals before its content. Does not belong here: its rows (`group_file.py`,
`btassets.studies.account.positions`).
"""

from collections.abc import Callable
from pathlib import Path

from btassets.errors import SettingError


def text_of_table(path: Path, columns: str, refuse: Callable[[str], SettingError]) -> str:
    """Text of the file, without a byte order mark.

    Parameters
    ----------
    columns
        Columns that it must have, for the refusal: `ticker and group`.
    refuse
        Builds the error for a problem, with the setting that names the file.

    Raises
    ------
    SettingError
        If it cannot be opened or is not UTF-8 text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise refuse(f"{path}: {reason}; name a CSV file with the columns {columns}") from error
    except UnicodeDecodeError as error:
        raise refuse(f"{path}: is not UTF-8 text; save it as CSV in UTF-8") from error
