"""A stage in Python: the result of qualified setups by calendar month."""

import btassets as bt


@bt.stage(reads=["graded_setups"], settings=["costs.per_side_frac"])
def monthly_r(tables, settings):
    """One calendar month: setups, mean net R, and the costs under which it was computed."""
    setups = tables["graded_setups"]
    setups = setups[setups["net_r"].notna()]
    by_month = setups.groupby(setups["asof_date"].dt.month.rename("month"))["net_r"]
    found = by_month.agg(setups="count", mean_r="mean").reset_index()
    return found.assign(per_side_frac=settings.costs.per_side_frac)
