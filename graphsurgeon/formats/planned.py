"""The files that saving would write, told without writing any: what a dry run lists."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graphsurgeon.formats import state_file
from graphsurgeon.formats.bundle_writer import plan_bundle
from graphsurgeon.formats.kinds import OutputKind
from graphsurgeon.formats.save import other_latest
from graphsurgeon.tensors.tensor import Tensor

if TYPE_CHECKING:
    from graphsurgeon.ir.model import Model


def planned_outputs(model: Model, path: str, kind: OutputKind, *, update_state: bool = True, **how: Any) -> list[str]:
    """Return the files that `graphsurgeon.formats.save.save` of a model would write, in order.

    `how` are options of a checkpoint's data files. Errors are those of saving, as far as they come before any byte.
    """
    if kind == "saved_model":
        from graphsurgeon.formats.saved_model_writer import plan_saved_model

        return plan_saved_model(model, path)
    if kind != "checkpoint":
        return [path]
    has_graph = model.meta is not None or len(model.graph) > 0
    return planned_checkpoint(model.variables, path, has_graph=has_graph, update_state=update_state, **how)


def planned_checkpoint(
    tensors: Mapping[str, Tensor], prefix: str, *, has_graph: bool = False, update_state: bool = True, **how: Any
) -> list[str]:
    """Return the files of a checkpoint: data files, index, ``.meta``, and the state file when it changes."""
    paths = plan_bundle(prefix, tensors, **how)
    paths += [f"{prefix}.meta"] if has_graph else []
    if update_state or other_latest(prefix) is None:
        paths.append(os.path.join(os.path.dirname(prefix), state_file.FILE_NAME))
    return paths
