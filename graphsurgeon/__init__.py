"""TensorFlow graph and checkpoint surgery without TensorFlow.

::

    import graphsurgeon as gs

    model = gs.load("frozen.pb")           # lazily: no tensor is read
    report = gs.unfreeze(model)            # constants become variables again
    gs.save(model, "out/model.ckpt")       # .meta, .index, .data and the state file

Nothing is imported until a name is used, so importing this package costs nothing.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import sys
from typing import TYPE_CHECKING, Any

from graphsurgeon import registry as _registry

if TYPE_CHECKING:
    from graphsurgeon import beam as beam
    from graphsurgeon import compat as compat
    from graphsurgeon.beam.fleets import fleet as fleet
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
    from graphsurgeon.passes.add_default_attributes import add_default_attributes as add_default_attributes
    from graphsurgeon.passes.add_head import add_head as add_head
    from graphsurgeon.passes.bypass import bypass as bypass
    from graphsurgeon.passes.copy import copy as copy
    from graphsurgeon.passes.dense_to_conv import dense_to_conv as dense_to_conv
    from graphsurgeon.passes.dequantize_weights import dequantize_weights as dequantize_weights
    from graphsurgeon.passes.downgrade import downgrade as downgrade
    from graphsurgeon.passes.fix import fix as fix
    from graphsurgeon.passes.flatten_atrous_conv import flatten_atrous_conv as flatten_atrous_conv
    from graphsurgeon.passes.fold_batch_norms import fold_batch_norms as fold_batch_norms
    from graphsurgeon.passes.fold_constants import fold_constants as fold_constants
    from graphsurgeon.passes.freeze import freeze as freeze
    from graphsurgeon.passes.functionalize import functionalize as functionalize
    from graphsurgeon.passes.half_weights import half_weights as half_weights
    from graphsurgeon.passes.infer_shapes import infer_shapes as infer_shapes
    from graphsurgeon.passes.insert import insert as insert
    from graphsurgeon.passes.join import join as join
    from graphsurgeon.passes.lower import lower as lower
    from graphsurgeon.passes.merge_duplicate_nodes import merge_duplicate_nodes as merge_duplicate_nodes
    from graphsurgeon.passes.obfuscate_names import obfuscate_names as obfuscate_names
    from graphsurgeon.passes.prune import prune as prune
    from graphsurgeon.passes.quantize_weights import quantize_weights as quantize_weights
    from graphsurgeon.passes.rebuild_contexts import rebuild_contexts as rebuild_contexts
    from graphsurgeon.passes.remove import remove as remove
    from graphsurgeon.passes.remove_attribute import remove_attribute as remove_attribute
    from graphsurgeon.passes.remove_control_dependencies import (
        remove_control_dependencies as remove_control_dependencies,
    )
    from graphsurgeon.passes.remove_default_attributes import remove_default_attributes as remove_default_attributes
    from graphsurgeon.passes.remove_nodes import remove_nodes as remove_nodes
    from graphsurgeon.passes.remove_training_nodes import remove_training_nodes as remove_training_nodes
    from graphsurgeon.passes.rename import rename as rename
    from graphsurgeon.passes.rename_attribute import rename_attribute as rename_attribute
    from graphsurgeon.passes.rename_op import rename_op as rename_op
    from graphsurgeon.passes.reroute import reroute as reroute
    from graphsurgeon.passes.round_weights import round_weights as round_weights
    from graphsurgeon.passes.set_attr import set_attr as set_attr
    from graphsurgeon.passes.set_device import set_device as set_device
    from graphsurgeon.passes.set_inputs import set_inputs as set_inputs
    from graphsurgeon.passes.set_shape import set_shape as set_shape
    from graphsurgeon.passes.set_trainable import set_trainable as set_trainable
    from graphsurgeon.passes.sort import sort as sort
    from graphsurgeon.passes.sparsify import sparsify as sparsify
    from graphsurgeon.passes.split import split as split
    from graphsurgeon.passes.strip_masks import strip_masks as strip_masks
    from graphsurgeon.passes.train_mode import train_mode as train_mode
    from graphsurgeon.passes.unfreeze import unfreeze as unfreeze
    from graphsurgeon.tensors.tensor import Tensor as Tensor
    from graphsurgeon.tools.cat import cat as cat
    from graphsurgeon.tools.compact import compact as compact
    from graphsurgeon.tools.convert import convert as convert
    from graphsurgeon.tools.edit import edit as edit
    from graphsurgeon.tools.export import export as export
    from graphsurgeon.tools.export import import_ as import_
    from graphsurgeon.tools.file_summary import inspect as inspect
    from graphsurgeon.tools.fit.fit import fit as fit
    from graphsurgeon.tools.latest import latest as latest
    from graphsurgeon.tools.ls import ls as ls
    from graphsurgeon.tools.recipe.pipeline import run as run
    from graphsurgeon.tools.recover import recover as recover
    from graphsurgeon.tools.report.report import report as report
    from graphsurgeon.tools.report.show import show as show
    from graphsurgeon.tools.retention import prune_checkpoints as prune_checkpoints
    from graphsurgeon.tools.summary.summary import summary as summary
    from graphsurgeon.tools.tensorboard import tensorboard as tensorboard

__version__ = "0.1.0"

_HOMES = {
    "load": "formats.load",
    "load_checkpoint": "formats.load",
    "save": "formats.save",
    "save_checkpoint": "formats.save",
    "export_tensors": "formats.arrays.transfer",
    "import_tensors": "formats.arrays.transfer",
    "cat": "tools.cat",
    "compact": "tools.compact",
    "convert": "tools.convert",
    "edit": "tools.edit",
    "export": "tools.export",
    "fit": "tools.fit.fit",
    "fleet": "beam.fleets",
    "import_": "tools.export",
    "inspect": "tools.file_summary",
    "latest": "tools.latest",
    "ls": "tools.ls",
    "run": "tools.recipe.pipeline",
    "prune_checkpoints": "tools.retention",
    "recover": "tools.recover",
    "report": "tools.report.report",
    "show": "tools.report.show",
    "summary": "tools.summary.summary",
    "tensorboard": "tools.tensorboard",
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
        # What `from graphsurgeon import *` brings: no verb that has the name of a builtin, such as slice.
        found: Any = [each for each in (*homes, "__version__") if not hasattr(builtins, each)]
    elif name in homes:
        found = getattr(importlib.import_module(f"{__name__}.{homes[name]}"), name)
    elif name in ("beam", "compat"):
        found = importlib.import_module(f"{__name__}.{name}")
    else:
        # With the module, tracebacks say which of its names resembles this one.
        module = sys.modules[__name__]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=module)
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


_registry.public = __getattr__


def __dir__() -> list[str]:
    """Return the public names, imported or not, and those that every module has."""
    return sorted({*_homes(), "beam", "compat", "__all__", *(name for name in globals() if name.startswith("__"))})
