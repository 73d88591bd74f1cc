"""Output of commands beside their result: files, findings, states, first-run progress."""
