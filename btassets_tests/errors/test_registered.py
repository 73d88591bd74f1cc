"""Every error registers itself, survives pickling, and is recognised when a run fails with it."""

import ast
import importlib
import pickle
import pkgutil
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

import btassets
from btassets.errors import BtassetsError, all_errors, error_named
from btassets.errors.registered import brief

ROOT = Path(btassets.__file__).parent
DOCUMENTED = {1, 2, 3, 4, 5, 6, 7, 130}
SKIPPED = {"btassets.definitions", "btassets.preload", "btassets.cli.__main__"}
INTERNAL = {
    *("BtassetsError", "UnreadableValueError", "BadAnswerError", "_NotJsonError"),
    *("ContainedError", "RefusedError", "_RefusedError", "NoFillsError"),
}
"""The base, and exceptions that their own module catches: none of them reaches a run."""


def _loaded() -> dict[str, type[BtassetsError]]:
    for _, name, _ in pkgutil.walk_packages(btassets.__path__, "btassets."):
        if name not in SKIPPED:
            importlib.import_module(name)
    return {n: kind for n, kind in all_errors().items() if kind.__module__.startswith("btassets.")}


def _made(kind: type[BtassetsError]) -> BtassetsError:
    sample = {"str": "x", "int": 3, "float": 1.5, "object": "x"}
    values = [
        field.default if field.default is not MISSING else sample.get(str(getattr(field.type, "__name__", field.type)))
        for field in fields(kind)
    ]
    return kind(*[["x"] if value is None else value for value in values])


def test_every_error_class_of_the_package_is_in_the_tree() -> None:
    known = _loaded()
    assert len(known) > 25
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
                assert node.name in known or node.name in INTERNAL, f"{path.relative_to(ROOT)}: {node.name}"


def test_every_error_ends_with_a_documented_code_and_survives_pickling() -> None:
    for name, kind in _loaded().items():
        error = _made(kind)
        assert kind.exit_code in DOCUMENTED, name
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is kind
        assert str(again) == str(error)
        assert error_named(name) is kind


def test_two_errors_of_one_name_are_refused() -> None:
    with pytest.raises(TypeError, match="UsageError"):
        type("UsageError", (BtassetsError,), {"__module__": "elsewhere"})


def test_values_in_messages_are_short() -> None:
    assert len(brief("9" * 10_000)) < 120
    assert "digits" in brief(10**5000)
