"""Split a model in two at tensors: what computes them, and what is computed from them.

For: a backbone that runs once and heads that run often; a part on a device, another on a server; the features of a
network in front of another classifier.

Prerequisites: a well-formed graph. Tensors are named that all ways from its inputs to what lies behind go through;
those that are missing are told. Neither loops nor branches are cut through.

Leaves behind: the model is the front, with the cut tensors and the outputs that lie in front; the report holds the
back, a model of its own, with a Placeholder of the name of each cut tensor's node (``a`` for ``a:0``, ``a_1`` for
``a:1``). One after the other they compute what the model did, bit for bit. The outputs are those of the signatures,
else those that `inspect` guesses, unless they are named; what none of them needs is in neither half, as after `prune`.

What else it meets: each half is cut as `prune` does it. Variables and their values go where they are used, those that
both use to both; that is refused where one of the halves changes them. Each half has its own saver, collections,
functions, contexts and assets. Signatures have the outputs that lie in a half; the cut tensors are outputs in front,
and inputs behind, under the name of their node with ``_`` for ``/``. Control edges from front to back go, for the front
runs first. Object graphs of SavedModels go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.endpoints import guess_inputs, guess_outputs
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.op_families import PLACEHOLDER_OPS, RESTORE_OPS
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.ir.traversal import successors
from graphsurgeon.meta_graph.arguments import find_outputs, named_tensors
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE, initialization_dependencies, state_inputs
from graphsurgeon.meta_graph.endpoints import signature_endpoints
from graphsurgeon.meta_graph.references import tensor_names
from graphsurgeon.names import Names, node_of, node_of_input, parse_input, some_of, split_names, unique_name
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.passes.prune import PruneReport, prune
from graphsurgeon.rewrites.pruning.kept_saver import find_saver
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from graphsurgeon.rewrites.splitting.cuts import Cut, changes_state, find_cut
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.variables.layout import existing_variables
from proto_utils import schema


@dataclass(frozen=True)
class CutRow:
    """A tensor that was cut: its place in front, and the node that is fed it behind."""

    tensor: str
    input: str
    dtype: str
    shape: list[int | None] | None


@dataclass(frozen=True)
class HalfRow:
    """One of the halves."""

    half: str
    outputs: list[str]
    num_nodes: int
    num_variables: int


@dataclass(frozen=True)
class SplitReport(Displayed):
    """What `split` did.

    Attributes
    ----------
    back : Model
        What lies behind the cut; no part of the JSON.
    at : list of CutRow
    halves : list of HalfRow
    shared : list of str
        Variables, tables ... that are in both.
    notes : list of str
    """

    back: Model
    at: list[CutRow]
    halves: list[HalfRow]
    shared: list[str]
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        tables = {name: [vars(row) for row in getattr(self, name)] for name in ("at", "halves")}
        return {**tables, "shared": self.shared, "notes": self.notes}


@model_pass()
def split(model: Model, *, at: Names, outputs: Names = ()) -> SplitReport:
    """Split a model in two at tensors: what computes them, and what is computed from them.

    Parameters
    ----------
    model : Model
        Edited in place: it becomes the front, the report holds the back. No value is read.
    at : str or sequence of str
        The tensors to cut at: fc7/Relu or split:1, or outputs as a signature calls them; also several separated by
        commas.
    outputs : str or sequence of str
        The outputs of the model, nodes or outputs as a signature calls them; by default those of its signatures, else
        what is guessed.

    Raises
    ------
    NotFoundError
        There is no such tensor or output; near names are in the error.
    PassError
        The graph cannot be cut there: the reason names what would cross, or the loop, branch or state in the way.
    """
    index = Index(model.graph)
    texts = named_tensors(model, split_names(at), "outputs", "split")
    cut = find_cut(model, texts, _outputs(model, index, outputs), "split")
    if not outputs:
        _refuse_lost_updates(model, index, cut)
    shapes = ShapeInference(index, model.library.functions, {})
    infos = {text: _info(model, index, text, shapes) for text in cut.tensors}
    saving = find_saver(model, index).nodes
    back = model.copy()
    had_objects = model.meta is not None and model.meta.HasField("object_graph_def")
    for half, is_back in ((model, False), (back, True)):
        if half.meta is not None:
            half.meta.ClearField("object_graph_def")
            _cut_signatures(half.meta, infos, cut, is_back)
    _drop_waits(back, cut)
    ahead = list(dict.fromkeys([*map(node_of_input, cut.tensors), *cut.front]))
    known = tuple(_shape_text(index, text, infos[text]) for text in cut.read)
    reports = [_pruned(model, tuple(ahead)), _pruned(back, tuple(cut.back), tuple(cut.read), known)]
    rows = [_row(text, infos[text], [each.node for each in reports[1].inputs]) for text in cut.tensors]
    halves = [
        HalfRow("front", ahead, len(model.graph), len(model.variables)),
        HalfRow("back", cut.back, len(back.graph), len(back.variables)),
    ]
    notes = ["there is no object graph of half a model: TensorFlow 2 loads the signatures"] if had_objects else []
    notes += [f"nothing behind reads {text!r}" for text in cut.tensors if text not in cut.read]
    return SplitReport(back, rows, halves, cut.shared, [*notes, *_lost(reports, saving)])


def _outputs(model: Model, index: Index, names: Iterable[str]) -> list[str]:
    """Return the outputs of a model, as nodes."""
    wanted = split_names(names)
    if wanted:
        return list(dict.fromkeys(node.name for node in find_outputs(model, index.producers, wanted, "split")))
    served = [node_of(each.name) for each in signature_endpoints(model, "outputs")]
    inputs = guess_inputs(model.graph, index)
    guessed = [] if served else [node_of(each.name) for each in guess_outputs(model.graph, index, inputs)]
    return list(dict.fromkeys([*served, *guessed]))


def _refuse_lost_updates(model: Model, index: Index, cut: Cut) -> None:
    """Refuse to leave out what changes variables, unless outputs were named."""
    also, _ = initialization_dependencies(model.meta, index.producers)
    # Those of other savers too.
    restoring = successors(index, [node.name for node in model.graph if node.op in RESTORE_OPS])
    known = {name for names in also.values() for name in names} | find_saver(model, index).nodes | restoring
    known |= {each.initializer for each in existing_variables(model.graph, index)}
    lost = [
        node.name
        for node in model.graph
        if changes_state(node)
        and node.name not in cut.ahead | cut.needed | known
        and state_inputs(node.name, index.producers)
    ]
    if lost:
        reason = f"no output needs what changes variables, which neither half would have: {some_of(lost)}"
        raise PassError("split", reason, hint=f'name the outputs, and the rest goes: `outputs="{cut.back[0]}"`')


def _info(model: Model, index: Index, text: str, shapes: ShapeInference) -> schema.TensorInfo:
    name, output = parse_input(text)
    node = index.producers[name]
    types, shape = OpSignatures(model.library.functions).of(node).outputs, Shape(shapes.dims(text))
    dtype = DType.from_number(types[output]).base.number if types and output < len(types) and types[output] else 0
    return schema.TensorInfo(name=f"{name}:{output}", dtype=dtype, tensor_shape=shape.to_proto())


def _cut_signatures(meta: schema.MetaGraphDef, infos: Mapping[str, schema.TensorInfo], cut: Cut, is_back: bool) -> None:
    """Let signatures have the inputs and outputs of a half, and the cut tensors."""
    nodes, outputs = (cut.needed, cut.back) if is_back else (cut.ahead, cut.front)
    for key in sorted(set(meta.signature_def) - {INIT_SIGNATURE}):
        signature = meta.signature_def[key]
        is_cut = any(node_of(name) in cut.back for info in signature.outputs.values() for name in tensor_names(info))
        for side, kept in ((signature.inputs, nodes), (signature.outputs, outputs)):
            for name in [each for each, info in side.items() if not _is_in(info, kept)]:
                del side[name]
        for text in (cut.read if is_back else cut.tensors) if is_cut else ():
            side = signature.inputs if is_back else signature.outputs
            side[unique_name(text.replace("/", "_").replace(":", "_"), set(side))].CopyFrom(infos[text])
        if not signature.outputs:
            del meta.signature_def[key]


def _is_in(info: schema.TensorInfo, nodes: Collection[str]) -> bool:
    return all(node_of(name) in nodes for name in tensor_names(info) if name)


def _drop_waits(model: Model, cut: Cut) -> None:
    """Take out the control edges that lead across the cut."""
    edit = GraphEdit(model.graph)
    for name, gone in cut.waits.items():
        node = model.graph[name]
        edit.set_inputs(node, [text for text in node.inputs if text not in gone])
    edit.apply()


def _shape_text(index: Index, text: str, info: schema.TensorInfo) -> str:
    """Return the shape of what is fed behind, as `prune` takes it; empty for what is fed already."""
    if index.producers[parse_input(text).node].op in PLACEHOLDER_OPS:
        return ""
    dims = Shape.from_proto(info.tensor_shape).dims
    return "unknown" if dims is None else f"[{','.join('?' if dim is None else str(dim) for dim in dims)}]"


def _pruned(model: Model, outputs: Names, inputs: Names = (), shapes: Names = ()) -> PruneReport:
    try:
        return prune(model, outputs=outputs, inputs=inputs, input_shape=shapes)
    except PassError as error:
        raise PassError("split", error.reason, node=error.node, hint=error.hint, listed=error.listed) from error


def _row(text: str, info: schema.TensorInfo, inputs: Sequence[str]) -> CutRow:
    name, output = parse_input(text)
    wanted = f"{name}_{output}" if output else name
    fed = next((each for each in inputs if each == wanted or (output and each.startswith(f"{wanted}_"))), "")
    shape = Shape.from_proto(info.tensor_shape).dims
    dtype = DType.from_number(info.dtype).name if info.dtype else ""
    return CutRow(text, fed, dtype, None if shape is None else list(shape))


def _lost(reports: Sequence[PruneReport], saving: Collection[str]) -> Iterator[str]:
    """Yield what is in neither half."""
    one, other = ({row.node: row.op for row in report.removed} for report in reports)
    nodes = [name for name, op in one.items() if name in other and name not in saving and op != "NoOp"]
    if nodes:
        yield f"{len(nodes):,} nodes are in neither half, because no output needs them: {some_of(nodes)}"
    keys = [key for key in reports[0].variables if key in reports[1].variables]
    if keys:
        yield f"{len(keys):,} values are in neither half: {some_of(keys)}"
