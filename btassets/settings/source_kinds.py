"""The kinds of source: the one list that settings, `btassets init`, the opening of a source and the docs read.

Belongs here: name, words and reference of each kind; importable without the settings. Does not belong here:
reading bars (the module that the reference names) and where they come from within a kind (section `source`).
"""

import re
from dataclasses import dataclass
from typing import Literal

Basis = Literal["raw", "split", "total"]


@dataclass(frozen=True)
class SourceKind:
    """One kind of source.

    Attributes
    ----------
    name
        Value of `source.kind`.
    note
        A word or two beside the name, in the explanation of the setting.
    about
        What it is, for the documentation.
    opener
        `module:function` that opens it: takes the settings, the book's folder and its lake (None: there is
        none), and returns a `BarSource`. The module is imported when the kind is asked for, and its code is
        part of the code behind the stages that read a source.
    basis
        Basis of its prices; None: the setting `source.basis` declares it.
    """

    name: str
    note: str
    about: str
    opener: str
    basis: Basis | None = None

    @property
    def module(self) -> str:
        """Module of the opener."""
        return self.opener.partition(":")[0]


SOURCE_KINDS: tuple[SourceKind, ...] = (
    SourceKind(
        "demo",
        "synthetic market",
        "a synthetic market from counter-based random numbers; no key, no network; ends on 2025-12-31",
        "btassets.sources.synthetic.demo:open_demo",
        basis="raw",
    ),
    SourceKind(
        "files",
        "CSV or Parquet",
        "a folder of CSV or Parquet files, one per ticker, or long ones with a ticker column",
        "btassets.sources.files.open_files:open_files",
    ),
    SourceKind(
        "sql",
        "a database",
        "any database that SQLAlchemy reaches: an address and a query",
        "btassets.sources.vendors.sql:open_sql",
    ),
    SourceKind(
        "alpaca",
        "vendor",
        "Alpaca Market Data: raw bars, splits and dividends",
        "btassets.sources.vendors.alpaca:open_alpaca",
        basis="raw",
    ),
    SourceKind(
        "tiingo",
        "vendor",
        "Tiingo end-of-day prices: raw bars with the actions in each row",
        "btassets.sources.vendors.tiingo:open_tiingo",
        basis="raw",
    ),
    SourceKind(
        "massive",
        "vendor",
        "Massive (formerly Polygon): raw bars, actions from lists of their own",
        "btassets.sources.vendors.massive:open_massive",
        basis="raw",
    ),
    SourceKind(
        "yahoo",
        "vendor",
        "Yahoo through yfinance: prices already adjusted for splits",
        "btassets.sources.vendors.yahoo:open_yahoo",
        basis="split",
    ),
)

KIND_NAMES: tuple[str, ...] = tuple(kind.name for kind in SOURCE_KINDS)
"""Values of `source.kind`, in the order of the documentation."""


OWN_KIND = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
"""A `source.kind` that names a class of own code or of a package."""

OWN_OPENER = "btassets.sources.own_source:open_own"
"""Opener of such a kind."""


def basis_of_source(kind: str, declared: Basis) -> Basis:
    """Basis of a source's prices: its own, or the one that the setting `source.basis` declares.

    >>> basis_of_source("yahoo", "total"), basis_of_source("files", "total")
    ('split', 'total')
    """
    own: Basis | None = next((one.basis for one in SOURCE_KINDS if one.name == kind), None)
    return declared if own is None else own
