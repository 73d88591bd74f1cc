"""Weekly cross-sections in the frame that alphalens takes.

Belongs here: the shape of that frame. Does not belong here: what is compared with which of its functions.
"""

import pandas as pd


def alphalens_frame(week, ticker, signal, forward, **columns) -> pd.DataFrame:
    """One row for each week and ticker: `factor`, its fifth within the week, and the return `7D` after it.

    Parameters
    ----------
    week, ticker
        Numbers from 0, shape (n_rows,).
    signal, forward
        Shape (1, n_rows).
    columns
        Further columns, shape (n_rows,).
    """
    dates = pd.date_range("2024-01-05", periods=week.max() + 1, freq="7D")
    index = pd.MultiIndex.from_arrays([dates[week], [f"T{t:02}" for t in ticker]], names=["date", "asset"])
    data = pd.DataFrame({"7D": forward[0], "factor": signal[0], **columns}, index=index)
    data["factor_quantile"] = data.groupby("date")["factor"].transform(lambda x: pd.qcut(x, 5, labels=False) + 1)
    return data
