"""The refusal that every reader of values raises; each door turns it into an error of its own.

Belongs here: the exception. Does not belong here: which file, table or setting held the value.
"""


class UnreadableValueError(ValueError):
    """A value or column cannot be read as what it should be.

    Parameters
    ----------
    reason
        Observed value; rule; what to do. One sentence without a full stop at its start or a ticker.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason
