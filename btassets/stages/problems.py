"""Table `bar_problems`: what the quality rules found, from the footers of the stored bars.

Belongs here: the findings as a table. Does not belong here: the rules (`engine.market.quality`).
"""

import pyarrow as pa

from btassets.stages.bar_store import TABLE
from btassets.stages.book import Book
from btassets.tables import BAR_PROBLEMS


def problems_table(book: Book) -> pa.Table:
    """One row per finding, in byte order of the tickers."""
    rows = [
        (ticker, *problem) for ticker, facts in book.lake.ticker_footers(TABLE).items() for problem in facts["problems"]
    ]
    columns = list(zip(*rows, strict=True)) if rows else [[] for _ in BAR_PROBLEMS.schema]
    arrays = [
        pa.array(values, pa.int32()).cast(pa.date32()) if field.name == "date" else pa.array(values, field.type)
        for values, field in zip(columns, BAR_PROBLEMS.schema, strict=True)
    ]
    return pa.table(arrays, schema=BAR_PROBLEMS.schema)
