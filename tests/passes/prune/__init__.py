"""More on `prune`: inputs, refusals, and what surrounds the graph."""
