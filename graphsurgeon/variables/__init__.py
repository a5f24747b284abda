"""Variables of a graph: how they are laid out, saved, listed and found in checkpoints."""
