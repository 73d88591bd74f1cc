"""The book as a Dagster resource: folder, scenario, launch settings.

Belongs here: how a step finds its book. Does not belong here: reading the environment at import.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field, create_model
from pydantic.fields import FieldInfo

from btassets.book.book import Book, open_book
from btassets.settings.load import BASE_SCENARIO


class BookResource(dg.ConfigurableResource):
    """The book of a run."""

    folder: str = Field(description="the book's folder, absolute")
    scenario: str = Field(default=BASE_SCENARIO, description="scenario; base is the book's own settings")
    overlay: str = Field(default="", description="[scenario.NAME] under the overrides; empty: the scenario's own")
    overrides: str = Field(default="{}", description="settings of the command line as JSON of dotted keys")
    threads: int = Field(default=1, ge=1, description="replay threads of one shard step")
    full: bool = Field(default=False, description="read the whole window of every targeted ticker again")
    only: list[str] = Field(default=[], description="tickers to read and replay among those targeted; empty: all")

    settle_seconds: float = Field(
        default=0.0,
        ge=0.0,
        le=3600.0,
        description="skip files that changed within this many seconds: they may be half-written",
    )

    def open(self) -> Book:
        """Open the book for this run."""
        overrides = json.loads(self.overrides)
        # Dagster runs compute tables, so a damaged one counts as missing.
        return open_book(
            Path(self.folder),
            scenario=self.scenario,
            overlay=self.overlay or None,
            overrides=overrides,
            mends=True,
        )

    def with_defaults(self) -> "BookResource":
        """The same resource with its values as defaults that a launch may change one by one."""
        fields: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            made = FieldInfo(annotation=field.annotation, default=getattr(self, name), description=field.description)
            made.metadata = list(field.metadata)
            fields[name] = (field.annotation, made)
        return create_model("BookResource", __base__=BookResource, **fields)()  # pyright: ignore[reportCallIssue]

    @classmethod
    def of(cls, book: Book, *, threads: int = 1, full: bool = False, only: Sequence[str] = ()) -> "BookResource":
        """Resource that reopens `book` in any process."""
        return cls(
            folder=str(book.folder),
            scenario=book.scenario,
            overlay=book.overlay or "",
            overrides=json.dumps(book.overrides),
            threads=threads,
            full=full,
            only=list(only),
        )
