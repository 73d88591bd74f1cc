"""What is computed: pure functions over arrays. Nothing here opens a file, asks a clock or knows Dagster."""
