"""Simplification: nodes that only hand on what they read, and nodes that compute the same."""
