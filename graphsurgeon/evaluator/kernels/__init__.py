"""Numpy kernels of TensorFlow's ops, one file for each kind; `evaluator.operations` has the tables of all."""
