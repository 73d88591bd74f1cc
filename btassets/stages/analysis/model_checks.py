"""Facts of the checks of the SQL models: rows of a model against a threshold.

Belongs here: pass or fail and the numbers behind it. Does not belong here: the list of checks
(`btassets/graph/analysis.py`), reporting to Dagster (`btassets.defs.checks`).
"""

from btassets.run.stage_result import CheckFact, StageOutcome
from btassets.run.tables import Tables
from btassets.settings.models import Settings

MIN_QUALIFIED = 100


def of_factor_ic(_outcome: StageOutcome, tables: Tables, _settings: Settings) -> list[CheckFact]:
    """Signals with too few independent windows."""
    rows = tables["factor_ic"].read(["signal", "reliable"]).to_pylist()
    thin = [row["signal"] for row in rows if not row["reliable"]]
    return [CheckFact("thin_signals", not thin, "WARN", {"signals": len(rows), "thin": ", ".join(thin) or None})]


def of_setup_stats(_outcome: StageOutcome, tables: Tables, _settings: Settings) -> list[CheckFact]:
    """Size of the sample of qualified setups, and its mean without the best of them."""
    rows = {row["population"]: row for row in tables["setup_stats"].read().to_pylist()}
    qualified = rows["qualified"]
    trimmed = qualified["net_avg_r_ex_top5"]
    return [
        CheckFact("small_sample", qualified["total"] >= MIN_QUALIFIED, "WARN", {"qualified": qualified["total"]}),
        CheckFact("outlier_dependent", trimmed is not None and trimmed > 0, "WARN", {"net_avg_r_ex_top5": trimmed}),
    ]


def of_model_tests(_outcome: StageOutcome, tables: Tables, _settings: Settings) -> list[CheckFact]:
    """One check for each query of `dbt_like_sql/tests`."""
    return [
        CheckFact(
            row["test"], not row["n_failing"], "ERROR", {"failing": row["n_failing"], "first": row["first_failing"]}
        )
        for row in tables["model_tests"].read().to_pylist()
    ]
