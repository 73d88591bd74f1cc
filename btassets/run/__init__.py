"""The machinery that runs any stage: freshness, runner, SQL models, settings as relations, ledger of trials."""
