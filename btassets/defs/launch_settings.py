"""Launch settings of the page, generated from the settings models so that they cannot drift apart.

Belongs here: the settings that a scenario may change at launch, as a typed Dagster config with the same descriptions
and bounds, and their differences from the book. Does not belong here: any setting.
"""

from typing import Any, get_args, get_origin

import dagster as dg
from pydantic import Field, create_model
from pydantic.fields import FieldInfo

from btassets.settings.models import Section, Settings, flatten

SECTIONS = ("profile", "gates", "exits", "costs", "portfolio", "method", "engine")
"""Sections that a scenario launched from the page may change; the others belong to the whole book."""

_BOUNDS = (("ge", "at least"), ("gt", "more than"), ("le", "at most"), ("lt", "less than"))


class Launch(dg.Config):
    """Config of every scenario launch, beside its settings."""

    name: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9_.-]*$",
        description="name of the scenario; empty: set-<hash of the settings that differ from the book's>",
    )
    promote: bool = Field(
        default=False,
        description="write the settings that differ into btassets.toml instead of computing a scenario; run "
        "`everything` afterwards",
    )


def _shown_type(kind: Any) -> Any:
    """Type that the page can show; it has no tuples."""
    if get_origin(kind) is not tuple:
        return kind
    item = get_args(kind)[0]
    return list[type(get_args(item)[0])] if get_args(item) else list[item]  # pyright: ignore[reportInvalidTypeForm]


def _field(field: FieldInfo, value: Any) -> tuple[Any, FieldInfo]:
    bounds = [
        f"{word} {getattr(bound, name):g}" for bound in field.metadata for name, word in _BOUNDS if hasattr(bound, name)
    ]
    kind = _shown_type(field.annotation)
    made = FieldInfo(
        annotation=kind,
        default=list(value) if isinstance(value, tuple) else value,
        description=f"{field.description} ({', '.join(bounds)})" if bounds else field.description,
    )
    made.metadata = list(field.metadata)
    return kind, made


def _section(name: str, section: Section) -> type[dg.Config]:
    fields: dict[str, Any] = {
        key: _field(field, getattr(section, key)) for key, field in type(section).model_fields.items()
    }
    return create_model(name, __base__=dg.Config, **fields)


def scenario_config(settings: Settings) -> type[Launch]:
    """Config class of a scenario's launch; its defaults are the book's own settings."""
    fields: dict[str, Any] = {}
    for key in SECTIONS:
        value = getattr(settings, key)
        if isinstance(value, Section):
            made = _section(f"{key.title()}Settings", value)
            about = (type(value).__doc__ or key).strip().splitlines()[0]
            fields[key] = (made, Field(default=made(), description=about))
        else:
            fields[key] = _field(Settings.model_fields[key], value)
    return create_model("ScenarioSettings", __base__=Launch, **fields)


def changed_settings(config: Launch, settings: Settings) -> dict[str, Any]:
    """Dotted settings that a launch changes relative to the book's own."""
    own = {key: list(value) if isinstance(value, tuple) else value for key, value in flatten(settings).items()}
    return {key: value for key, value in flatten(config).items() if key in own and value != own[key]}
