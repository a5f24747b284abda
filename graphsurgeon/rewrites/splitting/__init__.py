"""Splitting: where a graph can be cut in two that compute the same one after the other."""
