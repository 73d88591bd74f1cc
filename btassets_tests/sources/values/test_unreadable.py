"""The error of a reader of values carries its sentence to the caller's own error."""

import pickle

from btassets.sources.values.unreadable import UnreadableValueError


def test_the_reason_is_the_text_also_between_processes():
    error = UnreadableValueError("row 3 has 'abc'; prices must be numbers; correct it.")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == again.reason == error.reason
    assert isinstance(again, ValueError)
