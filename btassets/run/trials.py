"""The ledger of every configuration tried on a book's data: table `trials`.

Belongs here: the definition of a trial, adding trials, and the count used by the deflated Sharpe ratio and every "best
of". Does not belong here: the interpretation of the count (`engine.statistics.sharpe`).

One row per distinct simulated settings and data version, from any command. `trial_row` builds a row, `append_trials`
adds rows in one atomic write and skips those already in the ledger:

    data = bars_version(book)  # of btassets.run.freshness
    rows = [trial_row(cell, result, data_version=data, policy="hold") for cell, result in cells]
    append_trials(book, rows, name="sweep-1a2b3c4d", made_by="sweep")

Afterwards `n_trials(book)` is the number for a "best of". Rows are stored in `data/trials/NAME.parquet` by the name
under which they were first tried (a scenario's or a sweep's), so that one scenario's run rewrites no other's file;
`btassets sql "select * from trials"` and `btassets export trials` show all of them. The ledger only grows; only
deleting `data/` empties it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from btassets.book.book import REPLAY_SETTINGS, Book
from btassets.engine.conventions import POLICIES
from btassets.graph.portfolio import TRIALS
from btassets.run.setup_rule import own_content
from btassets.settings.load import BASE_SCENARIO, hashed, select
from btassets.settings.models import Settings
from btassets.settings.variant_settings import portfolio_variants
from btassets.storage.hashing import digest

if TYPE_CHECKING:  # importing the simulator would load its compiler even for a plan or a count
    from btassets.engine.portfolio.simulation import BookResult

_DECIDING = (
    "profile",
    "method",
    "gates",
    "costs",
    "exits",
    "portfolio",
    "basis",
    "calendar",
    *REPLAY_SETTINGS,
)
"""Settings that affect a portfolio's trades; the source of the bars and the executor do not."""

_RESULTS = ("total_return_pct", "cagr_pct", "max_drawdown_pct", "sharpe", "n_trades", "avg_net_r")

Row = dict[str, Any]
_Books = tuple[tuple[str, str, dict[str, Any]], ...]


def books_of_a_run(settings: Settings) -> _Books:
    """Policy, ranking and overlaid settings of every portfolio simulated by one run.

    The two policies, then the variants in their order; equal configurations are one trial.
    """
    variants = [
        (
            "hold",
            v.ranking,
            {
                "gates.min_momentum_percentile": v.cutoff_pct,
                "portfolio.max_positions": v.max_positions,
                "portfolio.risk_frac": v.risk_frac,
            },
        )
        for v in portfolio_variants(settings.variant)
    ]
    return (*((policy, "residual", {}) for policy in POLICIES), *variants)


def _decided(
    settings: Settings, policy: str, ranking: str, changes: Mapping[str, Any], own: Mapping[str, str] | None = None
) -> dict[str, Any]:
    # The benchmark by its name, without the folder of its file: a book may be moved.
    named = {"benchmark": Path(settings.benchmark).name.removesuffix(".parquet").removesuffix(".csv")}
    words = {"policy": policy, "ranking": ranking}
    return hashed(select(settings, _DECIDING)) | named | dict(own or {}) | dict(changes) | words


@cache
def _defaults(policy: str, ranking: str) -> dict[str, Any]:
    return _decided(Settings(), policy, ranking, {})


def trial_row(
    settings: Settings,
    result: "BookResult | None",
    *,
    data_version: str,
    policy: str,
    ranking: str = "residual",
    changes: Mapping[str, Any] | None = None,
    own: Mapping[str, str] | None = None,
) -> Row:
    """One simulated portfolio as a row of the ledger.

    Parameters
    ----------
    settings
        Of the scenario, or of the sweep's cell.
    result
        Result of the portfolio; None if there was nothing to trade, which also counts as a trial.
    data_version
        Of the universe's bars (`freshness.bars_version`).
    policy
        `target` or `hold`.
    ranking
        `residual` (the activation percentile) or `raw`.
    changes
        Flat settings overlaid for this portfolio, e.g. `{"portfolio.max_positions": 15}`.
    own
        Own code behind it (`setup_rule.own_content`); None: none.
    """
    decided = _decided(settings, policy, ranking, changes or {}, own)
    defaults = _defaults(policy, ranking)
    changed = {key: decided[key] for key in sorted(decided) if decided[key] != defaults.get(key)}
    return {
        "settings_hash": digest(decided),
        "data_version": data_version,
        "policy": policy,
        "ranking": ranking,
        "changed_settings": json.dumps(changed, ensure_ascii=False),
        **{name: None if result is None else getattr(result, name) for name in _RESULTS},
    }


def run_rows(
    settings: Settings, results: "Iterable[BookResult | None]", data_version: str, own: Mapping[str, str] | None = None
) -> list[Row]:
    """Rows of the portfolios simulated by one run; `results` in the order of `books_of_a_run`."""
    return [
        trial_row(settings, result, data_version=data_version, policy=policy, ranking=ranking, changes=changes, own=own)
        for (policy, ranking, changes), result in zip(books_of_a_run(settings), results, strict=True)
    ]


def append_trials(
    book: Book, rows: Sequence[Mapping[str, Any]], *, name: str | None = None, made_by: str = "run"
) -> int:
    """Add rows of `trial_row` that the ledger lacks; return their number.

    All are written at once or none. Settings already tried on the same data leave the ledger unchanged, with their
    first result.

    Parameters
    ----------
    name
        Name of the ledger's file: of the scenario (the book's own when unset) or of the sweep.
    made_by
        `run`, `compare` or `sweep`.
    """
    name = name or book.scenario
    new: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in rows:
        new.setdefault((row["settings_hash"], row["data_version"]), row)
    mark = digest(sorted(new))
    with book.lake.bucket_lock(TRIALS.name, 0):
        ledger = read_trials(book)
        known = _keys(ledger)
        fresh = [key for key in new if key not in known]
        counts = _counts(book, name)
        if not fresh and mark in counts:
            return 0
        last = pc.max(ledger["trial_no"]).as_py() or 0
        own = ledger.filter(pc.equal(ledger["scenario"], name)).to_pylist()
        own += [
            {"scenario": name, "trial_no": last + k, "made_by": made_by, **new[key]} for k, key in enumerate(fresh, 1)
        ]
        counts.setdefault(mark, len({settings for settings, _ in {*known, *new}}))
        table = pa.Table.from_pylist(own, schema=TRIALS.schema)
        book.lake.write(TRIALS.name, table, mark, name, {"tried": counts})
    return len(fresh)


def read_trials(book: Book) -> pa.Table:
    """The whole ledger, in the order of first trial."""
    parts = [book.lake.read(TRIALS.name, name) for name in book.lake.scenarios(TRIALS.name)]
    return pa.concat_tables([TRIALS.schema.empty_table(), *parts]).sort_by("trial_no")


def n_trials(book: Book) -> int:
    """Distinct configurations tried so far, including the scenario's own: the number for a "best of"."""
    ledger = read_trials(book)
    return len({*ledger["settings_hash"].to_pylist(), *run_hashes(book)})


def n_trials_of_run(book: Book, data_version: str) -> int:
    """Distinct configurations tried when the scenario first ran these settings on these data.

    The count used by its deflated Sharpe ratio. It is fixed while the scenario's settings and the data are unchanged,
    so that a run of unchanged inputs has nothing to do (decision 0016); a setting promoted after a search, or a new
    bar, is a first run again and counts everything tried before.
    """
    return _counted(book, data_version) or n_trials(book)


def has_run_trials(book: Book, data_version: str) -> bool:
    """Whether the ledger contains the portfolios of the scenario's run on these data."""
    return _counted(book, data_version) is not None


def run_hashes(book: Book) -> list[str]:
    """Settings hash of every portfolio simulated by one run of the scenario."""
    own = own_content(book)
    return [digest(_decided(book.settings, *words, own)) for words in books_of_a_run(book.settings)]


def _counted(book: Book, data_version: str) -> int | None:
    """Count at the scenario's first run of its settings; that of the base if only the label differs."""
    mark = digest(sorted({(settings, data_version) for settings in run_hashes(book)}))
    return _counts(book, book.scenario).get(mark) or _counts(book, BASE_SCENARIO).get(mark)


def _keys(ledger: pa.Table) -> set[tuple[str, str]]:
    return set(zip(ledger["settings_hash"].to_pylist(), ledger["data_version"].to_pylist(), strict=True))


def _counts(book: Book, name: str) -> dict[str, int]:
    """Trial counts at each first run under a name, by the hash of the settings run."""
    footer = book.lake.footer(TRIALS.name, name)
    return dict(footer.facts.get("tried", {})) if footer is not None else {}
