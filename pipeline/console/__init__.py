"""The web console. It holds no rules of its own."""
