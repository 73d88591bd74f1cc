"""Alerts: facts of a book, sent once to each destination of the settings."""
