"""Origins of settings and their precedence.

Command line, environment, scenario, file, profile, defaults: the first that sets a key wins. Belongs here: reading,
merging, provenance, the hash. Does not belong here: the meaning of a setting (`models.py`), the rule of a setting as
text (`rules.py`). Nothing is read at import.
"""

import copy
import difflib
import errno
import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from btassets.engine.conventions import HORIZON_DAYS
from btassets.engine.floors import BUILT_IN_RANKING
from btassets.errors import (
    CannotReadError,
    SettingError,
    SettingsFileError,
    TooManyFilesError,
    UnknownSettingError,
    UsageError,
)
from btassets.settings.models import BESIDE_THE_NUMBERS, BUILT_IN_RULE, Settings, flatten
from btassets.settings.names import RULE, checked_name, is_name
from btassets.settings.profiles import PROFILES
from btassets.settings.renamed import new_key, new_value
from btassets.settings.rules import broken_rule, rule_of_item
from btassets.settings.variant_settings import DEFAULT_VARIANTS

FILE_NAME = "btassets.toml"
ENV_PREFIX = "BTASSETS__"
BASE_SCENARIO = "base"
KEYS: tuple[str, ...] = tuple(flatten(Settings()))
_SECTIONS = frozenset(key.rsplit(".", n)[0] for key in KEYS for n in range(1, key.count(".") + 1))

_YOUNGER: dict[str, Any] = {
    "source.history_days": 0,
    "engine.horizon_days": HORIZON_DAYS,
    "variant": [variant.model_dump() for variant in DEFAULT_VARIANTS],
    "exits.trail_atr": 0.0,
    "exits.breakeven_r": 0.0,
    "exits.part_frac": 1.0,
    "storage.keep_replays": 8,
    "setup.rule": BUILT_IN_RULE,
    "gates.ranking": BUILT_IN_RANKING,
    "gates.floors": [],
    "source.options": [],
    "own.max_stage_seconds": 300.0,
    "executor.broker": "BTASSETS_BROKER_URL",
    "executor.backend": "BTASSETS_RESULT_URL",
}
"""Settings added after hashes of settings were first stored, with the default that their absence means."""


@dataclass(frozen=True)
class Resolved:
    """The settings of one scenario and the origin of each.

    Attributes
    ----------
    settings
        The validated settings.
    origin
        Dotted key -> origin of its value, for every non-default key.
    scenario
        Name of the scenario, `base` without one.
    scenarios
        Names of the scenarios in the file.
    """

    settings: Settings
    origin: dict[str, str]
    scenario: str
    scenarios: tuple[str, ...]

    @property
    def hash(self) -> str:
        """First 12 hex digits of the hash of all resolved settings."""
        return settings_hash(self.settings)


def settings_hash(settings: BaseModel) -> str:
    """Hash of a settings model, 12 hex digits; equal settings from any origin have the same hash.

    Sections that affect no number are left out; `executor` is in it since 0.1.0.
    """
    deciding = settings.model_dump(mode="json", exclude={*BESIDE_THE_NUMBERS} - {"executor"})
    for key, default in _YOUNGER.items():
        section, _, name = key.rpartition(".")
        table = deciding.get(section, {}) if section else deciding
        if table.get(name) == default:
            del table[name]
            if section and not table:
                del deciding[section]
    text = json.dumps(deciding, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def select(settings: Settings, prefixes: tuple[str, ...]) -> dict[str, Any]:
    """Flat settings whose key equals or is below one of `prefixes`, as plain JSON values.

    >>> select(Settings(), ("costs.per_side_frac",))
    {'costs.per_side_frac': 0.001}
    """
    flat = flatten(settings)
    return {
        key: list(cast(tuple[Any, ...], value)) if isinstance(value := flat[key], tuple) else value
        for key in _keys_under(prefixes)
    }


def hashed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Flat settings as a stored hash counts them: one added later is left out at its default.

    A book that was run before keeps its folders, its ledger of trials and the lists of its journal.

    >>> hashed({"engine.horizon_days": 30, "engine.projection": True}), hashed({"engine.horizon_days": 60})
    ({'engine.projection': True}, {'engine.horizon_days': 60})
    """
    return {key: value for key, value in values.items() if key not in _YOUNGER or value != _YOUNGER[key]}


@cache
def _keys_under(prefixes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key for key in KEYS if any(key == prefix or key.startswith(prefix + ".") for prefix in prefixes))


def _nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, value in flat.items():
        node = tree
        *parents, leaf = key.split(".")
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = value
    return tree


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        dotted = f"{prefix}{key}"
        if isinstance(value, Mapping) and dotted not in KEYS and (value or dotted in _SECTIONS):
            flat.update(_flat(cast(Mapping[str, Any], value), f"{dotted}."))
        else:
            flat[dotted] = value
    return flat


def _line_of(text: str, dotted: str) -> int | None:
    """Line in a TOML text where a dotted key is set, or None."""
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.split("#", 1)[0].strip()
        if bare.startswith("[[") and bare.strip("[]").strip() == dotted:
            return number
        if bare.startswith("[") and bare.endswith("]"):
            section = bare.strip("[]").strip() + "."
        elif "=" in bare and section + bare.split("=", 1)[0].strip().strip("\"'") == dotted:
            return number
    return None


def parse_value(raw: str, where: str = "value") -> Any:
    """Value of a command-line or environment argument: parsed as TOML if possible, else the text itself.

    Raises
    ------
    UsageError
        For an argument nested too deep to be a setting.
    """
    if "\n" in raw or "\r" in raw:
        return raw
    try:
        return tomllib.loads(f"value = {raw}")["value"]
    except RecursionError as error:
        raise UsageError(f"{where}: brackets nested too deep", "no setting is a list of lists.") from error
    except ValueError:  # not TOML, or a number of thousands of digits
        lowered = raw.strip().lower()
        return {"true": True, "false": False}.get(lowered, raw)


def parse_assignments(words: Sequence[str]) -> dict[str, Any]:
    """`key=value` arguments of `--set` as a flat mapping.

    >>> parse_assignments(["gates.min_rr=2", "portfolio.max_positions=15"])
    {'gates.min_rr': 2, 'portfolio.max_positions': 15}
    """
    flat: dict[str, Any] = {}
    for word in words:
        key, equals, raw = word.partition("=")
        shown = word if len(word) <= 80 else f"{word[:80]}..."
        if not equals or not key.strip():
            raise UsageError(f"--set {shown}: not KEY=VALUE", "write it as --set gates.min_rr=2")
        key = key.strip()
        if key in flat:
            raise UsageError(f"--set {shown}: {key} is set twice", "give one value for each setting.")
        flat[key] = parse_value(raw.strip(), f"--set {key[:80]}")
    return flat


@lru_cache(maxsize=16)
def _parsed(text: str) -> dict[str, Any]:
    """Tree of a settings file: every step of a run opens the book, and parsing would take most of that."""
    return tomllib.loads(text)


def _read_file(path: Path) -> tuple[dict[str, Any], str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsFileError(str(path), "is not UTF-8 text") from error
    except PermissionError as error:
        raise CannotReadError(str(path), (error.strerror or str(error)).lower()) from error
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise TooManyFilesError(str(path)) from error
        raise CannotReadError(str(path), (error.strerror or str(error)).lower()) from error
    try:
        return copy.deepcopy(_parsed(text)), text
    except RecursionError as error:
        raise SettingsFileError(str(path), "brackets are nested too deep") from error
    except ValueError as error:
        raise SettingsFileError(str(path), str(error)) from error


def unknown_setting(key: str, where: str) -> UnknownSettingError:
    """Error for an unknown key; a name of 0.1.0 points to the current name."""
    shown = key if len(key) <= 80 else f"{key[:80]}..."
    return UnknownSettingError(shown, KEYS, where, new_key(key))


def _unknown_scenario(name: str, declared: Iterable[str], shown: str) -> UsageError:
    known = [BASE_SCENARIO, *declared]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    advice = f"did you mean {near[0]}?" if near else f"declared are {', '.join(known)}."
    return UsageError(f"scenario {name}: not defined in {shown} and never run", advice)


def _scenario_tables(declared: Any, shown: str) -> Mapping[str, Any]:
    """`[scenario.NAME]` tables of the file, every name checked."""
    if not isinstance(declared, Mapping):
        raise SettingError("scenario", declared, "must be tables [scenario.NAME]", shown)
    for name, table in cast(Mapping[str, Any], declared).items():
        if not is_name(name):
            raise SettingError("scenario", name, RULE + " characters", shown)
        if name == BASE_SCENARIO:
            rule = f"{BASE_SCENARIO} is the book's own settings: write them at the top of the file"
            raise SettingError("scenario", name, rule, shown)
        if not isinstance(table, Mapping):
            raise SettingError(f"scenario.{name}", table, "must be a table [scenario.NAME]", shown)
    return cast(Mapping[str, Any], declared)


def resolve(
    path: Path | None = None,
    *,
    scenario: str = BASE_SCENARIO,
    overlay: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Resolved:
    """Settings of one scenario of the book whose file is `path`.

    Parameters
    ----------
    path
        The book's `btassets.toml`; None: defaults only.
    scenario
        Name of the scenario: `base`, a `[scenario.NAME]` table of the file, or any name for `overrides`.
    overlay
        The `[scenario.NAME]` table under the overrides; unset: the one named `scenario`.
    overrides
        Flat dotted keys that take precedence over everything else.
    environ
        Environment with `BTASSETS__SECTION__KEY` variables; None: none is read.

    Raises
    ------
    SettingError, UnknownSettingError, SettingsFileError
        Names the key, the value, the rule and the origin.
    """
    tree, text = _read_file(path) if path is not None else ({}, "")
    declared: Any = tree.pop("scenario", {})
    shown = f"{path.parent.name}/{path.name}" if path is not None else "defaults"
    scenario_tables = _scenario_tables(declared, shown)
    checked_name("scenario", scenario)
    table = overlay or (scenario if scenario in scenario_tables or not overrides else BASE_SCENARIO)
    if table not in (BASE_SCENARIO, *scenario_tables):
        raise _unknown_scenario(table, scenario_tables, shown)

    layers: list[tuple[dict[str, Any], dict[str, str]]] = []

    def layer(flat: dict[str, Any], where: dict[str, str] | str) -> None:
        layers.append((flat, where if isinstance(where, dict) else dict.fromkeys(flat, where)))

    def located(prefix: str, flat: Mapping[str, Any]) -> dict[str, str]:
        lines = {key: _line_of(text, prefix + key) for key in flat}
        return {key: f"{shown}:{line}" if line else shown for key, line in lines.items()}

    file_flat = _flat(tree)
    layer(file_flat, located("", file_flat))
    overlaid = _flat(scenario_tables.get(table, {}))
    layer(overlaid, located(f"scenario.{table}.", overlaid))
    env_flat = {
        name[len(ENV_PREFIX) :].lower().replace("__", "."): parse_value(raw, name)
        for name, raw in (environ or {}).items()
        if name.startswith(ENV_PREFIX)
    }
    layer(env_flat, {key: f"environment {ENV_PREFIX}{key.upper().replace('.', '__')}" for key in env_flat})
    layer(dict(overrides or {}), "command line")

    merged: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for flat, where in layers:
        for key, value in flat.items():
            if key not in KEYS:
                raise unknown_setting(key, where[key])
            merged[key] = value
            origin[key] = where[key]
    profile = merged.get("profile", "standard")
    for key, value in _flat(PROFILES.get(str(profile), {})).items():
        if key not in merged:
            merged[key] = value
            origin[key] = f"profile {profile}"
    return Resolved(_validated(merged, origin), origin, scenario, tuple(scenario_tables))


def with_values(settings: Settings, values: Mapping[str, Any], where: str) -> Settings:
    """Other settings with some values replaced, each checked by its own rule.

    Raises
    ------
    SettingError
        Names the key, the value, the rule and `where`.
    """
    return _validated({**flatten(settings), **values}, dict.fromkeys(values, where))


def _validated(flat: dict[str, Any], origin: dict[str, str]) -> Settings:
    for key, value in flat.items():
        if (renamed := new_value(key, value)) is not None:
            rule = f'renamed since 0.1.0; did you mean "{renamed}"?'
            raise SettingError(key, value, rule, origin.get(key, "settings"))
    try:
        return Settings.model_validate(_nest(flat))
    except ValidationError as error:
        first = error.errors()[0]
        if any(isinstance(part, int) for part in first["loc"][:-1]):
            raise rule_of_item(first, origin) from error
        key = ".".join(str(part) for part in first["loc"] if not isinstance(part, int))
        key = key if key in KEYS else next((k for k in KEYS if key.startswith(k)), key)
        raise SettingError(key, first.get("input"), broken_rule(key, first), origin.get(key, "settings")) from error
