"""What surrounds a graph, kept in step with it: collections, contexts, signatures, init ops, version."""
