"""Constants exchanged for variables and back: what `unfreeze` and `freeze` do to graphs and function bodies."""
