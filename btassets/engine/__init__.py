"""Pure functions over arrays. Nothing here opens a file, reads a clock or imports Dagster."""
