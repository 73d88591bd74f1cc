"""Setups over a ticker's history, and what became of them."""
