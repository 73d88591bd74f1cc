"""The error raised by every reader of values; each caller turns it into its own error.

Belongs here: the exception. Does not belong here: which file, table or setting held the value.
"""


class UnreadableValueError(ValueError):
    """A value or column cannot be read as the expected type.

    Parameters
    ----------
    reason
        Observed value; rule; what to do. One sentence without a leading ticker or full stop.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason
