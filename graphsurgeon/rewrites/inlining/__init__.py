"""Inlining: calls of functions become the nodes of the functions' bodies."""
