"""Order of the rows of a table in exports and for own stages.

Belongs here: sorting by the columns that a table declares. Does not belong here: which columns these are
(`btassets.graph`).
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc


def sorted_rows(data: pa.Table, order: Sequence[str]) -> pa.Table:
    """Rows by the columns `order`, texts by their bytes."""
    keyed = data.select([])
    for name in order:
        column = data[name]
        is_text = pa.types.is_string(column.type) or pa.types.is_dictionary(column.type)
        keyed = keyed.append_column(name, pc.cast(pc.cast(column, pa.string()), pa.binary()) if is_text else column)
    return data.take(pc.sort_indices(keyed, sort_keys=[(name, "ascending") for name in order]))
