"""The assets and what their pages show."""
