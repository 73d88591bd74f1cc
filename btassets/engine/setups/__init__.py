"""Entry, stop, targets, probabilities and scores at one as-of bar."""
