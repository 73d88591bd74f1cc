"""One SELECT per file: the set-based stages. Files only; `btassets.run.sql_models` runs them."""
