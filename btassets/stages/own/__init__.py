"""Group `own`: values of own signals, and their proofs."""
