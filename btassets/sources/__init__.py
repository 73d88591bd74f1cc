"""Sources of bars."""
