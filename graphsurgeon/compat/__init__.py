"""Drop-ins for TensorFlow's own functions, under its module and parameter names.

They take TensorFlow's messages and give back messages of the same kind, raise what
TensorFlow raises, and need no TensorFlow. New code is better off with the passes, which
also keep what surrounds a graph in step.
"""
