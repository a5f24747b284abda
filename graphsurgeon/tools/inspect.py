"""A summary of a model, from its structure: nothing here reads a payload.

Inputs and outputs are guesses, each with its reason: the signatures' where there are
any; else placeholders, and nodes that depend on them and that nothing reads.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from graphsurgeon.display import Displayed
from graphsurgeon.ir.endpoints import Endpoint, guess_inputs, guess_outputs
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import constant_value, stored_nbytes, variable_dtype, variable_shape
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.meta_graph.assets import asset_files
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE, InitOps, init_ops
from graphsurgeon.meta_graph.endpoints import SignatureTensor, merge_endpoints, signature_endpoints
from graphsurgeon.meta_graph.oldest import OldestTensorFlow, oldest_tensorflow
from graphsurgeon.names import node_of
from graphsurgeon.rewrites.shaping.node_shapes import NodeShapes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tools.main_path import PathStage, main_path
from graphsurgeon.tools.recipe.record import read_records
from proto_utils import schema
from proto_utils.errors import CorruptionError

_CONTROL_FLOW = {
    "v1": ("Switch", "Merge", "Enter", "Exit", "NextIteration", "LoopCond", "RefSwitch", "RefMerge", "RefEnter",
           "_SwitchN"),
    "v2": ("If", "StatelessIf", "While", "StatelessWhile", "Case", "StatelessCase", "For"),
}  # fmt: skip


@dataclass(frozen=True)
class Total:
    """How many there are, and their bytes."""

    count: int = 0
    nbytes: int = 0


@dataclass(frozen=True)
class VariableTotal:
    """The variables: how many, as resources, trainable (None without a MetaGraphDef or collection), and their bytes."""

    count: int
    resource: int
    trainable: int | None
    nbytes: int


@dataclass(frozen=True)
class ConstantTotal:
    """The constants: how many, those larger than one element, and the bytes they take in the file."""

    count: int
    larger: int
    nbytes: int


@dataclass(frozen=True)
class FunctionSize:
    """A function of the library, and the number of its nodes."""

    name: str
    nodes: int


@dataclass(frozen=True)
class SignatureShape:
    """A signature: what it is for, and its inputs and outputs by argument."""

    method: str
    inputs: dict[str, SignatureTensor]
    outputs: dict[str, SignatureTensor]


@dataclass(frozen=True)
class SaverNames:
    """A SaverDef: the tensors and the op that a session feeds, fetches and runs, and its checkpoint format."""

    filename: str
    save: str
    restore: str
    sharded: bool
    version: str


@dataclass(frozen=True)
class Inspection(Displayed):
    """What `inspect_model` finds; every attribute is plain data.

    The MetaGraphDef is stamped with `tensorflow_version`; `producer` and `min_consumer` are GraphDef versions. `ops`
    have the most frequent first, `dtypes`, of constants and variables, the one with most bytes. `control_flow` counts
    ops of ``v1`` (frames and switches) and ``v2`` (functional), `collections` entries. `init_ops` are those that are
    run once, each with the variables, tables ... that it sets up. `oldest_tensorflow` is the oldest one that loads it,
    with the reasons. `main_path` has the ops on the longest way from an input to an output, empty where shapes are not
    inferred. `records` tell what runs that left one did, see `recipe.record`.
    """

    tensorflow_version: str | None
    producer: int
    min_consumer: int
    nodes: int
    ops: dict[str, int]
    inputs: list[Endpoint]
    outputs: list[Endpoint]
    main_path: list[PathStage]
    variables: VariableTotal
    weights: ConstantTotal
    dtypes: dict[str, Total]
    control_flow: dict[str, dict[str, int]]
    functions: list[FunctionSize]
    signatures: dict[str, SignatureShape]
    init_ops: dict[str, list[str]]
    collections: dict[str, int]
    saver: SaverNames | None
    tags: list[str]
    oldest_tensorflow: OldestTensorFlow
    records: list[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return asdict(self)


def inspect_model(model: Model, *, infer: bool | None = None, shapes: NodeShapes | None = None) -> Inspection:
    """Summarize a model; costs O(nodes), reads no payload. `infer` as for `NodeShapes`, or `shapes` are known."""
    every_op = Counter(node.op for _, graph in model.graphs() for node in graph)
    meta = schema.MetaGraphDef() if model.meta is None else model.meta
    index = Index(model.graph)
    shapes = NodeShapes(model, infer=infer, index=index, keep_bodies=True) if shapes is None else shapes
    inputs, outputs = _shaped_endpoints(model, index, shapes)
    constants = [tensor for _, graph in model.graphs() for tensor in map(constant_value, graph) if tensor is not None]
    variables = model.graph.nodes_of(REF_OPS | RESOURCE_OPS)
    collections = {name: _num_items(meta.collection_def[name]) for name in sorted(meta.collection_def)}
    held = [(tensor.dtype, stored_nbytes(tensor)) for tensor in constants]
    sizes = [(variable_dtype(node), _variable_nbytes(node)) for node in variables]
    return Inspection(
        tensorflow_version=meta.meta_info_def.tensorflow_version or None,
        producer=model.rest.versions.producer or model.rest.version,
        min_consumer=model.rest.versions.min_consumer,
        nodes=len(model.graph),
        ops=dict(Counter(node.op for node in model.graph).most_common()),
        inputs=inputs,
        outputs=outputs,
        main_path=_main_path(shapes, inputs, outputs),
        variables=VariableTotal(
            len(variables),
            sum(node.op in RESOURCE_OPS for node in variables),
            collections.get("trainable_variables"),
            sum(nbytes for _, nbytes in sizes),
        ),
        weights=ConstantTotal(
            len(constants), sum(tensor.size > 1 for tensor in constants), sum(nbytes for _, nbytes in held)
        ),
        dtypes=_by_dtype([*held, *sizes]),
        control_flow={kind: {op: every_op[op] for op in ops if every_op[op]} for kind, ops in _CONTROL_FLOW.items()},
        functions=[FunctionSize(each.name, len(each.body)) for each in model.library.functions.values()],
        signatures={
            key: _signature(meta.signature_def[key]) for key in sorted({*meta.signature_def} - {INIT_SIGNATURE})
        },
        init_ops=_init_ops(model),
        collections=collections,
        saver=_saver(meta.saver_def) if meta.HasField("saver_def") else None,
        tags=list(meta.meta_info_def.tags),
        oldest_tensorflow=oldest_tensorflow(model),
        records=_records(model),
    )


def _main_path(shapes: NodeShapes, inputs: Sequence[Endpoint], outputs: Sequence[Endpoint]) -> list[PathStage]:
    if shapes.inference is None:
        return []
    return main_path(shapes.inference, [each.name for each in inputs], [each.name for each in outputs])


def _records(model: Model) -> list[dict[str, Any]]:
    """Return what runs noted; of a damaged note, that it is."""
    try:
        return read_records(model)
    except CorruptionError as error:
        return [{"damaged": error.reason}]


def stated_endpoints(model: Model, index: Index) -> tuple[list[Endpoint], list[Endpoint]]:
    """Return the inputs and outputs of a model, those of its signatures, else guesses, with shapes as attrs have them.

    `index` is of its graph.
    """
    names = _file_names(model)
    guessed = [each for each in guess_inputs(model.graph, index) if each.name not in names]
    inputs = merge_endpoints(signature_endpoints(model, "inputs"), guessed)
    return inputs, list(signature_endpoints(model, "outputs")) or guess_outputs(model.graph, index, inputs)


def endpoints_of(model: Model, infer: bool | None = None) -> tuple[list[Endpoint], list[Endpoint]]:
    """Return the inputs and outputs of a model: those of its signatures, else guesses."""
    index = Index(model.graph)
    return _shaped_endpoints(model, index, NodeShapes(model, infer=infer, index=index))


def _shaped_endpoints(model: Model, index: Index, shapes: NodeShapes) -> tuple[list[Endpoint], list[Endpoint]]:
    inputs, outputs = stated_endpoints(model, index)
    stated = list(signature_endpoints(model, "inputs")), list(signature_endpoints(model, "outputs"))
    signed = {each.name for side in stated for each in side}
    found = [[_with_shape(each, model, shapes, each.name in signed) for each in side] for side in (inputs, outputs)]
    return found[0], found[1]


def _with_shape(endpoint: Endpoint, model: Model, shapes: NodeShapes, is_signed: bool) -> Endpoint:
    """Return an endpoint with the shape of its tensor, unless a signature says as much."""
    name, _, output = endpoint.name.partition(":")
    node = model.graph.get(name)
    if node is None or (is_signed and endpoint.shape is not None and None not in endpoint.shape):
        return endpoint
    dims = shapes.dims(node, int(output or 0))
    return endpoint if dims is None and is_signed else replace(endpoint, shape=dims)


def _file_names(model: Model) -> set[str]:
    """Return the nodes to which loaders feed the names of files: of the checkpoint, of assets."""
    meta = model.meta
    if meta is None:
        return set()
    return {node_of(meta.saver_def.filename_tensor_name), *asset_files(meta)}


def _init_ops(model: Model) -> dict[str, list[str]]:
    if model.meta is None:
        return {}
    producers = {node.name: node for node in model.graph}
    names = [name for name in init_ops(model.meta) if name in producers]
    return {name: sorted(InitOps([name], producers).initializers) for name in names}


def _num_items(collection: Any) -> int:
    kind = collection.WhichOneof("kind")
    return len(getattr(collection, kind).value) if kind else 0


def _signature(signature: Any) -> SignatureShape:
    sides = (signature.inputs, signature.outputs)
    return SignatureShape(
        signature.method_name, *({name: SignatureTensor.of(side[name]) for name in sorted(side)} for side in sides)
    )


def _saver(saver: Any) -> SaverNames:
    version = "V2" if saver.version == 2 else "V1"
    return SaverNames(saver.filename_tensor_name, saver.save_tensor_name, saver.restore_op_name, saver.sharded, version)


def _by_dtype(sizes: Iterable[tuple[DType | None, int]]) -> dict[str, Total]:
    totals: dict[str, Total] = {}
    for dtype, nbytes in sizes:
        name = dtype.name if dtype is not None else "unknown"
        total = totals.get(name, Total())
        totals[name] = Total(total.count + 1, total.nbytes + nbytes)
    return dict(sorted(totals.items(), key=lambda item: -item[1].nbytes))


def _variable_nbytes(node: Node) -> int:
    shape, dtype = variable_shape(node), variable_dtype(node)
    if shape is None or shape.dims is None or dtype is None:
        return 0
    return dtype.itemsize * math.prod(dim or 0 for dim in shape.dims)
