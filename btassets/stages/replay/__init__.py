"""Group `replay`: candidates and factor signals."""
