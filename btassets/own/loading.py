"""The signals that a source declares: loaded in a process of its own, or read from its header.

Belongs here: from a source to its signals. Does not belong here: finding sources (`discover.py`), computing values
(`evaluate.py`).
"""

from btassets.own.discover import OwnSource
from btassets.own.evaluate import OwnSignal
from btassets.own.given_file import read_given
from btassets.own.own_process import OwnProcess, OwnSignalError


def declared_by(source: OwnSource) -> tuple[list[OwnSignal], str]:
    """Signals of a source, and the problem that keeps it from being loaded; empty if there is none."""
    if source.problem:
        return [], source.problem
    try:
        if source.form == "file":
            declared = [read_given(source.path, source.name)[0]]
        else:
            with OwnProcess(source) as process:
                declared = process.load()
    except (OwnSignalError, ValueError) as error:
        return [], str(error)
    return [OwnSignal(**words, source=source) for words in declared], ""
