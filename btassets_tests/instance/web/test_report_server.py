"""The reports server shows the files of its folder and nothing else."""

import os
from pathlib import Path

import pytest

from btassets.instance.web.report_server import index_page, read_inside
from btassets_tests.support.door_server import served_door

SECRET = "what is outside"


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    folder = tmp_path / "book" / "reports"
    made = folder / "2021-04-21-base-0123456789ab"
    (made / "tickers").mkdir(parents=True)
    (made / "report.html").write_text("the report")
    (made / "report.json").write_text("{}")
    (made / "tickers" / "BRK.B.html").write_text("a ticker")
    (folder / "latest").symlink_to(made.name)
    for outside in (tmp_path / "outside.html", tmp_path / "book" / "btassets.toml", tmp_path / "book" / "x.html"):
        outside.write_text(SECRET)
    (folder / "out.html").symlink_to(tmp_path / "outside.html")
    (made / "up.html").symlink_to("../../x.html")
    (folder / "away").symlink_to(tmp_path)
    (folder / "circle.html").symlink_to("circle.html")
    (folder / ".tmp-1.html").write_text(SECRET)
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "report.html").write_text(SECRET)
    (folder / "key.pem").write_text(SECRET)
    (folder / "no-suffix").write_text(SECRET)
    os.mkfifo(folder / "pipe.html")
    (folder / "folder.html").mkdir()
    return folder


def test_files_of_the_folder(reports: Path) -> None:
    assert read_inside(reports, "/latest/report.html") == b"the report"
    assert read_inside(reports, "/2021-04-21-base-0123456789ab/report.json") == b"{}"
    assert read_inside(reports, "/latest/tickers/BRK.B.html") == b"a ticker"


OUTSIDE = [
    "/out.html",
    "/latest/up.html",
    "/away/outside.html",
    "/away/book/btassets.toml",
    "/circle.html",
    "/.tmp-1.html",
    "/.hidden/report.html",
    "/key.pem",
    "/no-suffix",
    "/pipe.html",
    "/folder.html",
    "/../x.html",
    "/latest/../../x.html",
    "/latest/./report.html",
    "/latest//report.html",
    "/..\\x.html",
    "/latest/report.html\0.html",
    "/" + "a" * 300 + ".html",
    "/" + "a/" * 3000 + "a.html",
    "",
    "/",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_else_is_read(reports: Path, path: str) -> None:
    assert read_inside(reports, path) is None


def test_no_other_file_comes_over_the_wire(reports: Path) -> None:
    with served_door(reports) as served:
        asked = [path.replace("\0", "%00").replace("\\", "%5c") for path in OUTSIDE if path]
        asked += [
            "/%2e%2e/x.html",
            "/latest/%2e%2e%2f%2e%2e%2fx.html",
            "/away/",
            "/.hidden/",
            "/x.html",
            "/latest/tickers/",
        ]
        asked += ["//etc/hosts.html", "/%2fetc%2fhosts.html", f"/{reports.parent}/x.html"]
        for path in asked:
            status, told = served.ask("GET", path, port=served.reports_port)
            assert SECRET not in told, path
            assert status == (200 if path == "/" else status), path
            assert path == "/" or status in (400, 404), path
        status, told = served.ask("HEAD", "/latest/report.html", port=served.reports_port)
        assert status == 200
        assert "the report" not in told


def test_the_index_lists_reports(reports: Path) -> None:
    page = index_page(reports, "<b>")
    assert "&lt;b&gt;" in page
    assert 'href="/latest/report.html"' in page
    assert 'href="/2021-04-21-base-0123456789ab/report.html"' in page
    assert page.index("/latest/") < page.index("/2021-04-21-base")
    assert page.count("<td>report</td><td>2021-04-21</td><td>base</td>") == 2
    for hidden in (".hidden", "away", "out.html", "key.pem"):
        assert hidden not in page


def test_no_report_yet(tmp_path: Path) -> None:
    assert "btassets run" in index_page(tmp_path / "none", "book")
