"""`[retention]` is applied at the end of a run and told by the doctor."""

from pathlib import Path

from btassets.book.book import open_book
from btassets.instance.dagster_home import open_instance
from btassets_tests.support.book_factory import call


def _runs(book: Path) -> int:
    with open_instance(open_book(book).instance) as instance:
        return instance.get_runs_count()


def _set(book: Path, text: str) -> None:
    file = book / "btassets.toml"
    kept, _, rest = file.read_text().partition("[retention]")
    after = rest.partition("\n[")[2]
    file.write_text(f"{kept}\n[retention]\n{text}\n" + (f"\n[{after}" if after else ""))


def test_a_run_forgets_old_ones(book: Path) -> None:
    _set(book, "automatic = false\nruns = 2")
    for k in range(3):
        assert call("run", "--book", book, "--quiet", "--set", f"gates.min_rr=1.{k}").code == 0
    assert _runs(book) == 4
    told = call("doctor", "--book", book).out
    assert "4 runs" in told
    assert "retention.automatic = false" in told
    _set(book, "runs = 2")
    answer = call("run", "--book", book, "--quiet", "--set", "gates.min_rr=1.9")
    assert answer.code == 0, answer.err
    # The first run made the tables' newest materializations: it stays beyond the limit.
    assert _runs(book) == 3
    assert "at most 2 runs and 90 days are kept" in call("doctor", "--book", book).out
