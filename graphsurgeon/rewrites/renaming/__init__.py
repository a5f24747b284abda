"""Renaming: what the new name of each name is, and every place in a model where names stand."""
