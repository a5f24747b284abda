"""One checkpoint by many workers: planned on the index, done a data file or a stretch of values at a time.

A plan is small and goes to workers as a pickle. Each opens the same sources, which costs their indexes, and makes the
same tensors of them without reading values; then it reads and writes what its element says. What it has to tell is in a
file, for whoever waits for all of them.
"""
