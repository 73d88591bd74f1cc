"""One book: its folder, its resolved settings for one scenario, its lake.

Belongs here: what every stage needs to know about its book. Does not belong here: the work of any stage.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from btassets.book.settings_copy import refuse_cut_settings
from btassets.book.source_mark import refuse_foreign_bars
from btassets.engine.conventions import HOLD_DAYS, replay_holds
from btassets.errors import NoBookError, SettingError, SettingsFileError, UsageError
from btassets.own.discover import OwnSource, find_sources
from btassets.settings.load import BASE_SCENARIO, FILE_NAME, Resolved, hashed, resolve, select
from btassets.settings.models import BESIDE_THE_NUMBERS, Settings
from btassets.settings.profiles import PROFILES
from btassets.settings.quality_thresholds import Quality
from btassets.sources.universe.membership import Membership, read_membership
from btassets.storage.hashing import digest
from btassets.storage.lake import Lake

REPLAY_SETTINGS = (
    "setup",
    "engine",
    "exits.trail_atr",
    "exits.breakeven_r",
    "exits.part_frac",
    "basis",
    "quality.max_missing_frac",
    "quality.max_zero_volume_frac",
    "quality.max_flat_frac",
    "quality.max_constant_bars",
    "quality.min_median_close_usd",
    "quality.min_median_dollar_volume_usd",
)
"""Settings of the replay: a scenario that changes one gets its own replay folder. The holds are the other reason for
one: those that the replay does not grade (`replay_values`)."""

SHARED_SETTINGS = (
    "source",
    "demo",
    "universe",
    "storage",
    "benchmark",
    "calendar",
    "basis",
    *(key for name in Quality.model_fields if (key := f"quality.{name}") not in REPLAY_SETTINGS),
)
"""Settings shared by the whole book: no scenario may differ in them."""

_NOT_A_SCENARIO = (*(f"{section}." for section in BESIDE_THE_NUMBERS), "alerts")


@dataclass(frozen=True)
class Book:
    """A book in one scenario.

    Attributes
    ----------
    folder
        The book's folder, absolute.
    resolved
        Settings of this scenario with their origins.
    base
        Settings of the scenario `base`.
    overlay
        The `[scenario.NAME]` table under the overrides; None: the one named like the scenario.
    overrides
        Settings from the command line, flat keys. With folder, scenario and overlay they reopen the same book in
        another process.
    base_origin
        Origin of each setting of `base`, for every non-default key.
    mends
        Whether damaged files count as missing and are rebuilt (`Lake.mends`).
    """

    folder: Path
    resolved: Resolved
    base: Settings
    overlay: str | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    base_origin: dict[str, str] = field(default_factory=dict)
    mends: bool = False

    @property
    def settings(self) -> Settings:
        """Settings of this scenario."""
        return self.resolved.settings

    @property
    def scenario(self) -> str:
        """Name of the scenario."""
        return self.resolved.scenario

    @cached_property
    def lake(self) -> Lake:
        """The Parquet files."""
        return Lake(self.folder / "data", self.base.storage.buckets, mends=self.mends)

    @cached_property
    def replay(self) -> str:
        """Folder name of this scenario's replay: `base`, or its own."""
        own, base = replay_values(self.settings), replay_values(self.base)
        return BASE_SCENARIO if own == base else f"replay-{digest(own)[:8]}"

    @cached_property
    def own_sources(self) -> tuple[OwnSource, ...]:
        """Sources of own code: files of `own/` and modules of packages, as of when the book was opened."""
        return find_sources(self.folder)

    @cached_property
    def membership(self) -> Membership | None:
        """Dated membership of the universe; None: the universe is a list without dates.

        Raises
        ------
        MembershipError
            If the file named in the settings cannot be used.
        """
        name = self.base.universe.membership
        return read_membership(self.folder / Path(name).expanduser()) if name else None

    @property
    def candidates(self) -> str:
        """Bucketed table of this scenario's candidates."""
        return f"candidates/{self.replay}"

    @property
    def signals(self) -> str:
        """Bucketed table of the signals that the shards write beside the candidates."""
        return f"signals/{self.replay}"

    @property
    def reports(self) -> Path:
        """Folder of the reports."""
        return self.folder / "reports"

    @property
    def instance(self) -> Path:
        """Folder of the Dagster instance (DAGSTER_HOME)."""
        return self.folder / ".dagster"

    def in_base(self) -> "Book":
        """Return the same book in the scenario `base`."""
        resolved = Resolved(self.base, self.base_origin, BASE_SCENARIO, self.resolved.scenarios)
        executor = {k: v for k, v in self.overrides.items() if k.startswith(_NOT_A_SCENARIO)}
        return replace(self, resolved=resolved, overlay=None, overrides=executor)


def replay_values(settings: Settings) -> dict[str, Any]:
    """Settings that decide a replay, flat; the holds only if they are not the default ones."""
    holds = replay_holds(settings.exits.hold_days)
    return hashed(select(settings, REPLAY_SETTINGS)) | ({} if holds == HOLD_DAYS else {"holds": list(holds)})


def own_overrides(book: Book) -> dict[str, Any]:
    """Overrides that affect the scenario's numbers, without those of the executor."""
    return {k: v for k, v in book.overrides.items() if not k.startswith(_NOT_A_SCENARIO)}


def _made_before(folder: Path, scenario: str, *, mends: bool) -> tuple[str | None, dict[str, Any]]:
    """Overlay and overrides of a scenario created by `--set`, from its report's footer."""
    footer = Lake(folder / "data", 1, mends=mends).footer("backtest_report", scenario)
    made = footer.facts.get("made", {}) if footer is not None else {}
    return made.get("overlay"), dict(made.get("overrides", {}))


def scenario_name(overrides: Mapping[str, Any]) -> str:
    """Name of the scenario created by `--set`; `base` if it changes no number.

    >>> scenario_name({"executor.shards": 4}), scenario_name({"profile": "legacy"})
    ('base', 'legacy')
    """
    changing = {k: v for k, v in overrides.items() if not k.startswith(_NOT_A_SCENARIO)}
    if set(changing) == {"profile"} and changing["profile"] in PROFILES:
        return str(changing["profile"])
    return f"set-{digest(changing)[:8]}" if changing else BASE_SCENARIO


def open_book(
    folder: Path,
    *,
    scenario: str = BASE_SCENARIO,
    overlay: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    mends: bool = False,
) -> Book:
    """Open the book in `folder`.

    Parameters
    ----------
    folder
        Must contain `btassets.toml`.
    scenario
        `base`, a `[scenario.NAME]` of the file, any name with `overrides`, or the name of a scenario created that way
        before.
    overlay
        A `[scenario.NAME]` table under the overrides; unset: the one named `scenario`.
    overrides
        Flat dotted settings from the command line.
    environ
        Environment with `BTASSETS__...` settings; None: the process's own.
    mends
        For commands that run: damaged files count as missing. False: reading one is refused.

    Raises
    ------
    NoBookError
        If the folder has no settings file.
    SettingsFileError
        If the file is empty or truncated: it names no source, or ends inside a line of the last run's file.
    ForeignBarsError
        If the stored bars came from another kind of source.
    SettingError
        If a scenario changes shared settings (source, universe, storage ...).
    UsageError
        For an invalid scenario name, and for `base` with overrides.
    """
    folder = folder.absolute()
    path = folder / FILE_NAME
    environ = os.environ if environ is None else environ
    only_executor = {k: v for k, v in (overrides or {}).items() if k.startswith(_NOT_A_SCENARIO)}
    in_base = _resolved_base(folder, only_executor, environ)
    base = in_base.settings
    if scenario == BASE_SCENARIO and only_executor != (overrides or {}):
        raise UsageError(
            f"scenario {BASE_SCENARIO}: combined with settings of the command line",
            f"{BASE_SCENARIO} is the book's own settings; give the scenario another name, or change btassets.toml.",
        )
    if overlay is None and scenario not in (BASE_SCENARIO, *in_base.scenarios) and only_executor == (overrides or {}):
        overlay, made = _made_before(folder, scenario, mends=mends)
        overrides = made | only_executor
    resolved = resolve(path, scenario=scenario, overlay=overlay, overrides=overrides, environ=environ)
    refuse_foreign_bars(Lake(folder / "data", base.storage.buckets), in_base)
    stored = Lake(folder / "data", 1).stored_buckets("ohlcv_history")
    if stored not in (None, base.storage.buckets):
        rule = f"the bars of this book are in {stored}; set it back, or delete data/ and run again"
        raise SettingError(
            "storage.buckets", base.storage.buckets, rule, in_base.origin.get("storage.buckets", "default")
        )
    if scenario != BASE_SCENARIO:
        _refuse_own_values_of_shared_settings(resolved, base, scenario)
    return Book(folder, resolved, base, overlay, dict(overrides or {}), in_base.origin, mends)


def _resolved_base(folder: Path, overrides: Mapping[str, Any], environ: Mapping[str, str]) -> Resolved:
    """The base scenario's settings; a file that is missing, empty or cut is refused."""
    path = folder / FILE_NAME
    if not path.is_file():
        raise NoBookError(str(folder))
    in_base = resolve(path, overrides=overrides, environ=environ)
    if "source.kind" not in in_base.origin:
        raise SettingsFileError(
            str(path),
            "source.kind is not set: the file is empty, truncated or incomplete",
            'restore it, or write the kind of your source, e.g. kind = "files" under [source].',
        )
    refuse_cut_settings(folder)
    return in_base


def _refuse_own_values_of_shared_settings(resolved: Resolved, base: Settings, scenario: str) -> None:
    own, shared = select(resolved.settings, SHARED_SETTINGS), select(base, SHARED_SETTINGS)
    for key, value in own.items():
        if value != shared[key]:
            rule = "cannot differ by scenario: bars, universe and storage belong to the whole book"
            rule += f"; set it in {FILE_NAME}"
            raise SettingError(key, value, rule, resolved.origin.get(key, scenario))
