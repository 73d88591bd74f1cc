"""What the tests of the vendors' sources start from.

Belongs here: fixtures of more than one file of this folder; the server in a vendor's place differs in each.
"""

import pytest

from btassets_tests.support import vendor_books as books
from btassets_tests.support.local_server import Market


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of every vendor in the environment."""
    for name, value in books.KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def market(request: pytest.FixtureRequest) -> Market:
    """Bars of the tickers that the test file names."""
    return Market(request.module.TICKERS)
