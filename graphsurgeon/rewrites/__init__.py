"""Surgery that several passes share: freezing, renaming, pruning, serving."""
