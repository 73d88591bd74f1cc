"""Text of the page: small tables and sparklines."""

import pyarrow as pa

from btassets.defs.assets import page_numbers as page


def test_markdown_of_missing_and_many() -> None:
    rows = pa.table({"a|b": ["x|y", None] * 10, "c": [1.5, float("nan")] * 10})
    lines = page.markdown_table(rows, ("a|b", "c")).splitlines()
    assert lines[2] == "| x\\|y | 1.50 |"
    assert lines[3] == "| - | - |"
    assert lines[-1].startswith("8 more rows")
    assert page.markdown_table(rows.slice(0, 0), ("c",)) == "no rows"


def test_sparkline_is_shown_inline() -> None:
    n = 1_500
    curves = pa.table(
        {"curve": ["hold"] * n, "equity": [10_000.0 * 1.001**day * (1 + 0.3 * (day % 7)) for day in range(n)]}
    )
    line = page.sparkline(curves)
    assert line is not None
    assert line.startswith("![")
    assert len(line) < page.MAX_MARKDOWN
    assert page.sparkline(curves.slice(0, 1)) is None
    flat = pa.table({"curve": ["target"] * 3, "equity": [100.0] * 3})
    assert page.sparkline(flat) is not None
