"""Advice derived from a report's own numbers, and its wording."""
