"""Group `statistics`: intervals, comparisons and tests."""
