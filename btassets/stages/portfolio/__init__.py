"""Group `portfolio`: the simulated account."""
