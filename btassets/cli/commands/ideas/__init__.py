"""Commands about a user's own ideas: options and examples."""
