"""From the text `module:function` of a declaration to the function, when it is needed.

Belongs here: the one place that turns references into code. Does not belong here: which references there are
(`btassets.graph`).
"""

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def resolve(reference: str) -> Callable[..., Any]:
    """Function that `module:function` names; its module is imported now.

    >>> resolve("math:sqrt")(9.0)
    3.0
    """
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)
