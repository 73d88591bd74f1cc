"""The types of the report are those of its schema."""

import importlib.util
import json
from pathlib import Path
from typing import get_type_hints

from btassets.render import report_types

ROOT = Path(__file__).resolve().parents[2]


def generator():
    spec = importlib.util.spec_from_file_location("make_report_types", ROOT / "docs" / "make_report_types.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_module_is_what_the_schema_generates() -> None:
    made = generator()
    text = made.Types(json.loads(made.SCHEMA.read_text(encoding="utf-8"))).text()
    assert made.MODULE.read_text(encoding="utf-8") == text


def test_the_required_keys_of_a_report_are_typed() -> None:
    schema = json.loads(generator().SCHEMA.read_text(encoding="utf-8"))
    assert set(schema["required"]) <= set(get_type_hints(report_types.Report))
    assert set(schema["required"]) == set(report_types.Report.__required_keys__)


def test_a_null_or_a_list_keeps_its_kind() -> None:
    schema = {
        "$defs": {"row": {"properties": {"n": {"type": ["integer", "null"]}}, "required": ["n"]}},
        "properties": {"rows": {"type": "array", "items": {"$ref": "#/$defs/row"}}, "kind": {"enum": ["a", None]}},
        "required": ["rows"],
    }
    text = generator().Types(schema).text()
    assert "    n: int | None\n" in text
    assert "    rows: list[Row]\n" in text
    assert '    kind: NotRequired[Literal["a"] | None]\n' in text
