"""The journal: lists as they were shown, their results, and the live verdict."""
