"""Repairs of nodes that are broken by themselves, whatever the graph computes."""
