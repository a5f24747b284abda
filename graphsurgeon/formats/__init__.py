"""One module per file format that TensorFlow writes; each reads and writes, and draws the bytes it knows.

Formats know models and tensors, not passes.
"""
