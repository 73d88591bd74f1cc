"""Which tickers there are: spelling and dated membership."""
