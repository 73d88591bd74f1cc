"""Sources that read files: bar folders, long files, landed files."""
