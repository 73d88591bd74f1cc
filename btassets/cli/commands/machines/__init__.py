"""Commands about the machines of a cluster: options and examples."""
