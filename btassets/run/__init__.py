"""What makes any stage run: freshness, the runner, SQL models, settings as relations, the ledger of trials."""
