"""Uncertainty of numbers: errors of means, families of comparisons, verdicts on claims."""
