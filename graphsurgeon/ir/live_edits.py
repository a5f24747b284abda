"""Edits of a graph or function body that somebody holds nodes of: each is checked first, and then made in place.

Passes gather edits in a `GraphEdit`, or make these, for who runs them can undo both. An edge joins tensors of one
type, shapes that fit, and one frame of a loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.errors import GraphError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.colocation import drop_colocation, rename_colocation
from graphsurgeon.ir.live_state import state_of
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.output import Output, TensorLike, node_named, nodes_named, tensor_of
from graphsurgeon.ir.selection import nodes_like
from graphsurgeon.names import NODE_NAME, is_control, node_of_input, scope_of, some_of, spellings
from proto_utils.errors import UnsupportedError

if TYPE_CHECKING:
    from graphsurgeon.ir.graph import Graph, Nodes


def add(
    graph: Graph,
    op: str,
    inputs: TensorLike | Sequence[TensorLike | Sequence[TensorLike]],
    *,
    name: str | None,
    device: str,
    control_inputs: Nodes,
    attrs: Mapping[str, Any],
) -> Node:
    """Make a node and add it at the end."""
    from graphsurgeon.ir.constant_attrs import constant_attrs
    from graphsurgeon.ir.node_making import make_node

    given = [inputs] if isinstance(inputs, (Output, Node, str)) else inputs
    tensors = [
        _typed(graph, each) if isinstance(each, (Output, Node, str)) else [_typed(graph, one) for one in each]
        for each in given
    ]
    waits = [f"^{node.name}" for node in nodes_named(graph, control_inputs)]
    whole = _new_name(graph, "/".join([part for part in (graph._scope, name or op) if part]), is_given=name is not None)
    if op == "Const":
        attrs = constant_attrs(whole, attrs)
    node = make_node(whole, op, tensors, attrs=attrs, control_inputs=waits, device=device)
    state_of(graph).frames.require_new(graph, node)
    graph.append(node)
    return node


def written_device(device: str) -> str:
    """Return the name of a device as TensorFlow writes it into a node, or refuse what it does not take."""
    if not device:
        return ""
    from graphsurgeon.ir.device_names import device_name

    try:
        return device_name(device)
    except UnsupportedError as error:
        raise GraphError(error.reason, hint=error.hint) from None


def insert_after(
    graph: Graph,
    tensor: TensorLike,
    op: str,
    *,
    name: str | None,
    only: Nodes | None,
    except_: Nodes,
    attrs: Mapping[str, Any],
) -> Node:
    """Put a new node of one input between a tensor and those that read it."""
    read = tensor_of(graph, tensor)
    readers = None if only is None else nodes_like(graph, only)
    node = _add_behind(graph, read, op, name, attrs)
    try:
        _replace_tensor(graph, read, tensor_of(graph, node), readers, {*nodes_like(graph, except_), node})
    except GraphError:
        graph._remove(node)
        raise
    return node


def insert_before(
    graph: Graph, node: Node | str, position: int, op: str, *, name: str | None, attrs: Mapping[str, Any]
) -> Node:
    """Put a new node of one input before one input of a node."""
    reader = node_named(graph, node)
    read = graph.output_of(_data_input(reader, position))
    made = _add_behind(graph, read, op, name, attrs)
    try:
        set_input(graph, reader, position, made)
    except GraphError:
        graph._remove(made)
        raise
    return made


def remove(graph: Graph, nodes: Iterable[Nodes]) -> None:
    """Take nodes out that no other reads or waits for."""
    gone = dict.fromkeys([node for given in nodes for node in nodes_named(graph, given)])
    for node in gone:
        readers = [reader.name for reader, _ in graph.index.edges(node.name) if reader not in gone]
        if readers:
            found = some_of([repr(name) for name in dict.fromkeys(readers)], 3)
            raise GraphError(f"it is still needed by {found}", node=node.name, hint="let them read another first")
        if any(node_of_input(text) == node.name for text in _results(graph)):
            raise GraphError("the function returns it, or waits for it", node=node.name)
    for node in gone:
        for other in state_of(graph).colocated(node.name):
            if other not in gone:
                drop_colocation(other, [node.name])
    for node in gone:
        graph._remove(node)


def set_input(graph: Graph, node: Node | str, position: int, tensor: TensorLike) -> None:
    """Let one data input of a node be another tensor."""
    reader, new = node_named(graph, node), tensor_of(graph, tensor)
    old = graph.output_of(_data_input(reader, position))
    _require_type(graph, reader, position, old, new)
    inputs = [*reader.inputs]
    inputs[position] = new.text
    _rewire(graph, {reader: inputs})


def set_control_inputs(graph: Graph, node: Node | str, nodes: Nodes) -> None:
    """Let a node wait for these nodes, and no others."""
    waiting = node_named(graph, node)
    waits = dict.fromkeys([f"^{each.name}" for each in nodes_named(graph, nodes)])
    if f"^{waiting.name}" in waits:
        raise GraphError("it cannot wait for itself", node=waiting.name)
    _rewire(graph, {waiting: [*waiting.data_inputs, *waits]})


def replace_uses(graph: Graph, old: TensorLike, new: TensorLike, *, only: Nodes | None, except_: Nodes) -> int:
    """Let those who read one tensor read another, or those who wait for a node wait for another."""
    readers = None if only is None else nodes_like(graph, only)
    others = set(nodes_like(graph, except_))
    if isinstance(old, str) and isinstance(new, str) and is_control(old) and is_control(new):
        return _replace_waits(graph, node_named(graph, old[1:]), node_named(graph, new[1:]), readers, others)
    return _replace_tensor(graph, tensor_of(graph, old), tensor_of(graph, new), readers, others)


def rename(graph: Graph, node: Node | str, name: str) -> None:
    """Give a node another name, with all that names it."""
    found = node_named(graph, node)
    before = found.name
    if name == before:
        return
    _new_name(graph, name, is_given=True)
    edges = [*graph.index.edges(before)]
    colocated = state_of(graph).colocated(before)
    graph._rename(found, name)
    for reader in dict.fromkeys([reader for reader, _ in edges]):
        reader.inputs = [_renamed(text, before, name) for text in reader.inputs]
    for other in colocated:
        rename_colocation(other, {before: name})
    _set_results(graph, lambda text: _renamed(text, before, name))


def _replace_tensor(graph: Graph, old: Output, new: Output, readers: list[Node] | None, others: set[Node]) -> int:
    if old == new:
        return 0
    uses = old.uses() if readers is None else [(node, at) for node in readers for at in _positions(graph, node, old)]
    uses = [(node, position) for node, position in uses if node not in others]
    _require_fit(old, new)
    changes: dict[Node, list[str]] = {}
    for node, position in uses:
        _require_type(graph, node, position, old, new)
        changes.setdefault(node, [*node.inputs])[position] = new.text
    # What is computed from the tensor that it is to replace has to go on reading it.
    _rewire(graph, changes, "name it in except_ to leave it as it is")
    if readers is not None:
        return len(uses)
    texts = (old.text,) if graph.is_body and old.node is not None else spellings(old.text)
    return len(uses) + _set_results(graph, lambda text: new.text if text in texts else text, only_tensors=True)


def _replace_waits(graph: Graph, old: Node, new: Node, readers: list[Node] | None, others: set[Node]) -> int:
    if old is new:
        return 0
    waiting = graph.index.control_consumers(old.name)
    chosen = waiting if readers is None else [node for node in readers if f"^{old.name}" in node.inputs]
    changes = {}
    for node in chosen:
        if node not in others and node is not new:
            waits = [f"^{new.name}" if text == f"^{old.name}" else text for text in node.control_inputs]
            changes[node] = [*node.data_inputs, *dict.fromkeys(waits)]
    _rewire(graph, changes)
    return len(changes)


def _rewire(graph: Graph, changes: Mapping[Node, Sequence[str]], hint: str | None = None) -> None:
    """Give nodes other inputs, unless any would be of another frame, or the node itself."""
    for node, inputs in changes.items():
        if any(node_of_input(text) == node.name for text in inputs):
            raise GraphError("it would read itself", node=node.name, hint=hint)
    state_of(graph).frames.change(graph, changes)
    for node, inputs in changes.items():
        before = node.inputs
        differs = [position for position, text in enumerate(inputs) if before[position : position + 1] != (text,)]
        if len(differs) == 1 and len(inputs) == len(before):
            node.set_input(differs[0], inputs[differs[0]])
        elif differs or len(inputs) != len(before):
            node.inputs = inputs


def _add_behind(graph: Graph, read: Output, op: str, name: str | None, attrs: Mapping[str, Any]) -> Node:
    """Add a node that reads a tensor: on its device, and below its scope when no other is open."""
    maker = read.node
    scope = scope_of(maker.name) if maker is not None and name is None and not graph._scope else ""
    device = maker.device if maker is not None else ""
    with graph.scope(scope):
        return add(graph, op, [read], name=name, device=device, control_inputs=(), attrs=attrs)


def _typed(graph: Graph, tensor: TensorLike) -> tuple[str, Any]:
    found = tensor_of(graph, tensor)
    return found.text, found.dtype


def _new_name(graph: Graph, name: str, *, is_given: bool) -> str:
    if not is_given:
        return graph.unique_name(name)
    if re.fullmatch(NODE_NAME, name) is None:
        hint = "letters, digits and _ . - / > are allowed"
        raise GraphError(f"{name!r} is no name of a node in TensorFlow", hint=hint)
    if graph.get(name) is not None or graph.argument_dtype(name) is not None:
        raise GraphError("a node of this name is there already", node=name, hint=f"{graph.unique_name(name)!r} is free")
    return name


def _positions(graph: Graph, node: Node, tensor: Output) -> list[int]:
    """Return which inputs of a node are a tensor."""
    if graph.is_body and tensor.node is not None:
        name = tensor.node.name
        texts = [(at, text) for at, text in enumerate(node.data_inputs) if node_of_input(text) == name]
        return [at for at, text in texts if graph.output_of(text) == tensor]
    return [at for at, text in enumerate(node.inputs) if text in spellings(tensor.text)]


def _data_input(node: Node, position: int) -> str:
    inputs = node.data_inputs
    if not 0 <= position < len(inputs):
        raise GraphError(f"it has no input {position}, but {len(inputs)} of them", node=node.name)
    return inputs[position]


def _require_fit(old: Output, new: Output) -> None:
    a, b = old.shape, new.shape
    if a is not None and b is not None and not a.is_compatible_with(b):
        raise GraphError(
            f"{new.name!r} has the shape {_shape(b)}, which does not fit {_shape(a)} of {old.name!r}",
            node=None if new.node is None else new.node.name,
        )


def _require_type(graph: Graph, reader: Node, position: int, old: Output, new: Output) -> None:
    """Require that a tensor is of the type that an input is of."""
    found, before = new.dtype, old.dtype
    types = graph.signatures.of(reader).inputs
    is_ref = types is not None and position < len(types) and types[position] > 100
    if found is None:
        return
    if before is not None and found.base is not before.base:
        raise GraphError(
            f"its input {position} is {before.base.name}, and {new.name!r} is {found.base.name}",
            node=reader.name,
            hint="a Cast makes one of the other",
        )
    if is_ref and not found.is_ref:
        raise GraphError(
            f"op {reader.op} changes what its input {position} refers to, and {new.name!r} is no reference",
            node=reader.name,
        )


def _shape(shape: Shape) -> str:
    return "unknown" if shape.dims is None else f"[{', '.join('?' if dim is None else str(dim) for dim in shape.dims)}]"


def _results(graph: Graph) -> list[str]:
    """Return what the function whose body this is names of it: tensors that it returns, nodes that must have run."""
    function = graph.function_def
    return [] if function is None else [*function.ret.values(), *function.control_ret.values()]


def _set_results(graph: Graph, change: Any, *, only_tensors: bool = False) -> int:
    function = graph.function_def
    count = 0
    fields = () if function is None else (function.ret, function.control_ret)[: 1 if only_tensors else 2]
    for field in fields:
        for key, text in [*field.items()]:
            if change(text) != text:
                field[key] = change(text)
                count += 1
    graph._membership.num_edits += count
    return count


def _renamed(text: str, before: str, name: str) -> str:
    """Return an input, or a node's name, with another name for a node."""
    if node_of_input(text) != before:
        return text
    return f"^{name}" if is_control(text) else name + text[len(before) :]
