"""Surgery on nodes and values that users ask for by name."""
