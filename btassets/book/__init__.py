"""A book: its folder, settings file, groups, reports kept, and what `prune` deletes."""
