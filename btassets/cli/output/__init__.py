"""What commands print and write beside their result: files, findings, states, first-run progress."""
