"""The reports of a book over http: an index page and the files of its reports folder, read-only.

Belongs here: which file answers which path. Does not belong here: who may ask
(`btassets.instance.web.web_door`), what is in a report (`btassets.stages.report`).

A path serves only a regular file of a known type whose resolved location is inside the reports folder. Hidden names and
folders are not served; the index page is the only listing.
"""

import asyncio
import datetime as dt
import html
import os
import re
import stat
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from btassets.instance.web.web_door import Receive, Scope, Send, answer
from btassets.render.html_tables import Column, table

KINDS = {
    ".html": b"text/html; charset=utf-8",
    ".json": b"application/json; charset=utf-8",
    ".md": b"text/plain; charset=utf-8",
    ".txt": b"text/plain; charset=utf-8",
    ".csv": b"text/csv; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".parquet": b"application/vnd.apache.parquet",
}
"""Served file types."""

# A report is one file with inline style and script; it loads nothing.
_CSP = (
    b"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src 'self' data:; "
    b"font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FOLDER = re.compile(r"(\d{4}-\d{2}-\d{2})-(.+)-[0-9a-f]{12}")
_PAGES = ("report.html", "sweep.html", "compare.html", "grade.html")
_COLUMNS = (
    Column("name", "Report", link=lambda row: f"/{quote(row['page'])}"),
    Column("kind", "Kind"),
    Column("as_of", "As of"),
    Column("scenario", "Scenario"),
    Column("written", "Written (UTC)"),
)


class ReportServer:
    """ASGI application over one reports folder.

    Parameters
    ----------
    folder
        The book's reports folder; it may be absent.
    title
        Name of the book, for the index page.
    """

    def __init__(self, folder: Path, title: str) -> None:
        self._folder, self._title = folder, title

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one GET or HEAD request."""
        path, is_head = str(scope["path"]), scope["method"] == "HEAD"
        policy = {b"content-security-policy": _CSP}
        if path == "/":
            page = await asyncio.to_thread(index_page, self._folder, self._title)
            await answer(send, HTTPStatus.OK, page.encode(), policy, kind=KINDS[".html"], is_head=is_head)
            return
        target = await asyncio.to_thread(_page_of_folder, self._folder, path)
        if target is not None:
            # With its query, because the browser judges the second request by the origin of the first one.
            query = b"?" + scope["query_string"] if scope["query_string"] else b""
            headers = {**policy, b"location": quote(target).encode() + query}
            await answer(send, HTTPStatus.SEE_OTHER, b"", headers)
            return
        data = await asyncio.to_thread(read_inside, self._folder, path)
        if data is None:
            text = b"404 Not Found: the index page / lists the reports\n"
            await answer(send, HTTPStatus.NOT_FOUND, text, policy, is_head=is_head)
            return
        await answer(send, HTTPStatus.OK, data, policy, kind=KINDS[Path(path).suffix.lower()], is_head=is_head)


def _parts(path: str) -> list[str] | None:
    """Names of a path below the folder; None if one of them is hidden, empty or escapes it."""
    parts = path.strip("/").split("/")
    return None if any(not part or part.startswith(".") or "\\" in part or "\0" in part for part in parts) else parts


def _page_of_folder(folder: Path, path: str) -> str | None:
    """Path of the page in a report's folder; None if there is no such folder."""
    parts = _parts(path)
    if parts is None or not _is_inside(folder, folder.joinpath(*parts)) or not folder.joinpath(*parts).is_dir():
        return None
    found = next((name for name in _PAGES if (folder.joinpath(*parts) / name).is_file()), None)
    return None if found is None else f"/{'/'.join(parts)}/{found}"


def _is_inside(folder: Path, path: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # no such file, a name that is too long, a symlink loop
        return False


def read_inside(folder: Path, path: str) -> bytes | None:
    """Content of a file of the folder; None for anything else.

    Parameters
    ----------
    folder
        The reports folder.
    path
        Decoded path of a request.
    """
    parts = _parts(path)
    if parts is None or Path(parts[-1]).suffix.lower() not in KINDS:
        return None
    place = folder.joinpath(*parts)
    if not _is_inside(folder, place):
        return None
    try:
        # Opened without following a last link and checked afterwards, because a name may be swapped in between.
        descriptor = os.open(place.resolve(), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode) or not _is_inside(folder, _opened(descriptor, place)):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def _opened(descriptor: int, place: Path) -> Path:
    """Location of an open file, if the system can tell."""
    link = Path(f"/proc/self/fd/{descriptor}")
    return link.readlink() if link.is_symlink() else place


def index_page(folder: Path, title: str) -> str:
    """Page that lists the reports of a folder, newest first."""
    rows = [_row(folder, name) for name in _report_names(folder)]
    none = "<p>No report yet: <code>btassets run</code> writes one.</p>"
    body = table(rows, _COLUMNS, caption="Reports, newest first") if rows else none
    name = html.escape(title)
    css = resources.files("btassets.render").joinpath("page.css").read_text(encoding="utf-8")
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Reports of {name}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><style>{css}</style></head>'
        f'<body><main><header><h1>{name}</h1><p class="what">Reports, newest first</p></header>'
        f"<section>{body}</section></main></body></html>\n"
    )


def _report_names(folder: Path) -> list[str]:
    """Paths of the pages below the folder, `latest` first, then by time."""
    if not folder.is_dir():
        return []
    found: list[tuple[bool, float, str]] = []
    for depth in ("*", "*/*"):
        for name in _PAGES:
            for page in folder.glob(f"{depth}/{name}"):
                shown = page.relative_to(folder).as_posix()
                if _parts(shown) is not None and _is_inside(folder, page) and page.is_file():
                    found.append((shown.startswith("latest/"), page.stat().st_mtime, shown))
    return [shown for *_, shown in sorted(found, reverse=True)]


def _row(folder: Path, name: str) -> dict[str, str]:
    place = folder / name
    written = dt.datetime.fromtimestamp(place.stat().st_mtime, dt.UTC)
    made = _FOLDER.fullmatch(place.parent.resolve().name)
    as_of, scenario = made.groups() if made else ("", "")
    return {
        "page": name,
        "name": str(Path(name).parent),
        "kind": place.stem,
        "as_of": as_of,
        "scenario": scenario,
        "written": f"{written:%Y-%m-%d %H:%M}",
    }
