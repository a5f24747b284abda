"""Functionalization: loops and branches of control flow v1 become While and If with functions, TensorArrays lists."""
