"""Sources that are asked over a network: vendors and databases."""
