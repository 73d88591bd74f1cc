"""Errors of means, market model, permuted percentiles and walk-forward windows in plain Python.

Standard library only; loops as the formulas are written.
"""

import math
from bisect import bisect_left


def dof_rule(n_periods, overlap):
    if overlap == -1:
        return max(3, n_periods // 4)
    nu = 0
    while 125 * (nu + 1) ** 3 <= 8 * n_periods**2:  # nu <= 0.4 T^(2/3), without rounding
        nu += 1
    if overlap > 0:
        nu = min(nu, n_periods // (4 * overlap))
    return max(3, nu)


def cosine_error(psi, overlap):
    """Standard error and degrees of freedom of the mean behind one influence series."""
    n = len(psi)
    nu = dof_rule(n, overlap)
    total = 0.0
    for j in range(1, nu + 1):
        loading = 0.0
        for t in range(1, n + 1):
            loading += psi[t - 1] * math.cos(math.pi * j * (t - 0.5) / n)
        loading *= math.sqrt(2.0 / n)
        total += loading * loading
    return math.sqrt(total / nu / n), matched_dof(psi, nu, overlap)


def matched_dof(psi, nu, overlap):
    """Degrees of freedom of a mean of nu squared loadings of periods with unlike variance."""
    n = len(psi)
    if overlap < 2 or n < 2 * overlap:
        return nu

    def around(values, width):
        return [sum(values[max(t - width // 2, 0) : t - width // 2 + width]) for t in range(n)]

    variance = around([x * x for x in around(psi, overlap)], 5 * overlap + 1)
    cosines = [[math.sqrt(2 / n) * math.cos(math.pi * j * (t + 0.5) / n) for t in range(n)] for j in range(1, nu + 1)]
    covariance = [[sum(a[t] * b[t] * variance[t] for t in range(n)) for b in cosines] for a in cosines]
    trace = sum(covariance[j][j] for j in range(nu))
    squares = sum(x * x for row in covariance for x in row)
    return max(3, min(nu, round(trace * trace / squares))) if squares > 0 else nu


def ratio_psi(rows, first, last):
    """Mean over (week, value) rows and its influence series on the weeks first to last."""
    mean = sum(value for _, value in rows) / len(rows)
    n_weeks = last - first + 1
    per_week = len(rows) / n_weeks
    psi = []
    for week in range(first, last + 1):
        values = [value for w, value in rows if w == week]
        psi.append((sum(values) - mean * len(values)) / per_week)
    return mean, psi


def setup_mean(rows, overlap):
    """Mean over setups with its error: (mean, se, dof); rows are (week, value)."""
    first, last = min(w for w, _ in rows), max(w for w, _ in rows)
    mean, psi = ratio_psi(rows, first, last)
    se, nu = cosine_error(psi, overlap)
    return mean, se, nu


def setup_difference(left, right, overlap):
    weeks = [w for w, _ in [*left, *right]]
    first, last = min(weeks), max(weeks)
    mean_left, psi_left = ratio_psi(left, first, last)
    mean_right, psi_right = ratio_psi(right, first, last)
    psi = [a - b for a, b in zip(psi_left, psi_right, strict=True)]
    se, nu = cosine_error(psi, overlap)
    return mean_left - mean_right, se, nu


def market_model(returns, benchmark):
    """Yearly intercept, slope, information ratio, each with its daily cosine error."""
    n = len(returns)
    mean_x, mean_y = sum(benchmark) / n, sum(returns) / n
    sxx = sum((x - mean_x) ** 2 for x in benchmark)
    sxy = sum((x - mean_x) * (y - mean_y) for x, y in zip(benchmark, returns, strict=True))
    beta = sxy / sxx
    alpha = mean_y - beta * mean_x
    residual = [y - alpha - beta * x for x, y in zip(benchmark, returns, strict=True)]
    sd = math.sqrt(sum(e * e for e in residual) / n)
    psi_beta = [(x - mean_x) * e / (sxx / n) for x, e in zip(benchmark, residual, strict=True)]
    psi_alpha = [e - b * mean_x for e, b in zip(residual, psi_beta, strict=True)]
    psi_ratio = [a / sd - alpha / sd * (e * e / sd / sd - 1) / 2 for a, e in zip(psi_alpha, residual, strict=True)]
    root = math.sqrt(252)
    return {
        "alpha": (alpha * 252, cosine_error(psi_alpha, 0)[0] * 252),
        "beta": (beta, cosine_error(psi_beta, 0)[0]),
        "information_ratio": (alpha / sd * root, cosine_error(psi_ratio, 0)[0] * root),
    }


def newey_west_error(values, lags):
    """HAC error of a mean with Bartlett weights, no small-sample factor."""
    n = len(values)
    mean = sum(values) / n
    centred = [v - mean for v in values]
    total = sum(c * c for c in centred)
    for lag in range(1, lags + 1):
        weight = 1 - lag / (lags + 1)
        total += 2 * weight * sum(centred[t] * centred[t - lag] for t in range(lag, n))
    return math.sqrt(total) / n


def benjamini_hochberg(p_values):
    n = len(p_values)
    q = [1.0] * n
    for i in range(n):
        # The least of p_(j) n / j over every p-value that is at least as large.
        for other in p_values:
            if other >= p_values[i]:
                rank = sum(1 for p in p_values if p <= other)
                q[i] = min(q[i], other * n / rank)
    return q


def permuted_percentiles(values, source):
    """Percentiles of one week when ticker i is in the place of ticker source[i]; None = not ranked."""
    n = len(values)
    taken = [values[source[i]] if values[i] is not None else None for i in range(n)]
    known = sorted(v for v in taken if v is not None)
    if len(known) < 2:
        return [None] * n
    result = []
    for value in taken:
        if value is None:
            result.append(None)
            continue
        below = bisect_left(known, value)
        equal = known.count(value)
        result.append(100 * (below + (equal - 1) / 2) / (len(known) - 1))
    return result


def windows(first, last):
    """(train_first, train_last, test_first, test_last) by walking session by session."""
    found = []
    start = first
    # The first test session before which 78 weeks of as-of sessions have complete labels.
    while len([s for s in range(first, start) if s + 30 < start]) < 78 * 5:
        start += 1
    while True:
        test = [s for s in range(start, start + 13 * 5) if s <= last]
        if len(test) < 4 * 5:
            return found
        train = [s for s in range(first, start) if s + 30 < start]
        found.append((train[0], train[-1], test[0], test[-1]))
        start += 13 * 5
