"""A book's Dagster instance: its home, event log, switches and partitions."""
