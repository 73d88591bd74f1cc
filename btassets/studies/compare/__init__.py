"""Compare two scenarios, paired."""
