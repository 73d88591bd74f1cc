"""The flow of a book with own stages: stages that own code declares, beside those of every book."""
