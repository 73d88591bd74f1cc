"""Section `source`: where the bars come from.

Belongs here: its settings and their rules. Does not belong here: the kinds of source (`source_kinds.py`), opening one
(`btassets.sources`).
"""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from btassets.settings.section import NonNegative, Positive, Section
from btassets.settings.source_kinds import KIND_NAMES, OWN_KIND, SOURCE_KINDS


class SourceColumns(Section):
    """Names of the columns in the files of a `files` source; "#1", "#2", ... in CSV files without a line of names."""

    date: str = Field(default="date", description="exchange date of the bar (ISO text, date or timestamp)")
    open: str = Field(default="open", description="opening price")
    high: str = Field(default="high", description="highest price")
    low: str = Field(default="low", description="lowest price")
    close: str = Field(default="close", description="closing price")
    volume: str = Field(default="volume", description="shares traded")
    ticker: str | None = Field(default=None, description="ticker column of one long file; unset: one file per ticker")
    dividend: str | None = Field(default=None, description="cash dividend per share on its ex-date")
    split: str | None = Field(default=None, description="split ratio on its ex-date, else 1")
    adjusted_close: str | None = Field(default=None, description="the vendor's adjusted close, used only for a check")


class Source(Section):
    """Source of the bars."""

    kind: str = Field(
        default="demo",
        description=", ".join(f"{kind.name} ({kind.note})" for kind in SOURCE_KINDS)
        + "; or module:Class, a source of own/ or of a package",
    )
    options: tuple[str, ...] = Field(
        default=(), description='module:Class: what the class takes, KEY=VALUE each, e.g. ["path=bars.db"]'
    )
    path: str = Field(default="", description="folder or file of a files source, relative to the book's folder")
    basis: Literal["raw", "split", "total"] = Field(
        default="total",
        description="basis of the prices of files and sql: raw, split-adjusted, or total return; vendors declare "
        "their own",
    )
    ticker_pattern: str = Field(
        default="",
        description="regular expression with one group that matches the ticker in a file's stem; empty: the whole "
        "stem; with a slash: in the path below source.path, and sub-folders are read, e.g. ^([^/]+)/daily$",
    )
    url: str = Field(
        default="",
        description="sql: SQLAlchemy URL without a password, e.g. postgresql+psycopg2://reader@host/market; set "
        "BTASSETS_SQL_PASSWORD or BTASSETS_SQL_URL in the environment",
    )
    query: str = Field(
        default="",
        description="sql: one SELECT with a row per ticker and session; :since is the first date wanted",
    )
    start: str = Field(default="", description="vendors: first date fetched, YYYY-MM-DD; empty: five years back")
    end: str = Field(default="", description="vendors: last date fetched, YYYY-MM-DD; empty: the last finished session")
    history_days: int = Field(
        default=0,
        ge=0,
        le=36_500,
        description="calendar days of history used, counted back from the newest bar: the window moves with each "
        "session, and every ticker is replayed; vendors fetch no more; 0: every bar",
    )
    feed: Literal["sip", "iex"] = Field(default="sip", description="alpaca: all exchanges (sip) or one of them (iex)")
    base_url: str = Field(default="", description="vendors: base URL, if not the vendor's own, e.g. of a proxy")
    calls_per_minute: NonNegative = Field(
        default=0.0, description=("vendors: requests per minute; 0: the limit of the vendor's free plan")
    )
    max_wait_s: NonNegative = Field(
        default=60.0, description="vendors: longest Retry-After to wait for; a longer one ends the run with exit code 5"
    )
    timeout_s: Positive = Field(default=30.0, description="vendors: timeout of a request, seconds")
    columns: SourceColumns = SourceColumns()

    @field_validator("kind")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in KIND_NAMES and not OWN_KIND.fullmatch(value):
            names = ", ".join(f"'{name}'" for name in KIND_NAMES[:-1])
            message = f"must be {names} or '{KIND_NAMES[-1]}', or module:Class"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _one_start(self) -> Self:
        if self.start and self.history_days:
            message = (
                f'start = "{self.start}" and history_days = {self.history_days}; a start is fixed or moves; unset one'
            )
            raise ValueError(message)
        return self

    @field_validator("options")
    @classmethod
    def _pairs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = [text.partition("=")[0] for text in value]
        for text, name in zip(value, names, strict=True):
            if "=" not in text or not name.isidentifier() or names.count(name) > 1:
                message = f'has "{text}"; each must be KEY=VALUE with a name of its own, e.g. ["path=bars.db"]'
                raise ValueError(message)
        return value
