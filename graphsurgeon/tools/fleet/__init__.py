"""Fleets of models: which there are, what is done to one, and what is written down about it, whoever does the work.

`graphsurgeon.beam` has the work done, by Apache Beam. What it needs is here, and knows nothing of engines.
"""
