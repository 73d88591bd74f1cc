"""Commands about lists that were shown: options and examples."""
