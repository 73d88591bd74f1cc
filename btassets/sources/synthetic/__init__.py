"""The synthetic market of the demo."""
