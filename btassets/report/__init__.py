"""The page, the JSON schema and the short form of a finished report."""
