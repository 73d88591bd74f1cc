"""Settings visible to a stage: those in its declaration, and no other.

Belongs here: the view of a `Settings` object that refuses undeclared ones. Does not belong here: the settings declared
by a stage (`btassets.graph`).
"""

from functools import cache
from typing import Any, cast

from pydantic import BaseModel

from btassets.errors import UndeclaredReadError
from btassets.settings.load import select
from btassets.settings.models import Settings


def declared_settings(settings: Settings, keys: tuple[str, ...], reader: str, place: str) -> Settings:
    """View of `settings` with only the settings under `keys`; with the key "" the settings themselves.

    A whole section is returned unchanged; in a partly declared section any other setting is refused.

    Parameters
    ----------
    reader, place
        Name of the reader, and the file of its declaration: for the message.
    """
    if "" in keys:
        return settings
    return cast(Settings, _View(settings, "", keys, reader, place))


class _View:
    """One section (initially the root) of which some settings are declared."""

    def __init__(self, model: BaseModel, prefix: str, keys: tuple[str, ...], reader: str, place: str) -> None:
        self._model = model
        self._prefix = prefix
        self._keys = keys
        self._reader = reader
        self._place = place

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        value = getattr(self._model, name)
        key = f"{self._prefix}{name}"
        if is_declared(key, self._keys):
            return value
        if isinstance(value, BaseModel) and any(k.startswith(f"{key}.") for k in self._keys):
            return _View(value, f"{key}.", self._keys, self._reader, self._place)
        raise UndeclaredReadError(self._reader, "setting", key, self._place)

    def require(self, key: str) -> None:
        """Refuse a setting or section that is not declared as a whole."""
        if not is_declared(key, self._keys):
            raise UndeclaredReadError(self._reader, "setting", key, self._place)

    def root(self) -> Settings:
        """Return the settings behind the view of the root."""
        return cast(Settings, self._model)


@cache
def is_declared(key: str, keys: tuple[str, ...]) -> bool:
    """Whether a dotted setting or section equals, or is below, one of `keys`.

    >>> is_declared("costs.per_side_frac", ("costs",)), is_declared("costs", ("costs.per_side_frac",))
    (True, False)
    """
    return any(declared in ("", key) or key.startswith(f"{declared}.") for declared in keys)


def select_declared(settings: Settings, prefixes: tuple[str, ...]) -> dict[str, Any]:
    """`btassets.settings.load.select` that refuses settings missing from the given view.

    Raises
    ------
    UndeclaredReadError
        If a prefix is not declared as a whole.
    """
    view: Any = settings
    if not isinstance(view, _View):
        return select(settings, prefixes)
    for prefix in prefixes:
        view.require(prefix)
    return select(view.root(), prefixes)
