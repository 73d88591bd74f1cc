"""A hostile vendor on this machine: answers cut, empty, of another kind, too long, wrong in every field.

Invariant: bars equal to what the vendor has, or a refusal with words; nothing hangs.
"""

import json
import os
import signal
from pathlib import Path
from random import Random
from typing import Any

from btassets_tests.support import vendor_books as books
from btassets_tests.support.local_server import (
    BROKEN,
    HTML,
    TOO_MANY,
    Answer,
    LocalServer,
    Market,
    Request,
    fake_tiingo,
)
from btassets_tests.torture.bad_inputs import _TEXTS, _hurt_bytes
from btassets_tests.torture.books import Bench
from btassets_tests.torture.counts import Counts
from btassets_tests.torture.workers import in_child

_BATCH = 20
_TICKERS = ("AAPL", "MSFT")


def hostile_vendors(bench: Bench, n: int) -> Counts:
    """Fetch from a server that answers badly once in a while."""
    counts = Counts("hostile vendor")
    while counts.n_faults < n:
        size = min(_BATCH, n - counts.n_faults)
        seed = bench.random.randrange(2**32)
        try:
            refused, right, failures = in_child(_batch, str(bench.root / f"vendor-{seed}"), seed, size)
        except RuntimeError as error:
            refused, right, failures = 0, 0, [f"vendor, seed {seed}: {error}"]
        counts.n_faults += size
        counts.n_refused += refused
        counts.n_recovered += right
        for failure in failures:
            counts.fail(failure)
    return counts


def _batch(folder: str, seed: int, size: int) -> tuple[int, int, list[str]]:
    from btassets.errors import BtassetsError

    def hangs(*_: object) -> None:
        raise TimeoutError("no end within 60 s")

    signal.signal(signal.SIGALRM, hangs)
    os.environ.update(books.KEYS)
    refused, right = 0, 0
    failures: list[str] = []
    for k in range(size):
        rng = Random(f"{seed} {k}")
        signal.alarm(60)
        try:
            if _fetches_right(Path(folder) / str(k), rng):
                right += 1
            else:
                refused += 1
        except BtassetsError as error:
            refused += 1
            if error.exit_code == 1 or len(str(error)) < 10:
                failures.append(f"vendor, seed {seed}, {k}: {type(error).__name__}: {error}"[:400])
        except Exception as error:  # noqa: BLE001  (exactly these must not come out)
            failures.append(f"vendor, seed {seed}, {k}: {type(error).__name__}: {error}"[:400])
        finally:
            signal.alarm(0)
    return refused, right, failures


def _fetches_right(folder: Path, rng: Random) -> bool:
    """Whether both tickers have the vendor's bars; False: a ticker is blocked with a reason."""
    market = Market(_TICKERS)
    honest = fake_tiingo(market)
    is_once = rng.random() < 0.5
    n_asked = 0

    def handle(request: Request) -> Answer:
        nonlocal n_asked
        n_asked += 1
        answer = honest(request)
        return _spoilt(answer, rng) if n_asked == 1 or not is_once else answer

    with LocalServer(handle) as server:
        book = books.vendor_book(folder, "tiingo", server.url, _TICKERS)
        books.read(book)
        footers = book.lake.ticker_footers("ohlcv_history")
        is_right = True
        for ticker in _TICKERS:
            if footers[ticker]["blocked"]:
                is_right = False
                continue
            rows = {day: row[:4] for day, row in books.stored(book, ticker).items()}
            truth = {day: row[:4] for day, row in market.bars[ticker].items()}
            wrong = [day for day, row in rows.items() if truth.get(day) != row]
            lost = footers[ticker]["dropped"] or footers[ticker]["problems"] or len(rows) == len(truth)
            if wrong or not lost:
                raise AssertionError(f"{ticker}: {len(rows)} bars of {len(truth)}, wrong on {wrong[:3]}")
        return is_right


def _spoilt(answer: Answer, rng: Random) -> Answer:
    body = answer.body
    what = rng.randrange(10)
    if what == 0:
        return rng.choice((TOO_MANY, HTML, BROKEN))
    if what == 1:
        return Answer(
            body, rng.choice((200, 204, 206, 301, 302, 403, 404, 418, 500, 503)), {"Location": "http://192.0.2.1/"}
        )
    if what == 2:
        return Answer(_hurt_bytes(body, rng), 200, answer.headers)
    if what == 3:
        return Answer(body, 200, answer.headers, is_cut=True)
    if what == 4:
        return Answer.of(rng.choice(({}, [], None, 0, "x", {"error": "no such plan"}, [[]], [None], [{}])))
    if what == 5:
        return Answer(b"[" * 100_000, 200, answer.headers)
    if what == 6:
        return Answer(body, 200, {**answer.headers, "Content-Encoding": rng.choice(("gzip", "br", "zstd", "x"))})
    return Answer(json.dumps(_changed(json.loads(body), rng)).encode(), 200, answer.headers)


def _changed(rows: Any, rng: Random) -> Any:
    """Rows with one field gone, or of another kind: what is no price must not become one."""
    if not isinstance(rows, list) or not rows:
        return rows
    row = rng.choice(rows)
    field = rng.choice(sorted(row))
    if rng.random() < 0.3:
        del row[field]
    else:
        row[field] = rng.choice([None, [], {}, True, "", *[t for t in _TEXTS if not t.strip().lstrip("+-").isdigit()]])
    return rows
