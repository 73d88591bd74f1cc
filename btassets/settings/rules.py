"""The rule violated by a setting's value, in plain words.

Belongs here: turning pydantic's findings into sentences. Does not belong here: the rules themselves (`models.py`).
"""

from typing import Any, get_args

from pydantic import BaseModel

from btassets.errors import SettingError
from btassets.settings.models import Section, Settings
from btassets.settings.section import FORMS

_BOUNDS = (
    ("greater_than", ">", "gt"),
    ("greater_than_equal", ">=", "ge"),
    ("less_than", "<", "lt"),
    ("less_than_equal", "<=", "le"),
)


def rule_of_item(problem: Any, origin: dict[str, str]) -> SettingError:
    """Error of one key in one table of a list, e.g. quality.overrides[2].rule."""
    place = next(n for n, part in enumerate(problem["loc"]) if isinstance(part, int))
    key = ".".join(map(str, problem["loc"][:place]))
    inner = ".".join(map(str, problem["loc"][place + 1 :]))
    kinds = {
        "missing": "must be given",
        "extra_forbidden": "no such key in these tables",
        "string_too_short": "must not be empty",
        "string_type": "must be text",
        "int_type": "must be a whole number",
        "float_type": "must be a number",
        "model_type": f"must be tables [[{key}]]",
    }
    context = problem.get("ctx", {})
    kinds |= {name: f"must be {sign} {context[bound]:g}" for name, sign, bound in _BOUNDS if bound in context}
    rule = f"must be {context['expected']}" if problem["type"] == "literal_error" else kinds.get(problem["type"])
    rule = rule or FORMS.get(context.get("pattern"), "")
    rule = rule or str(context.get("error", problem["msg"]))
    value = "" if problem["type"] == "missing" else problem.get("input")
    return SettingError(f"{key}[{problem['loc'][place] + 1}].{inner}", value, rule, origin.get(key, "settings"))


def _field(key: str) -> Any:
    model: type[BaseModel] = Settings
    *parents, leaf = key.split(".")
    for parent in parents:
        annotation = model.model_fields[parent].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, Section)):
            break
        model = annotation
    return model.model_fields.get(leaf)


def broken_rule(key: str, problem: Any) -> str:  # noqa: PLR0911  (one sentence per kind)
    """The rule of a setting in plain words, from its bounds."""
    field = _field(key)
    context = problem.get("ctx", {})
    if problem["type"] in ("literal_error",):
        return f"must be {context['expected']}"
    if problem["type"] == "string_pattern_mismatch" and context.get("pattern") in FORMS:
        return FORMS[context["pattern"]]
    if problem["type"] == "value_error":
        return str(context.get("error", problem["msg"]))
    bounds: dict[str, Any] = {}
    for constraint in getattr(field, "metadata", []):
        metadata = getattr(constraint, "metadata", None) or [constraint]
        for item in metadata:
            for name in ("ge", "gt", "le", "lt"):
                if getattr(item, name, None) is not None:
                    bounds[name] = getattr(item, name)
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    limits = " and ".join(f"{signs[name]} {value:g}" for name, value in bounds.items())
    annotation = str(getattr(field, "annotation", ""))
    if "bool" in annotation:
        return "must be true or false"
    if "int" in annotation and "float" not in annotation:
        return f"must be a whole number {limits}".rstrip()
    if "float" in annotation:
        return f"must be a number {limits}".rstrip()
    if "tuple" in annotation:
        items = [item for item in get_args(field.annotation) if isinstance(item, type) and issubclass(item, Section)]
        return f"must be tables [[{key}]]" if items else "must be a list"
    return "must be text"
