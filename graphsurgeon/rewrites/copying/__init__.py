"""Copying: what comes along when a part of a graph is there once more, and what surrounds it then."""
