"""Component types of this package, as Dagster's registry of components finds them.

Belongs here: the public name `btassets.component.BookComponent`. Does not belong here: the component
(`btassets.defs.book_component`).
"""

from btassets.defs.book_component import BookComponent

__all__ = ["BookComponent"]
