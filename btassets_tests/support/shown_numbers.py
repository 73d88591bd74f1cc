"""Numbers shown in the tables and tiles of a page, compared with the document beside it.

Belongs here: which shown numbers are not in a document. Does not belong here: parsing HTML (`parsed_page.py`).
"""

import bisect
import re
from collections.abc import Iterator
from typing import Any

from btassets_tests.support.parsed_page import Node

_NUMBER = re.compile(r"(?<![\w.#-])[+-]?\d[\d,]*(?:\.\d+)?(?![\w-]*[A-QS-Za-jln-z_])")
_DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")
_SCALES = (1.0, 100.0, 1e-3, 1e-6)
"""As in the document, in percent, in thousands (k), in millions (m)."""

_MOST_WORDS = 8


def _leaves(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _leaves(key)
            yield from _leaves(one)
    elif isinstance(value, (list, tuple)):
        yield float(len(value))
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, str):
        for text in _NUMBER.findall(_DATE.sub(" ", value)):
            yield float(text.replace(",", ""))
    elif value is not None and not isinstance(value, bool):
        yield float(value)


def _words(node: Node) -> str:
    return " ".join(["".join(node.words).strip(), *(_words(child) for child in node.children)]).strip()


def not_in_document(page: Node, document: Any) -> list[str]:
    """Numbers of table cells and tiles that no number of the document rounds to, each with its cell.

    Cells of more than eight words are prose. A percentage may be a fraction in the document, and the sign of a number
    may be in a word of the page.
    """
    known = sorted({abs(scale * number) for number in _leaves(document) for scale in _SCALES if number == number})
    found = []
    for tag in ("td", "dd"):
        for cell in page.all(tag):
            words = _words(cell)
            if len(words.split()) > _MOST_WORDS:
                continue  # prose about a method, no result
            for text in _NUMBER.findall(_DATE.sub(" ", words)):
                digits = len(text.partition(".")[2])
                number, room = abs(float(text.replace(",", ""))), 0.5 * 10.0**-digits + 1e-9
                at = bisect.bisect_left(known, number - room)
                if at == len(known) or known[at] > number + room:
                    found.append(f"{text} in {words!r}")
    return found
