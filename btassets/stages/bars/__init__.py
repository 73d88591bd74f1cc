"""Group `bars`: history, calendar, findings and benchmark."""
