"""Which nodes are control flow that is functions, which calls lead to some, and what stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from graphsurgeon.ir import ops
from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.frames import ENTER_OPS, entered
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import CALL_OPS, CASE_OPS, IF_OPS, WHILE_OPS
from graphsurgeon.ir.signatures import OpSignature
from graphsurgeon.ir.traversal import closure

#: Functional control flow, by what its attrs name functions as.
BRANCH_ATTRS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(WHILE_OPS, ("cond", "body")),
    **dict.fromkeys(IF_OPS, ("then_branch", "else_branch")),
    **dict.fromkeys(CASE_OPS, ("branches",)),
}

_KEPT_FUNCTIONS = ("_noinline", "_XlaMustCompile", "_XlaCompile")
_KEPT_NODES = ("_noinline", "_XlaMustCompile", "_XlaCompile", "_xla_compile_id", "_tpu_replicate")
#: What is stateful, and changes nothing.
_HARMLESS = frozenset({"ReadVariableOp", "VarHandleOp", "VarIsInitializedOp", "ResourceGather", "ResourceGatherNd"})


def called(node: Node, functions: Mapping[str, Function]) -> Func | None:
    """Return the function that a node calls, if it calls one and does nothing else."""
    if node.op in functions:
        return Func(node.op, dict(node.attrs))
    func = node.attrs.get("f") if node.op in CALL_OPS else None
    return func if isinstance(func, Func) else None


def branches(node: Node) -> list[Func]:
    """Return the functions of functional control flow: condition and body, or the branches."""
    found: list[Func] = []
    for key in BRANCH_ATTRS[node.op]:
        value = node.attrs.get(key)
        found += [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, Func)]
    return found


def misfit(node: Node, funcs: Sequence[Func], functions: Mapping[str, Function], signature: OpSignature) -> str | None:
    """Return what is wrong between control flow, or a call, and its functions; None when they fit."""
    inputs, outputs = len(signature.inputs or ()), len(signature.outputs or ())
    wanted = inputs - (node.op in IF_OPS or node.op in CASE_OPS)
    if not funcs or (node.op not in CASE_OPS and len(funcs) != len(BRANCH_ATTRS.get(node.op, ("f",)))):
        return "it does not name its functions"
    for place, func in enumerate(funcs):
        if func.name not in functions:
            return f"there is no function {func.name!r}"
        proto = functions[func.name].proto.signature
        results = 1 if node.op in WHILE_OPS and place == 0 else outputs
        for what, found, count in (("takes", proto.input_arg, wanted), ("gives", proto.output_arg, results)):
            if len(found) != count:
                return f"function {func.name!r} {what} {len(found)} tensors, not {count}"
    return None


def reason_to_stay(node: Node, function: Function | None = None) -> str | None:
    """Return the attr of a node, or of the function that it calls, by which it is compiled or called as a whole."""
    kept = [key for key in _KEPT_NODES if node.attrs.get(key)]
    if function is not None:
        attrs = function.proto.attr
        kept += [key for key in _KEPT_FUNCTIONS if key in attrs and attrs[key].b]
    return kept[0] if kept else None


def leading_to_control_flow(functions: Mapping[str, Function]) -> set[str]:
    """Return the functions that have functional control flow in them, or call one that has."""
    callers: dict[str, list[str]] = {}
    starts = []
    for name, function in functions.items():
        if any(node.op in BRANCH_ATTRS for node in function.body):
            starts.append(name)
        for func in _calls(function.body, functions):
            callers.setdefault(func.name, []).append(name)
    return closure(starts, lambda name: callers.get(name, ()))


def has_effects(func: Func, functions: Mapping[str, Function]) -> bool:
    """Whether a function does something beside its results: it must run an op that has state."""
    function = functions[func.name]
    for name in function.proto.control_ret.values():
        node = function.body.get(name)
        known = None if node is None else ops.facts(node.op)
        if node is not None and (known is None or (known.is_stateful and node.op not in _HARMLESS)):
            return True
    return False


def frame_names(model: Model) -> set[str]:
    """Return the names of the frames that there are in a graph and in the bodies of its functions."""
    return {entered(node).name for _, graph in model.graphs() for node in graph.nodes_of(ENTER_OPS)}


def _calls(nodes: Iterable[Node], functions: Mapping[str, Function]) -> Iterator[Func]:
    found = (called(node, functions) for node in nodes)
    return (func for func in found if func is not None)
