"""Setup rules of own code: setups as numbers, finding, calling and proving a rule."""
