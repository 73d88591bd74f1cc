"""One book of each kind for the tests of the statistics; each is run once."""

import pytest

from btassets_tests.support.small_books import every_book, run_book
from btassets_tests.support.statistics_books import BOOKS


@pytest.fixture(scope="module", params=BOOKS)
def book(request):
    return run_book(25, 5.0) if request.param == "five years" else every_book()[request.param]
