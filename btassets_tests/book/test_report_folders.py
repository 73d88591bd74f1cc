"""Report folders: written whole, and looked at before they are trusted."""

from pathlib import Path

from btassets.book.report_folders import LATEST, checksum, damage_of, point_latest, sweep_reports, write_report

TEXTS = {"report.json": "{}\n", "report.md": "# report\n"}
SUMS = {name: checksum(text.encode()) for name, text in TEXTS.items()}


def test_a_report_is_whole_until_a_byte_of_it_changes(tmp_path: Path) -> None:
    folder = write_report(tmp_path, "2021-04-21-base-0123456789ab", TEXTS)
    assert damage_of(folder, SUMS) is None
    (folder / "report.md").write_text("# reporT\n")
    assert damage_of(folder, SUMS) == (folder / "report.md", "its checksum does not match its bytes")
    (folder / "report.md").unlink()
    found = damage_of(folder, SUMS)
    assert found is not None
    assert found[0] == folder / "report.md"
    assert "no such file" in found[1]


def test_latest_moves_and_the_oldest_go(tmp_path: Path) -> None:
    names = [f"2021-04-{day}-base-0123456789ab" for day in (20, 21, 22)]
    for name in names:
        write_report(tmp_path, name, TEXTS)
        point_latest(tmp_path, name)
    (tmp_path / "[x]*").mkdir()
    assert (tmp_path / LATEST).resolve().name == names[-1]
    assert sweep_reports(tmp_path, 0) == [names[1], names[0]]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([names[-1], LATEST, "[x]*"])
