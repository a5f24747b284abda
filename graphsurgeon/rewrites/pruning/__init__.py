"""What becomes of a model when nodes go: new inputs, the saver that is kept, and what is around the graph."""
