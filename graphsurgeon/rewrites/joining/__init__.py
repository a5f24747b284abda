"""Joining: what of one model has to have another name, or become one, when its graph comes into that of another."""
