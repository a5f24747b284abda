"""TensorFlow graph and checkpoint surgery without TensorFlow.

::

    import graphsurgeon as gs

    model = gs.load("frozen.pb")           # lazily: no tensor is read
    report = gs.unfreeze(model)            # constants become variables again
    gs.save(model, "out/model.ckpt")       # .meta, .index, .data and the state file

Nothing is imported until a name is used, so importing this package costs nothing.
"""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphsurgeon.checks import verify as verify
    from graphsurgeon.compare import diff as diff
    from graphsurgeon.edits.arithmetic import arithmetic as arithmetic
    from graphsurgeon.edits.average import average as average
    from graphsurgeon.edits.cast import cast as cast
    from graphsurgeon.edits.concat import concat as concat
    from graphsurgeon.edits.duplicate import duplicate as duplicate
    from graphsurgeon.edits.ema import ema as ema
    from graphsurgeon.edits.fill import fill as fill
    from graphsurgeon.edits.merge import merge as merge
    from graphsurgeon.edits.pad import pad as pad
    from graphsurgeon.edits.partition import partition as partition
    from graphsurgeon.edits.reshape import reshape as reshape
    from graphsurgeon.edits.reverse import reverse as reverse
    from graphsurgeon.edits.scale import scale as scale
    from graphsurgeon.edits.select import select as select
    from graphsurgeon.edits.slice import slice as slice  # noqa: A004 -- it has the name of its verb
    from graphsurgeon.edits.split_tensor import split_tensor as split_tensor
    from graphsurgeon.edits.strip_optimizer import strip_optimizer as strip_optimizer
    from graphsurgeon.edits.take import take as take
    from graphsurgeon.edits.tile import tile as tile
    from graphsurgeon.edits.transpose import transpose as transpose
    from graphsurgeon.edits.unpartition import unpartition as unpartition
    from graphsurgeon.errors import ChangedError as ChangedError
    from graphsurgeon.errors import CorruptionError as CorruptionError
    from graphsurgeon.errors import FileFormatError as FileFormatError
    from graphsurgeon.errors import GraphError as GraphError
    from graphsurgeon.errors import GraphSurgeonError as GraphSurgeonError
    from graphsurgeon.errors import LimitError as LimitError
    from graphsurgeon.errors import NotFoundError as NotFoundError
    from graphsurgeon.errors import OutputBusyError as OutputBusyError
    from graphsurgeon.errors import OutputExistsError as OutputExistsError
    from graphsurgeon.errors import PassError as PassError
    from graphsurgeon.errors import UnsupportedError as UnsupportedError
    from graphsurgeon.formats.arrays.transfer import export_tensors as export_tensors
    from graphsurgeon.formats.arrays.transfer import import_tensors as import_tensors
    from graphsurgeon.formats.load import load as load
    from graphsurgeon.formats.load import load_checkpoint as load_checkpoint
    from graphsurgeon.formats.save import save as save
    from graphsurgeon.formats.save import save_checkpoint as save_checkpoint
    from graphsurgeon.ir.graph import Graph as Graph
    from graphsurgeon.ir.model import Model as Model
    from graphsurgeon.ir.node import Node as Node
    from graphsurgeon.passes.bypass import bypass as bypass
    from graphsurgeon.passes.copy import copy as copy
    from graphsurgeon.passes.dense_to_conv import dense_to_conv as dense_to_conv
    from graphsurgeon.passes.downgrade import downgrade as downgrade
    from graphsurgeon.passes.fix import fix as fix
    from graphsurgeon.passes.freeze import freeze as freeze
    from graphsurgeon.passes.insert import insert as insert
    from graphsurgeon.passes.join import join as join
    from graphsurgeon.passes.prune import prune as prune
    from graphsurgeon.passes.remove import remove as remove
    from graphsurgeon.passes.rename import rename as rename
    from graphsurgeon.passes.reroute import reroute as reroute
    from graphsurgeon.passes.set_attr import set_attr as set_attr
    from graphsurgeon.passes.set_device import set_device as set_device
    from graphsurgeon.passes.set_inputs import set_inputs as set_inputs
    from graphsurgeon.passes.set_shape import set_shape as set_shape
    from graphsurgeon.passes.set_trainable import set_trainable as set_trainable
    from graphsurgeon.passes.split import split as split
    from graphsurgeon.passes.unfreeze import unfreeze as unfreeze
    from graphsurgeon.tensors.tensor import Tensor as Tensor
    from graphsurgeon.tools.fit.fit import fit as fit
    from graphsurgeon.tools.recipe.pipeline import run as run
    from graphsurgeon.tools.recover import recover as recover
    from graphsurgeon.tools.retention import prune_checkpoints as prune_checkpoints

__version__ = "0.1.0"

_HOMES = {
    "load": "formats.load",
    "load_checkpoint": "formats.load",
    "save": "formats.save",
    "save_checkpoint": "formats.save",
    "export_tensors": "formats.arrays.transfer",
    "import_tensors": "formats.arrays.transfer",
    "fit": "tools.fit.fit",
    "run": "tools.recipe.pipeline",
    "prune_checkpoints": "tools.retention",
    "recover": "tools.recover",
    "verify": "checks",
    "diff": "compare",
    "Model": "ir.model",
    "Graph": "ir.graph",
    "Node": "ir.node",
    "Tensor": "tensors.tensor",
}


def __getattr__(name: str) -> Any:
    """Import what a public name stands for, and keep it."""
    homes = _homes()
    if name == "__all__":
        found: Any = [*homes, "__version__"]
    elif name in homes:
        found = getattr(importlib.import_module(f"{__name__}.{homes[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


@functools.cache
def _homes() -> dict[str, str]:
    """Return the modules of all public names; a pass or an edit is in the file of its name."""
    passes, edits, errors = (importlib.import_module(f"{__name__}.{room}") for room in ("passes", "edits", "errors"))
    return {
        **_HOMES,
        **{name: f"passes.{name}" for name in passes.names()},
        **{name: f"edits.{name}" for name in edits.names()},
        **{name: "errors" for name in errors.__all__ if name.endswith("Error")},
    }


def __dir__() -> list[str]:
    """Return the public names, imported or not."""
    return sorted([*_homes(), "__version__"])
