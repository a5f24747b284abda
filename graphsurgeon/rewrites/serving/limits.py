"""What of a model a ``.meta`` with a checkpoint, or a GraphDef, cannot hold; without what makes a model servable."""

from __future__ import annotations

from graphsurgeon.ir.model import Model
from graphsurgeon.ir.op_families import V1_RESTORE_OPS
from graphsurgeon.names import some_of
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY


def may_need_saver(model: Model) -> bool:
    """Return whether the saver of a model's graph may be one that reads only V1 checkpoints, or not all variables."""
    has_saver = model.meta is not None and bool(model.meta.saver_def.restore_op_name)
    return has_saver and (OBJECT_GRAPH_KEY in model.variables or not V1_RESTORE_OPS.isdisjoint(model.graph.ops))


def limits_of_checkpoint(model: Model) -> list[str]:
    """Return what of a model a ``.meta`` with a checkpoint cannot hold, a sentence each."""
    notes = []
    files = (
        [] if model.saved_model is None else [name for name in model.saved_model.files if name.startswith("assets/")]
    )
    if files:
        some = some_of([*map(repr, files)], 1)
        notes.append(f"a checkpoint has no assets: {some} stays behind, tables that read it need its path")
    if model.meta is not None and model.meta.HasField("object_graph_def"):
        notes.append(
            "this is an object-based model of TensorFlow 2, whose keys (layer/kernel/.ATTRIBUTES/VARIABLE_VALUE) stay "
            "as they are: tf.train.Checkpoint reads them by its objects; import_meta_graph restores them by the "
            "graph's own saver, but lists no variables to train"
        )
    return notes


def limits_of_graph_def(model: Model) -> list[str]:
    """Return what of a model a GraphDef cannot hold."""
    if model.meta is None or not model.meta.signature_def:
        return []
    from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE

    signatures = sorted({*model.meta.signature_def} - {INIT_SIGNATURE})
    return [f"a GraphDef has no signatures: dropped {', '.join(signatures)}"] if signatures else []
