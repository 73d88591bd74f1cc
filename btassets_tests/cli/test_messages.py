"""What the command line promises to say, word for word: what happened, the rule, what to do next."""

import socket
from pathlib import Path

from btassets_tests.support.book_factory import call


def test_a_wrong_setting_is_told_with_its_line(book: Path) -> None:
    file = book / "btassets.toml"
    kept = [line for line in file.read_text(encoding="utf-8").splitlines() if "min_rr" not in line]
    at = next(k for k, line in enumerate(kept) if line.startswith("[gates]"))
    kept.insert(at + 1, 'min_rr = "two"')
    file.write_text("\n".join(kept) + "\n", encoding="utf-8")
    line = kept.index('min_rr = "two"') + 1
    answer = call("run", "--book", book, "--quiet")
    assert answer.code == 2
    assert answer.err == f'btassets: gates.min_rr = "two": must be a number >= 0 (book/btassets.toml:{line})\n'
    assert answer.out == ""


def test_a_taken_port_is_told_with_the_way_out(book: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = call("ui", "--book", book, "--port", port)
    assert answer.code == 2
    assert answer.err == (
        f"btassets: port {port} is in use by another program; choose another with --port N (the reports use N+1).\n"
    )


def test_a_report_before_the_first_run_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "btassets.toml").write_text('[source]\nkind = "demo"\n', encoding="utf-8")
    answer = call("today", "--book", tmp_path)
    assert answer.code == 3
    assert answer.err.endswith("this book was never run; `btassets run` reads the bars and replays.\n")


def test_promote_without_a_setting_is_told(book: Path) -> None:
    answer = call("run", "--book", book, "--promote")
    assert answer.code == 2
    assert answer.err == ("btassets: --promote: requires --set; it writes the values of --set into btassets.toml.\n")
