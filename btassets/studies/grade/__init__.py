"""Grade a user's own table of setups."""
