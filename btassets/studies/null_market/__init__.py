"""The book's own market with the edge destroyed, many times."""
