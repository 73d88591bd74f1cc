"""Setups over a ticker's history, and their outcomes."""
