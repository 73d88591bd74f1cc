"""Resolves the text `module:function` of a declaration to the function, on demand.

Belongs here: the one place that turns references into code. Does not belong here: the references (`btassets.graph`).
"""

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def resolve(reference: str) -> Callable[..., Any]:
    """Function named by `module:function`; imports its module.

    >>> resolve("math:sqrt")(9.0)
    3.0
    """
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)
