"""TensorFlow graph and checkpoint surgery without TensorFlow.

::

    import graphsurgeon as gs

    model = gs.load("frozen.pb")           # lazily: no tensor is read
    report = gs.unfreeze(model)            # constants become variables again
    gs.save(model, "out/model.ckpt")       # .meta, .index, .data and the state file

Nothing is imported until a name is used, so importing this package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphsurgeon.checks import verify
    from graphsurgeon.compare import diff
    from graphsurgeon.edits.arithmetic import arithmetic
    from graphsurgeon.edits.average import average
    from graphsurgeon.edits.cast import cast
    from graphsurgeon.edits.duplicate import duplicate
    from graphsurgeon.edits.ema import ema
    from graphsurgeon.edits.fill import fill
    from graphsurgeon.edits.merge import merge
    from graphsurgeon.edits.pad import pad
    from graphsurgeon.edits.partition import partition
    from graphsurgeon.edits.reshape import reshape
    from graphsurgeon.edits.reverse import reverse
    from graphsurgeon.edits.scale import scale
    from graphsurgeon.edits.select import select
    from graphsurgeon.edits.slice import slice  # noqa: A004 -- it has the name of its verb
    from graphsurgeon.edits.strip_optimizer import strip_optimizer
    from graphsurgeon.edits.tile import tile
    from graphsurgeon.edits.transpose import transpose
    from graphsurgeon.edits.unpartition import unpartition
    from graphsurgeon.errors import (
        CorruptionError,
        FileFormatError,
        GraphError,
        GraphSurgeonError,
        LimitError,
        NotFoundError,
        OutputExistsError,
        PassError,
        UnsupportedError,
    )
    from graphsurgeon.formats.arrays.transfer import export_tensors, import_tensors
    from graphsurgeon.formats.load import load, load_checkpoint
    from graphsurgeon.formats.save import save, save_checkpoint
    from graphsurgeon.ir.graph import Graph
    from graphsurgeon.ir.model import Model
    from graphsurgeon.ir.node import Node
    from graphsurgeon.passes.fix import fix
    from graphsurgeon.passes.freeze import freeze
    from graphsurgeon.passes.prune import prune
    from graphsurgeon.passes.rename import rename
    from graphsurgeon.passes.unfreeze import unfreeze
    from graphsurgeon.tensors.tensor import Tensor
    from graphsurgeon.tools.fit.fit import fit
    from graphsurgeon.tools.retention import prune_checkpoints

__all__ = [
    "load",
    "save",
    "load_checkpoint",
    "save_checkpoint",
    "export_tensors",
    "import_tensors",
    "verify",
    "diff",
    "fit",
    "prune_checkpoints",
    "unfreeze",
    "freeze",
    "fix",
    "prune",
    "rename",
    "arithmetic",
    "average",
    "cast",
    "duplicate",
    "ema",
    "fill",
    "merge",
    "pad",
    "partition",
    "reshape",
    "reverse",
    "scale",
    "select",
    "slice",
    "strip_optimizer",
    "tile",
    "transpose",
    "unpartition",
    "Model",
    "Graph",
    "Node",
    "Tensor",
    "GraphSurgeonError",
    "FileFormatError",
    "CorruptionError",
    "UnsupportedError",
    "GraphError",
    "NotFoundError",
    "PassError",
    "LimitError",
    "OutputExistsError",
    "__version__",
]

__version__ = "0.1.0"

_HOMES = {
    "load": "formats.load",
    "load_checkpoint": "formats.load",
    "save": "formats.save",
    "save_checkpoint": "formats.save",
    "export_tensors": "formats.arrays.transfer",
    "import_tensors": "formats.arrays.transfer",
    "fit": "tools.fit.fit",
    "prune_checkpoints": "tools.retention",
    "verify": "checks",
    "diff": "compare",
    "Model": "ir.model",
    "Graph": "ir.graph",
    "Node": "ir.node",
    "Tensor": "tensors.tensor",
}


def __getattr__(name: str) -> Any:
    """Import what a public name stands for, and keep it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES.get(name) or ("errors" if name.endswith("Error") else _room_of(name))
    found = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found


def _room_of(name: str) -> str:
    """Return the module of a pass or an edit, which lives in the file of its name."""
    passes = importlib.import_module(f"{__name__}.passes")
    return f"passes.{name}" if name in passes.names() else f"edits.{name}"


def __dir__() -> list[str]:
    """Return the public names, imported or not."""
    return sorted(__all__)
