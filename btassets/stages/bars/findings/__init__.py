"""What is told of a book's bars: the last lines of a run, and what the source's list says."""
