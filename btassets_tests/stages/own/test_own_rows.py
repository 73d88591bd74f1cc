"""Bars and rows of own signals are those of the book."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from btassets.book.book import open_book
from btassets.graph.flow import STAGES
from btassets.run.tables import Tables, settings_of
from btassets.stages.own.own_rows import read_panel


def test_every_row_of_factor_signals_points_to_its_bar(finished_book: Path) -> None:
    book, stage = open_book(finished_book, environ={}), STAGES["own_signals"]
    panel = read_panel(Tables(stage, book), settings_of(stage, book))
    rows = book.lake.read("factor_signals")
    assert panel.n_rows == rows.num_rows > 0
    assert [panel.arrays[k].ticker for k in panel.ticker] == rows["ticker"].to_pylist()
    assert panel.date.tolist() == rows["asof_date"].cast(pa.int32()).to_pylist()
    assert panel.is_eligible.tolist() == rows["eligible"].to_pylist()
    found = [panel.arrays[k].columns["close"][bar] for k, bar in zip(panel.ticker, panel.bar, strict=True)]
    np.testing.assert_array_equal(found, rows["close"].to_numpy())
    last = int(rows["asof_date"].cast(pa.int32()).to_numpy().max())
    assert max(int(arrays.date[-1]) for arrays in panel.arrays) <= last
