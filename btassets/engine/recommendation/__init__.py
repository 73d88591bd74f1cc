"""What a report's own numbers advise, and the sentences that say so."""
