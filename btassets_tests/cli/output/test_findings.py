"""The last lines of a run: what was dropped, in one sentence a ticker, by harm."""

from pathlib import Path

from btassets.book.book import open_book
from btassets.cli.output.findings import finding_lines, run_findings
from btassets_tests.support.book_factory import call, csv_text, market


def test_a_dropped_row_is_named_in_the_last_lines_of_every_run(own_book: Path, own_market: Path) -> None:
    lines = csv_text(market()[0]["SYN0003"]).splitlines()
    words = lines[90].split(",")
    lines[90] = ",".join([words[0], "text", *words[2:]])
    (own_market / "bars" / "SYN0003.parquet").unlink()
    (own_market / "bars" / "SYN0003.csv").write_text("\n".join(lines) + "\n")
    answer = call("run", "--book", own_book, "--quiet")
    assert answer.code == 0, answer.err
    said = f"1 row dropped: SYN0003 {words[0]} [Q4]"
    assert answer.err.splitlines()[-1] == said
    assert call("run", "--book", own_book).err.splitlines()[-1] == said
    assert finding_lines(run_findings(open_book(own_book))) == [said]
