"""Write `btassets/render/report_types.py` from the JSON schema of report.json.

    python docs/make_report_types.py            # writes the module
    python docs/make_report_types.py --check    # fails when it differs

Belongs here: the translation of a JSON schema into TypedDicts. Does not belong here: the schema itself
(`btassets/render/report.schema.json`).
"""

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "btassets" / "render" / "report.schema.json"
MODULE = ROOT / "btassets" / "render" / "report_types.py"

_HEAD = '''"""Types of the report document, generated from `report.schema.json`; do not edit.

`python docs/make_report_types.py` writes this module anew. Null means missing. A key that only some
reports have is marked `NotRequired`.
"""

from typing import Any, Literal, NotRequired, TypedDict
'''

_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


class Types:
    """TypedDicts of one schema, in the order in which they are needed."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema = schema
        self.made: dict[str, list[str]] = {}
        self.nodes: dict[str, dict[str, Any]] = {}

    def text(self) -> str:
        """Source of the whole module."""
        for name, definition in self.schema["$defs"].items():
            if "properties" in self._flat(definition):
                self._object(_camel(name), definition)
        self._object("Report", self.schema)
        parts = [f"class {name}(TypedDict):\n" + "\n".join(lines) for name, lines in self.made.items()]
        return _HEAD + "\n\n" + "\n\n\n".join(parts) + "\n"

    def _object(self, name: str, node: dict[str, Any]) -> str:
        flat = self._flat(node)
        while self.nodes.setdefault(name, node) != node:
            name += "Part"
        if name in self.made:
            return name
        self.made[name] = []
        lines = []
        about = flat.get("description")
        if about:
            first, _, rest = about.partition(". ")
            wrapped = textwrap.wrap(rest, 116, initial_indent="    ", subsequent_indent="    ")
            tail = "\n\n" + "\n".join(wrapped) + "\n    " if rest else ""
            lines.append(f'    """{first.removesuffix(".")}.{tail}"""\n')
        elif name == "Report":
            lines.append('    """One report, as report.json holds it."""\n')
        else:
            lines.append(f'    """Part `{name}` of a report."""\n')
        required = set(flat.get("required", ()))
        for key, value in flat.get("properties", {}).items():
            kind = self._kind(f"{'' if name == 'Report' else name}{_camel(key)}", value)
            lines.append(f"    {key}: {kind if key in required else f'NotRequired[{kind}]'}")
        # Parts of an object come before it.
        del self.made[name]
        self.made[name] = lines
        return name

    def _flat(self, node: dict[str, Any]) -> dict[str, Any]:
        """Schema of an object with its references and `allOf` parts merged."""
        if "$ref" in node:
            return self._flat(self.schema["$defs"][node["$ref"].rsplit("/", 1)[1]])
        if "allOf" not in node:
            return node
        merged: dict[str, Any] = {"properties": {}, "required": []}
        for part in (*node["allOf"], {k: v for k, v in node.items() if k != "allOf"}):
            flat = self._flat(part)
            merged["properties"] |= flat.get("properties", {})
            merged["required"] += flat.get("required", [])
            if "$ref" not in part and flat.get("description"):
                merged["description"] = flat["description"]
        return merged

    def _kind(self, name: str, node: dict[str, Any]) -> str:
        if "$ref" in node:
            target = node["$ref"].rsplit("/", 1)[1]
            is_object = "properties" in self._flat(node)
            return _camel(target) if is_object else self._kind(_camel(target), self._flat(node))
        if "const" in node:
            return f"Literal[{node['const']!r}]".replace("'", '"')
        if "enum" in node:
            values = [v for v in node["enum"] if v is not None]
            literal = "Literal[" + ", ".join(json.dumps(v) for v in values) + "]"
            return f"{literal} | None" if None in node["enum"] else literal
        if "allOf" in node or "properties" in node:
            return self._object(name, node) + (" | None" if "null" in _types(node) else "")
        kinds = []
        for kind in _types(node):
            if kind == "array":
                kinds.append(f"list[{self._kind(_single(name), node['items']) if 'items' in node else 'Any'}]")
            elif kind == "object":
                extra = node.get("additionalProperties")
                value = self._kind(_single(name), extra) if isinstance(extra, dict) else "Any"
                kinds.append(f"dict[str, {value}]")
            else:
                kinds.append(_SCALARS[kind])
        if "float" in kinds and "int" in kinds:
            kinds.remove("int")
        return " | ".join(kinds) if kinds else "Any"


def _types(node: dict[str, Any]) -> list[str]:
    kind = node.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def _single(name: str) -> str:
    """Name of one element of a list.

    >>> _single("Trades"), _single("StatisticsBook")
    ('Trade', 'StatisticsBookRow')
    """
    return name.removesuffix("s") if name.endswith("s") and not name.endswith("ss") else f"{name}Row"


def main() -> int:
    """Write the module, or compare it."""
    text = Types(json.loads(SCHEMA.read_text(encoding="utf-8"))).text()
    if "--check" in sys.argv[1:]:
        return int(MODULE.read_text(encoding="utf-8") != text)
    MODULE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
