"""What a model is and holds, told from its structure: nothing here reads a payload.

Inputs and outputs are guesses, each with its reason: the signatures' where there are
any; else placeholders, and nodes that depend on them and that nothing reads.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import constant_value, stored_nbytes, variable_dtype, variable_shape
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.meta_graph.endpoints import (
    Endpoint,
    guess_inputs,
    guess_outputs,
    merge_endpoints,
    signature_endpoints,
    tensor_info,
)
from graphsurgeon.names import node_of

_CONTROL_FLOW = {
    "v1": ("Switch", "Merge", "Enter", "Exit", "NextIteration", "LoopCond", "RefSwitch", "RefMerge", "RefEnter"),
    "v2": ("If", "StatelessIf", "While", "StatelessWhile", "Case", "StatelessCase", "For"),
}


@dataclass
class Inspection:
    """What `inspect` finds; every attribute is plain data.

    Attributes
    ----------
    tensorflow_version : str or None
        What the MetaGraphDef is stamped with.
    producer, min_consumer : int
        GraphDef versions.
    nodes : int
    ops : dict of str to int
        How often each op occurs, most frequent first.
    inputs, outputs : list of Endpoint
    variables : dict
        ``count``, ``resource`` (how many of them), ``trainable`` (None without collections), ``nbytes``.
    weights : dict
        The constants: ``count``, how many are ``larger`` than one element, and the ``nbytes`` they take in the file.
    dtypes : dict of str to dict
        Constants and variables by dtype: ``count`` and ``nbytes``.
    control_flow : dict of str to dict
        Ops of ``v1`` (frames and switches) and ``v2`` (functional) control flow.
    functions : list of dict
        ``name`` and ``nodes`` of each.
    signatures : dict of str to dict
        ``method``, ``inputs`` and ``outputs`` of each.
    collections : dict of str to int
        How many entries each has.
    saver : dict or None
        The SaverDef.
    tags : list of str
    """

    tensorflow_version: str | None = None
    producer: int = 0
    min_consumer: int = 0
    nodes: int = 0
    ops: dict[str, int] = field(default_factory=dict)
    inputs: list[Endpoint] = field(default_factory=list)
    outputs: list[Endpoint] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)
    dtypes: dict[str, dict[str, int]] = field(default_factory=dict)
    control_flow: dict[str, dict[str, int]] = field(default_factory=dict)
    functions: list[dict[str, Any]] = field(default_factory=list)
    signatures: dict[str, dict[str, Any]] = field(default_factory=dict)
    collections: dict[str, int] = field(default_factory=dict)
    saver: dict[str, Any] | None = None
    tags: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return asdict(self)


def inspect(model: Model) -> Inspection:
    """Tell what a model is and holds; costs O(nodes), reads no payload.

    Returns
    -------
    Inspection
    """
    every_op = Counter(node.op for _, graph in model.graphs() for node in graph)
    found = Inspection(nodes=len(model.graph), ops=dict(Counter(n.op for n in model.graph).most_common()))
    found.producer = model.rest.versions.producer or model.rest.version
    found.min_consumer = model.rest.versions.min_consumer
    found.control_flow = {
        kind: {op: every_op[op] for op in names if every_op[op]} for kind, names in _CONTROL_FLOW.items()
    }
    found.functions = [{"name": f.name, "nodes": len(f.body)} for f in model.library.functions.values()]
    _add_meta(found, model)
    index = Index(model.graph)
    guessed = [each for each in guess_inputs(model.graph, index) if not _names_saver_file(model, each.name)]
    found.inputs = merge_endpoints(signature_endpoints(model, "inputs"), guessed)
    found.outputs = list(signature_endpoints(model, "outputs")) or guess_outputs(model.graph, index, found.inputs)
    _add_values(found, model)
    return found


def _add_meta(found: Inspection, model: Model) -> None:
    meta = model.meta
    if meta is None:
        return
    found.tensorflow_version = meta.meta_info_def.tensorflow_version or None
    found.tags = list(meta.meta_info_def.tags)
    for name in sorted(meta.collection_def):
        collection = meta.collection_def[name]
        kind = collection.WhichOneof("kind")
        found.collections[name] = len(getattr(collection, kind).value) if kind else 0
    for key in sorted(meta.signature_def):
        signature = meta.signature_def[key]
        found.signatures[key] = {
            "method": signature.method_name,
            "inputs": {name: tensor_info(signature.inputs[name]) for name in sorted(signature.inputs)},
            "outputs": {name: tensor_info(signature.outputs[name]) for name in sorted(signature.outputs)},
        }
    if meta.HasField("saver_def"):
        saver = meta.saver_def
        found.saver = {
            "filename": saver.filename_tensor_name,
            "save": saver.save_tensor_name,
            "restore": saver.restore_op_name,
            "sharded": saver.sharded,
            "version": "V2" if saver.version == 2 else "V1",
        }


def _names_saver_file(model: Model, name: str) -> bool:
    return model.meta is not None and node_of(model.meta.saver_def.filename_tensor_name) == name


def _add_values(found: Inspection, model: Model) -> None:
    """Count constants and variables, and what they weigh."""
    constants = [tensor for _, graph in model.graphs() for tensor in map(constant_value, graph) if tensor is not None]
    found.weights = {
        "count": len(constants),
        "larger": sum(tensor.size > 1 for tensor in constants),
        "nbytes": sum(stored_nbytes(tensor) for tensor in constants),
    }
    nodes = [node for node in model.graph if node.op in REF_OPS or node.op in RESOURCE_OPS]
    resource = sum(node.op in RESOURCE_OPS for node in nodes)
    sizes = [(variable_dtype(node), _variable_nbytes(node)) for node in nodes]
    found.variables = {
        "count": len(nodes),
        "resource": resource,
        "trainable": found.collections.get("trainable_variables") if model.meta is not None else None,
        "nbytes": sum(nbytes for _, nbytes in sizes),
    }
    totals: dict[str, dict[str, int]] = {}
    held = [(tensor.dtype, stored_nbytes(tensor)) for tensor in constants]
    for dtype, nbytes in [*held, *sizes]:
        total = totals.setdefault(dtype.name if dtype is not None else "unknown", {"count": 0, "nbytes": 0})
        total["count"] += 1
        total["nbytes"] += nbytes
    found.dtypes = dict(sorted(totals.items(), key=lambda item: -item[1]["nbytes"]))


def _variable_nbytes(node: Node) -> int:
    shape, dtype = variable_shape(node), variable_dtype(node)
    if shape is None or shape.dims is None or dtype is None:
        return 0
    nbytes = dtype.itemsize
    for dim in shape.dims:
        nbytes *= dim if dim is not None else 0
    return nbytes
