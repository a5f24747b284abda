"""Checkpoints made to fit a graph.

::

    requirements    what the graph's saver restores: keys, dtypes, shapes, slices
    matching        the tensor that is meant: by rules (name_map), by name, by suggestions
    alterations     changes until it fits, as policies allow: reshape, slice, pad, transpose, reverse, cast
    filling         values for what is missing: zeros, the graph's initializers
    plan, report    all of it, row by row, before anything is done
    fit             the one function that users call
"""

from __future__ import annotations

from graphsurgeon.tools.fit.fit import fit
from graphsurgeon.tools.fit.report import FitReport, FitRow

__all__ = ["FitReport", "FitRow", "fit"]
