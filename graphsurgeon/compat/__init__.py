"""Drop-ins for TensorFlow's own functions, under its module and parameter names.

They take TensorFlow's messages and give back messages of the same kind, raise what
TensorFlow raises, and need no TensorFlow. New code is better off with the passes, which
also keep what surrounds a graph in step.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphsurgeon.compat import checkpoint as checkpoint
    from graphsurgeon.compat import convert_to_constants as convert_to_constants
    from graphsurgeon.compat import dtypes as dtypes
    from graphsurgeon.compat import errors as errors
    from graphsurgeon.compat import freeze_graph as freeze_graph
    from graphsurgeon.compat import graph_editor as graph_editor
    from graphsurgeon.compat import graph_transforms as graph_transforms
    from graphsurgeon.compat import graph_util as graph_util
    from graphsurgeon.compat import inspect_checkpoint as inspect_checkpoint
    from graphsurgeon.compat import local_path as local_path
    from graphsurgeon.compat import named_nodes as named_nodes
    from graphsurgeon.compat import nvidia as nvidia
    from graphsurgeon.compat import optimize_for_inference_lib as optimize_for_inference_lib
    from graphsurgeon.compat import strip_unused_lib as strip_unused_lib


def __getattr__(name: str) -> Any:
    """Import a module when it is asked for: ``gs.compat.freeze_graph``."""
    if name not in _modules():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    """Return the modules, imported or not, and the names that every module has."""
    return sorted({*_modules(), *(name for name in globals() if name.startswith("__"))})


def _modules() -> list[str]:
    stems = (os.path.splitext(name) for name in os.listdir(os.path.dirname(__file__)))
    return [stem for stem, suffix in stems if suffix in ("", ".py") and not stem.startswith("_")]
