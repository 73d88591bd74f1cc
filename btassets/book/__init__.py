"""A book: its folder, settings file, groups, report folders, and pruning."""
