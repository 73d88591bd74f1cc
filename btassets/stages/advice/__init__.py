"""Group `advice`: recommendation, claims and today's setups."""
