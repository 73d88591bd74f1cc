"""The universe in one week: percentile ranks, qualification, information coefficients."""
