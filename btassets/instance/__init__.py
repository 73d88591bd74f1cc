"""A book's Dagster instance and its processes: event log, executors, logs, daemon, fork server."""
