"""The transforms by the names that the Graph Transform Tool has for them, each by our passes.

Parameters have TensorFlow's names and defaults. What a transform finds nothing to do in is left as it is, where a pass
of its own would say that there is no such op or attr.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from graphsurgeon import passes
from graphsurgeon.compat.graph_transforms.parameters import Parameters
from graphsurgeon.compat.named_nodes import still_there
from graphsurgeon.compat.strip_unused_lib import leave_between
from graphsurgeon.errors import PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import PLACEHOLDER_OPS
from graphsurgeon.names import node_of
from graphsurgeon.rewrites.editing.plain_values import not_plain
from graphsurgeon.rewrites.simplifying.handed_on import hand_on_reads
from graphsurgeon.rewrites.simplifying.protected import Protected
from proto_utils.named_tuple import NamedTuple


class OfferedTransform(NamedTuple):
    """A transform: what it does with a model, its parameters, and the pass without which it is not offered."""

    run: Callable[[Model, Parameters], None]
    parameters: str = ""
    needs: str = ""

    @property
    def is_there(self) -> bool:
        """Whether its pass is."""
        return not self.needs or self.needs in passes.names()


def _do(name: str, model: Model, given: Parameters, **options: Any) -> Any:
    """Run a pass; take its notes, and return its report."""
    report = passes.load(name)(model, **options)
    given.notes += [f"{given.name}: {note}" for note in getattr(report, "notes", ())]
    return report


def _protecting(model: Model, given: Parameters) -> dict[str, Any]:
    """Return the options of a pass that keeps inputs and outputs; inputs that an earlier transform took out are out."""
    return {"outputs": given.outputs, "inputs": still_there(model, given.inputs)}


def _strip_unused_nodes(model: Model, given: Parameters) -> None:
    types, shapes = given.pairs("name", "type_for_name"), given.pairs("name", "shape_for_name")
    if given.all("name") and not types and not shapes:
        given.refuse("name is given without type_for_name or shape_for_name")
    default_type, default_shape = given.text("type", ""), given.text("shape", "")
    told: dict[tuple[str, str], list[str]] = {}
    for text in still_there(model, given.inputs):
        node = model.graph[node_of(text)]
        # A Placeholder tells both by itself, unless it is named.
        is_own = node.op in PLACEHOLDER_OPS
        dtype = types.get(node.name, "" if is_own else default_type)
        shape = shapes.get(node.name, "" if is_own else default_shape)
        told.setdefault((dtype, shape), []).append(text)
    given.notes += [f"{given.name}: {note}" for note in leave_between(model, told, given.outputs)]


def _fold_constants(model: Model, given: Parameters) -> None:
    # Else what read a weight would be the constant, under its own name, and the weight would be gone.
    hand_on_reads(model, Protected(model, given.outputs, still_there(model, given.inputs), "transform_graph"))
    _do(
        "fold_constants", model, given, **_protecting(model, given), approximate=True, weights="fold",
        exclude_op=given.all("exclude_op"), exclude_node=given.all("exclude_node"),
        max_constant_size=given.integer("max_constant_size_in_bytes", 10 << 20),
    )  # fmt: skip
    if given.flag("clear_output_shapes", default=True):
        _without_attr(model, given, "_output_shapes", "*")
    if given.outputs:
        _do("prune", model, given, outputs=(*given.outputs, *still_there(model, given.inputs)))


def _fold_batch_norms(model: Model, given: Parameters) -> None:
    _do("fold_batch_norms", model, given, **_protecting(model, given))


def _remove_nodes(model: Model, given: Parameters) -> None:
    ops = given.all("op") or (given.text("op"),)
    max_inputs = given.integer("max_inputs", 1)
    _do("remove_nodes", model, given, op=ops, max_inputs=max_inputs, **_protecting(model, given))


def _merge_duplicate_nodes(model: Model, given: Parameters) -> None:
    _do("merge_duplicate_nodes", model, given, **_protecting(model, given))


def _remove_control_dependencies(model: Model, given: Parameters) -> None:
    _do("remove_control_dependencies", model, given)


def _remove_attribute(model: Model, given: Parameters) -> None:
    _without_attr(model, given, given.text("attribute_name"), given.text("op_name", "*"))


def _without_attr(model: Model, given: Parameters, name: str, op: str) -> None:
    if _has_attr(model, name, op):
        report = _do("remove_attribute", model, given, attribute_name=name, op_name=_ops(op))
        given.undone += [f"{given.name}: {row.node} has to have {row.attr}, and keeps it" for row in report.kept]


def _rename_attribute(model: Model, given: Parameters) -> None:
    old, new = given.text("old_attribute_name"), given.text("new_attribute_name")
    op = given.text("op_name", "*")
    if _has_attr(model, old, op):
        _do("rename_attribute", model, given, old_attribute_name=old, new_attribute_name=new, op_name=_ops(op))


def _rename_op(model: Model, given: Parameters) -> None:
    old, new = given.text("old_op_name"), given.text("new_op_name")
    if any(node.op == old for node in _all_nodes(model)):
        _do("rename_op", model, given, old_op_name=old, new_op_name=new)


def _has_attr(model: Model, name: str, op: str) -> bool:
    return any(op in ("*", node.op) and node.attr(name) is not None for node in _all_nodes(model))


def _ops(op: str) -> tuple[str, ...]:
    return () if op == "*" else (op,)


def _all_nodes(model: Model) -> Iterator[Node]:
    return (node for _, graph in model.graphs() for node in graph)


def _remove_device(model: Model, given: Parameters) -> None:
    if len(model.graph):
        _do("set_device", model, given, device="")


def _set_device(model: Model, given: Parameters) -> None:
    device, only_without = given.text("device"), given.flag("if_default", default=False)
    if not only_without:
        _do("set_device", model, given, device=device)
    elif names := _names_where(model, lambda node: not node.device):
        _do("set_device", model, given, device=device, nodes=names)


def _names_where(model: Model, is_meant: Callable[[Node], bool]) -> tuple[str, ...]:
    """Return the nodes that are meant as passes call them, in function bodies too."""
    scopes = ((f"{function}/" if function else "", graph) for function, graph in model.graphs())
    return tuple(scope + node.name for scope, graph in scopes for node in graph if is_meant(node))


def _sort_by_execution_order(model: Model, given: Parameters) -> None:
    _do("sort", model, given)


def _obfuscate_names(model: Model, given: Parameters) -> None:
    _do("obfuscate_names", model, given, **_protecting(model, given))


def _add_default_attributes(model: Model, given: Parameters) -> None:
    # Those of the oldest TensorFlow that is in use, so that all of them go on loading the graph.
    _do("add_default_attributes", model, given)


def _insert_logging(model: Model, given: Parameters) -> None:
    ops, prefixes = given.all("op"), given.all("prefix") or ("",)
    show_op, show_name = given.flag("show_op", default=False), given.flag("show_name", default=False)
    message = given.text("message", "")
    counts = {"first_n": given.integer("first_n", -1), "summarize": given.integer("summarize", 1024)}
    places: dict[str, list[str]] = {}
    outputs = set(map(node_of, given.outputs))
    for node in model.graph:
        # Nobody would read what stood behind an output.
        if node.name.startswith(prefixes) and node.op in (ops or (node.op,)) and node.name not in outputs:
            told = (f";{node.op};" if show_op else "") + (f";{node.name};" if show_name else "") + message
            places.setdefault(told, []).append(node.name)
    refused = not_plain(model, [name for names in places.values() for name in names], "insert")
    for told, names in places.items():
        _log(model, given, [name for name in names if name not in refused], {"message": told, **counts})
    given.undone += [f"{given.name}: {name} is not logged: {reason}" for name, reason in refused.items()]


def _log(model: Model, given: Parameters, names: Sequence[str], attrs: Mapping[str, Any]) -> None:
    """Log all of these nodes that can be, by halves where some cannot."""
    if not names:
        return
    try:
        _do("insert", model, given, at=names, op="Print", attr=attrs)
    except PassError as error:
        if len(names) == 1:
            given.undone.append(f"{given.name}: {names[0]} is not logged: {error.reason}")
            return
        half = len(names) // 2
        _log(model, given, names[:half], attrs)
        _log(model, given, names[half:], attrs)


def _backport_concatv2(model: Model, given: Parameters) -> None:
    del given
    for _, graph in model.graphs():
        edit = GraphEdit(graph)
        for node in list(graph.nodes_of({"ConcatV2"})):
            *values, axis = node.data_inputs
            edit.set_inputs(node, [axis, *values, *node.control_inputs])
            own = edit.edit(node)
            own.op = "Concat"
            own.attrs.pop("Tidx", None)
        edit.apply()


def _quantize_weights(model: Model, given: Parameters) -> None:
    _do("quantize_weights", model, given, minimum_size=given.integer("minimum_size", 1024))


def _round_weights(model: Model, given: Parameters) -> None:
    _do("round_weights", model, given, num_steps=given.integer("num_steps", 256))


def _flatten_atrous_conv(model: Model, given: Parameters) -> None:
    _do("flatten_atrous_conv", model, given, **_protecting(model, given))


OFFERED: Final[dict[str, OfferedTransform]] = {
    "add_default_attributes": OfferedTransform(_add_default_attributes),
    "backport_concatv2": OfferedTransform(_backport_concatv2),
    "flatten_atrous_conv": OfferedTransform(_flatten_atrous_conv),
    "fold_batch_norms": OfferedTransform(_fold_batch_norms),
    "fold_constants": OfferedTransform(
        _fold_constants, "clear_output_shapes exclude_op exclude_node max_constant_size_in_bytes"
    ),
    "fold_old_batch_norms": OfferedTransform(_fold_batch_norms),
    "insert_logging": OfferedTransform(_insert_logging, "op prefix show_op show_name message first_n summarize"),
    "merge_duplicate_nodes": OfferedTransform(_merge_duplicate_nodes),
    "obfuscate_names": OfferedTransform(_obfuscate_names),
    "quantize_weights": OfferedTransform(_quantize_weights, "minimum_size", "quantize_weights"),
    "remove_attribute": OfferedTransform(_remove_attribute, "attribute_name op_name"),
    "remove_control_dependencies": OfferedTransform(_remove_control_dependencies),
    "remove_device": OfferedTransform(_remove_device),
    "remove_nodes": OfferedTransform(_remove_nodes, "op max_inputs"),
    "rename_attribute": OfferedTransform(_rename_attribute, "old_attribute_name new_attribute_name op_name"),
    "rename_op": OfferedTransform(_rename_op, "old_op_name new_op_name"),
    "round_weights": OfferedTransform(_round_weights, "num_steps", "round_weights"),
    "set_device": OfferedTransform(_set_device, "device if_default"),
    "sort_by_execution_order": OfferedTransform(_sort_by_execution_order),
    "strip_unused_nodes": OfferedTransform(_strip_unused_nodes, "type shape name type_for_name shape_for_name"),
}

_CONVS: Final = "leave it out: the kernels of these ops give wrong results for batches of more than one image"
#: Those of the tool that are not, and what to use instead.
NOT_OFFERED: Final[dict[str, str]] = {
    "backport_tensor_array_v3": "leave it out: what the tool makes does not run; fold or remove what follows instead",
    "freeze_requantization_ranges": "leave it out: it needs the log of a run; quantize_weights needs none",
    "fuse_convolutions": "leave it out: it is in the tool's documents alone",
    "fuse_pad_and_conv": _CONVS,
    "fuse_remote_graph": "leave it out: it is for processors that run a graph by themselves",
    "fuse_resize_and_conv": _CONVS,
    "fuse_resize_pad_and_conv": _CONVS,
    "quantize_nodes": "quantize_weights makes the file as small, and computes in float32 with the accuracy of that",
    "sparsify_gather": "leave it out: it needs hash tables; quantize_weights makes embeddings smaller",
}
