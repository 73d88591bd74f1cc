"""As much of JSON Schema as report.schema.json uses, in plain Python: a check without a dependency."""

import re
from collections.abc import Iterator
from typing import Any

_TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
}
_KNOWN = {
    *("$schema", "$defs", "$ref", "title", "description", "type", "required", "properties", "items"),
    *("additionalProperties", "enum", "const", "pattern", "minimum", "maximum", "allOf"),
}


def problems(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "$") -> Iterator[str]:
    """Everywhere that a value breaks the schema."""
    unknown = set(schema) - _KNOWN
    if unknown:
        yield f"{at}: the checker does not know {sorted(unknown)}"
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        yield from problems(value, target, root, at)
    for part in schema.get("allOf", ()):
        yield from problems(value, part, root, at)
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_TYPES[kind](value) for kind in kinds):
        yield f"{at}: {value!r} is no {kinds}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value!r} is not {schema['const']!r}"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not match {schema['pattern']}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{at}: {value!r} is out of range"
    if isinstance(value, list) and "items" in schema:
        for k, item in enumerate(value):
            yield from problems(item, schema["items"], root, f"{at}[{k}]")
    if isinstance(value, dict):
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{at}: {name} is missing"
        known = schema.get("properties", {})
        for name, item in value.items():
            other = schema.get("additionalProperties")
            if name in known:
                yield from problems(item, known[name], root, f"{at}.{name}")
            elif isinstance(other, dict):
                yield from problems(item, other, root, f"{at}.{name}")
