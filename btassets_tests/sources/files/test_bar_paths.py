"""Files of bars in a folder and below it."""

from pathlib import Path

from btassets.sources.files.bar_folder import FilesSource
from btassets.sources.files.bar_paths import bar_paths, stem_of

BARS = "date,open,high,low,close,volume\n2021-03-01,10,11,9,10.5,1000\n"


def made(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(BARS)
    return folder


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    made(
        tmp_path, "B.csv", ".x.csv", "n.txt", "a/A.csv", "a/deep/er/C.csv.gz", ".git/D.csv", "a/.h/E.csv", "F.csv/G.csv"
    )
    (tmp_path / "loop").symlink_to(tmp_path)
    assert bar_paths(tmp_path) == [tmp_path / "B.csv"]
    found = [stem_of(path, tmp_path) for path in bar_paths(tmp_path, is_deep=True)]
    assert found == ["B", "F.csv/G", "a/A", "a/deep/er/C"]


def test_a_pattern_with_a_slash_reads_the_folders_below(tmp_path: Path) -> None:
    made(tmp_path, "AAPL/daily.csv", "BRK-B/daily.csv", "BRK-B/notes.csv", "SPY.csv")
    source = FilesSource(tmp_path, ticker_pattern="^([^/]+)/daily$")
    assert source.tickers() == ["AAPL", "BRK.B"]
    assert source.fetch("BRK.B").close.tolist() == [10.5]
    assert source.path_of("AAPL") == tmp_path / "AAPL" / "daily.csv"
    assert source.stamp("AAPL")
    (problem,) = source.problems()
    assert "2 files do not match source.ticker_pattern and were skipped (first: " in problem.text
    assert FilesSource(tmp_path / "SPY.csv", ticker_pattern="^([^/]+)/daily$").tickers() == ["SPY"]
    assert FilesSource(tmp_path).tickers() == ["SPY"]
