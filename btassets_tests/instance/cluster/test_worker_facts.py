"""What a host says about itself."""

import os
import socket
from pathlib import Path

from btassets.book.new_book import make_book
from btassets.instance.cluster.worker_facts import MARK, facts


def test_facts_of_a_book(tmp_path: Path) -> None:
    make_book(tmp_path / "book", {"source.kind": "demo"})
    home = tmp_path / "book" / ".dagster"
    home.mkdir(exist_ok=True)
    (home / f"{MARK}ab12").write_text("ab12")
    (tmp_path / "book" / "own").mkdir(exist_ok=True)
    (tmp_path / "book" / "own" / "reversal.sql").write_text("select 1")
    found = facts(tmp_path / "book", "ab12")
    assert (found["seen"], found["problem"], found["source"]) == ("ab12", "", "")
    assert (found["host"], found["process"]) == (socket.gethostname(), os.getpid())
    assert (home / found["wrote"]).read_text() == "ab12"
    assert found["own"].startswith("own/reversal.sql ")
    assert "dagster 1." in found["libraries"]
    (tmp_path / "book" / "own" / "reversal.sql").write_text("select 2")
    assert facts(tmp_path / "book", "ab12")["own"] != found["own"]


def test_another_folder_and_no_book_are_facts(tmp_path: Path) -> None:
    found = facts(tmp_path / "none", "ab12")
    assert (found["seen"], found["wrote"], found["settings"]) == ("", "", "")
    assert "no btassets.toml" in found["problem"]


def test_a_source_that_this_host_does_not_see(tmp_path: Path) -> None:
    (tmp_path / "bars").mkdir()
    make_book(tmp_path / "book", {"source.kind": "files", "source.path": str(tmp_path / "bars")})
    assert facts(tmp_path / "book", "x")["source"] == ""
    (tmp_path / "bars").rmdir()
    assert facts(tmp_path / "book", "x")["source"] == str(tmp_path / "bars")
