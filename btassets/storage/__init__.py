"""Where tables stay."""
