"""The assets and the content of their pages."""
