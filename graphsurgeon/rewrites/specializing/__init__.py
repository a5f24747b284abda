"""Partial evaluation: what a graph still does when the values of some of its inputs are known."""
