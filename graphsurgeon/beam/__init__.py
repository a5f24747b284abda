"""Apache Beam as the engine: a recipe over thousands of models, and checkpoints too large for one machine.

It takes the extra ``beam``. What one element does is in `graphsurgeon.tools`, which knows of no engine; here it is
handed to one. Only `graphsurgeon.beam.pipeline` imports Beam, when something is to be done.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphsurgeon.beam.checkpoints import average as average
    from graphsurgeon.beam.checkpoints import cast as cast
    from graphsurgeon.beam.checkpoints import compact as compact
    from graphsurgeon.beam.checkpoints import edit as edit
    from graphsurgeon.beam.checkpoints import merge as merge
    from graphsurgeon.beam.checkpoints import transpose as transpose
    from graphsurgeon.beam.engine import Engine as Engine
    from graphsurgeon.beam.fleets import FleetReport as FleetReport
    from graphsurgeon.beam.fleets import fleet as fleet
    from graphsurgeon.beam.readings import diff as diff
    from graphsurgeon.beam.readings import verify as verify

_HOMES = {
    "Engine": "engine",
    "FleetReport": "fleets",
    "fleet": "fleets",
    **dict.fromkeys(("average", "cast", "compact", "edit", "merge", "transpose"), "checkpoints"),
    **dict.fromkeys(("diff", "verify"), "readings"),
}

__all__ = [
    "Engine", "FleetReport", "average", "cast", "compact", "diff", "edit", "fleet", "merge", "transpose", "verify",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import what a public name stands for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
