"""Relations that the SQL models read, made from random tables, and every model's table of them."""

from functools import cache

import pyarrow as pa

from btassets.run.settings_relation import settings_relations
from btassets.run.sql_models import run_models
from btassets_tests.support.grade_cases import profile_settings
from btassets_tests.support.random_tables import random_candidates, random_signals, random_weekly_ic

GATES = {"min_rr": 1.0, "min_confidence": 20.0, "min_momentum_percentile": 60.0}
PROFILES = ("legacy", "standard")


def relations_of(profile, seed=0, **sections):
    return {
        **settings_relations(profile_settings(profile, GATES, **sections)),
        "candidates": random_candidates(seed),
        "factor_signals": random_signals(seed),
        "factor_ic_weekly": random_weekly_ic(seed),
    }


@cache
def every_model(profile):
    """(relations, every model's table); shared, so change nothing in them."""
    relations = relations_of(profile)
    return relations, run_models(relations)


def rows_where(table, **values):
    rows = table.to_pylist()
    return [row for row in rows if all(row[name] == value for name, value in values.items())]


def replaced(table, name, values):
    return table.set_column(
        table.column_names.index(name), table.schema.field(name), pa.array(values).cast(table[name].type)
    )
