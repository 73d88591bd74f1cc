"""Group `ranking`: percentiles of the signals that the gate names; the other stages are SQL models."""
