"""The simulated portfolio over qualified setups, and its comparisons."""
