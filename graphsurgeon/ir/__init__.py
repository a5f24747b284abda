"""A graph in memory: nodes, functions and models, their index, traversals, op signatures and edits."""
