"""One reader per kind of value that enters from outside: ticker, date, direction, number."""
