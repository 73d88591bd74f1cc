"""One capital-constrained book over qualified setups, and what it is measured against."""
