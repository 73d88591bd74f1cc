"""Point-in-time numbers of one ticker: indicators, factor signals, quality."""
