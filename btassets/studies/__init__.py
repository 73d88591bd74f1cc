"""Commands that study a book or a table of setups: grade, compare, sweep, export."""
