"""Messages about a book's bars: the last lines of a run, and findings on the source's list."""
