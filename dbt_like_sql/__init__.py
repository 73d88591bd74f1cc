"""One SELECT per file: the set-based stages. Files only; `btassets.stages.sql_models` runs them."""
