"""Network sources: vendors and databases."""
