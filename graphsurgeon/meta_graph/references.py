"""What names nodes from outside of the graph, and keeping it in step when nodes go.

================================ =======================================================
in the meta graph                names
================================ =======================================================
``collection_def``, node list    nodes and tensors
... ``variables`` and its kin    VariableDef: a variable, its initializer, its read
... ``cond_context`` ...         the ops inside of a branch or loop, its pivots and exits
... ``queue_runners``            a queue and the ops that fill and close it
... ``savers``                   three ops of a saver
... of any messages              the tensor of an asset file or a TensorInfo
``signature_def``                tensors; ops where a signature stands for an op to run
``asset_file_def``               the tensor that holds the path
``saver_def``                    three ops; a pass that takes variables away makes it anew
================================ =======================================================

What is no name of a node (numbers, unknown bytes) is left alone. Source: meta_graph.py
of TensorFlow and the ``from_proto`` of the classes that it imports.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any, NamedTuple

from graphsurgeon.meta_graph.collections import VARIABLE_COLLECTIONS
from graphsurgeon.names import node_of
from proto_utils import schema

_VARIABLE = ("VariableDef", "variable_name", "initializer_name", "snapshot_name", "initial_value_name")
_SAVER = ("SaverDef", "filename_tensor_name", "save_tensor_name", "restore_op_name")
_RUNNER = ("QueueRunnerDef", "queue_name", "enqueue_op_name", "close_op_name", "cancel_op_name")
#: What the bytes of a collection are, and the fields of it that name nodes.
MESSAGES = {**dict.fromkeys(VARIABLE_COLLECTIONS, _VARIABLE), "savers": _SAVER, "queue_runners": _RUNNER}
#: The collections of control-flow contexts, and what their bytes are.
CONTEXTS = {"cond_context": "CondContextDef", "while_context": "WhileContextDef"}
#: The fields of a control-flow context without whose nodes it is none.
PIVOTS = ("pred_name", "pivot_name", "pivot_for_pred_name", "pivot_for_body_name", "maximum_iterations_name")
#: The fields of a loop's context that list nodes.
ENDS = ("loop_exit_names", "loop_enter_names")

IsThere = Callable[[str], bool]


class Gone(NamedTuple):
    """An entry that was taken out.

    Attributes
    ----------
    where : str
        ``collection variables``, ``signature`` ...
    name : str
        What it named.
    part : str
        How much of the entry went; empty for all of it.
    """

    where: str
    name: str
    part: str = ""


def drop_dangling(meta: schema.MetaGraphDef, is_there: IsThere) -> list[Gone]:
    """Take out every entry of collections, signatures and assets that names a node which is not there.

    A control-flow context is cut down to what is there, and goes when its pivots are gone.
    An emptied collection goes.

    Parameters
    ----------
    meta : MetaGraphDef
        Edited. Its `saver_def` is not looked at.
    is_there : callable
        Whether there is a node of that name.
    """
    gone: list[Gone] = []
    for key in sorted(meta.collection_def):
        found = _drop_from_collection(key, meta.collection_def[key], is_there)
        gone += found
        kind = meta.collection_def[key].WhichOneof("kind")
        if found and kind is not None and not getattr(meta.collection_def[key], kind).value:
            del meta.collection_def[key]
    return gone + _drop_signatures(meta, is_there) + _drop_assets(meta, is_there)


def idle_inputs(meta: schema.MetaGraphDef, kept: Container[str], before: Container[str]) -> list[str]:
    """Return the inputs of signatures that their outputs do not need and never did.

    Parameters
    ----------
    meta : MetaGraphDef
    kept : container of str
        The nodes that are kept; signatures whose outputs are not all among them do not count.
    before : container of str
        The nodes that were needed when the graph was whole. An input among these that is
        not kept has been cut off.
    """
    found: list[str] = []
    for signature in meta.signature_def.values():
        outputs, inputs = _nodes_of(signature.outputs.values()), _nodes_of(signature.inputs.values())
        missing = [name for name in inputs if name not in kept]
        if all(name in kept for name in outputs) and not any(name in before for name in missing):
            found += missing
    return found


def _nodes_of(infos: Iterable[schema.TensorInfo]) -> list[str]:
    return [node_of(name) for info in infos for name in tensor_names(info) if name]


def _drop_from_collection(key: str, definition: schema.CollectionDef, is_there: IsThere) -> list[Gone]:
    kind = definition.WhichOneof("kind")
    if kind == "node_list":
        return _drop_names(key, definition.node_list.value, is_there)
    if kind == "any_list":
        return _drop_any(key, definition.any_list.value, is_there)
    if kind == "bytes_list" and key in CONTEXTS:
        return _narrow_contexts(key, definition.bytes_list.value, is_there)
    if kind == "bytes_list" and key in MESSAGES:
        return _drop_messages(key, definition.bytes_list.value, is_there)
    return []


def _drop_names(key: str, values: Any, is_there: IsThere) -> list[Gone]:
    left = [name for name in values if is_there(node_of(name))]
    gone = [Gone(f"collection {key}", name) for name in values if not is_there(node_of(name))]
    if gone:
        values[:] = left
    return gone


def _drop_messages(key: str, values: Any, is_there: IsThere) -> list[Gone]:
    cls, fields = getattr(schema, MESSAGES[key][0]), MESSAGES[key][1:]
    left, gone = [], []
    for value in values:
        names = _named(schema.parse(cls, value), fields)
        if all(map(is_there, names)):
            left.append(value)
        else:
            gone.append(Gone(f"collection {key}", names[0]))
    if gone:
        values[:] = left
    return gone


def _named(message: Any, fields: Iterable[str]) -> list[str]:
    """Return the nodes that fields name; they hold a name each, or a list of names."""
    values = (getattr(message, field) for field in fields)
    names = (name for value in values for name in ((value,) if isinstance(value, str) else value))
    return [node_of(name) for name in names if name]


def _narrow_contexts(key: str, values: Any, is_there: IsThere) -> list[Gone]:
    left, gone = [], []
    for value in values:
        context = schema.parse(getattr(schema, CONTEXTS[key]), value)
        keep, part = _narrow(context, is_there)
        if keep:
            left.append(schema.serialize(context) if part else value)
        if part or not keep:
            gone.append(Gone(f"collection {key}", context.context_name, part))
    if gone:
        values[:] = left
    return gone


def _narrow(context: Any, is_there: IsThere) -> tuple[bool, str]:
    """Cut a control-flow context down to what is there.

    Returns
    -------
    keep : bool
        Whether its pivots are there.
    part : str
        How much of it went.
    """
    pivots = [name for field in PIVOTS if (name := getattr(context, field, ""))]
    if not all(is_there(node_of(name)) for name in pivots):
        return False, ""
    lists = [context.values_def.values, *(getattr(context, field) for field in ENDS if hasattr(context, field))]
    total = lost = 0
    for values in lists:
        left = [name for name in values if is_there(node_of(name))]
        total, lost = total + len(values), lost + len(values) - len(left)
        if len(left) < len(values):
            values[:] = left
    external = context.values_def.external_values
    for key in [k for k, v in external.items() if not (is_there(node_of(k)) and is_there(node_of(v)))]:
        del external[key]
    lost_contexts = _narrow_nested(context, is_there)
    parts = [f"{lost} of {total} names"] if lost else []
    parts += [f"{lost_contexts} nested contexts"] if lost_contexts else []
    return True, ", ".join(parts)


def _narrow_nested(context: Any, is_there: IsThere) -> int:
    nested = context.nested_contexts
    doomed = []
    for position, wrapped in enumerate(nested):
        kind = wrapped.WhichOneof("ctxt")
        if kind is not None and not _narrow(getattr(wrapped, kind), is_there)[0]:
            doomed.append(position)
    for position in reversed(doomed):
        del nested[position]
    return len(doomed)


def _drop_any(key: str, values: Any, is_there: IsThere) -> list[Gone]:
    names = {position: name for position, value in enumerate(values) for name in _names_in_any(value)}
    doomed = [position for position, name in names.items() if not is_there(node_of(name))]
    for position in reversed(doomed):
        del values[position]
    return [Gone(f"collection {key}", names[position]) for position in doomed]


def _names_in_any(value: Any) -> list[str]:
    kind = value.type_url.rpartition("/")[2]
    if kind == "tensorflow.AssetFileDef":
        return [schema.parse(schema.AssetFileDef, value.value).tensor_info.name]
    if kind == "tensorflow.TensorInfo":
        return [name for name in tensor_names(schema.parse(schema.TensorInfo, value.value)) if name][:1]
    return []


def tensor_names(info: schema.TensorInfo) -> Sequence[str]:
    """Return the names in a TensorInfo: one, or those of a composite tensor's parts."""
    kind = info.WhichOneof("encoding")
    if kind == "coo_sparse":
        coo = info.coo_sparse
        return (coo.values_tensor_name, coo.indices_tensor_name, coo.dense_shape_tensor_name)
    if kind == "composite_tensor":
        return [name for part in info.composite_tensor.components for name in tensor_names(part)]
    return (info.name,)


def _drop_signatures(meta: schema.MetaGraphDef, is_there: IsThere) -> list[Gone]:
    doomed = []
    for key in sorted(meta.signature_def):
        signature = meta.signature_def[key]
        if not all(map(is_there, _nodes_of([*signature.inputs.values(), *signature.outputs.values()]))):
            doomed.append(key)
    for key in doomed:
        del meta.signature_def[key]
    return [Gone("signature", key) for key in doomed]


def _drop_assets(meta: schema.MetaGraphDef, is_there: IsThere) -> list[Gone]:
    assets = meta.asset_file_def
    doomed = [i for i, asset in enumerate(assets) if not is_there(node_of(asset.tensor_info.name))]
    gone = [Gone("asset", assets[position].filename) for position in doomed]
    for position in reversed(doomed):
        del assets[position]
    return gone
