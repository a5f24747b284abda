"""Put an op of one input between a tensor and all who read it.

For: gradients that stop (StopGradient), numbers that are checked or printed (CheckNumerics, Print), another type
(Cast), a name for a tensor (Identity), quantization in training (FakeQuantWithMinMaxArgs).

Prerequisites: the op takes one tensor, or lists beside it, and gives the type that the readers take.

Leaves behind: a node that reads the tensor, and whose first output is read by all who did, results of a function
included. It is as TensorFlow's Python makes it, without defaults that TensorFlow 1.15 does not know, on the device of
the tensor's node and in its scope. In a loop or branch it is in the frame and the context of the tensor. Outputs of
signatures and collections that name the tensor name the new one, and signatures say its type and shape. Inferred
shapes behind an op that may change them are true again, or go where nothing is known. What is fed is still fed, and
variables keep their reads.

What else it meets: a variable's reference and the handle of a resource are declined, for what gives the variable
values reads them too; so is the way by which a loop goes round. Gradients that are in the graph already stay as they
are. An object graph of TensorFlow 2 whose functions would go on computing what they did goes; one stays when the edit
is in function bodies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import SAME_SHAPE_OPS
from graphsurgeon.ir.ops import facts
from graphsurgeon.ir.versions import drop_later_defaults
from graphsurgeon.meta_graph.readers import FollowedRow
from graphsurgeon.names import Names, scope_of, some_of, split_names
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.editing.chosen_nodes import ChosenTensor
from graphsurgeon.rewrites.editing.pairs import parse_pairs
from graphsurgeon.rewrites.editing.plain_values import require_plain
from graphsurgeon.rewrites.editing.rewiring import Rewiring, as_refusal


@dataclass(frozen=True)
class InsertedRow:
    """A node that was made, the tensor that it reads, and how many inputs read it."""

    node: str
    op: str
    at: str
    readers: int


@dataclass(frozen=True)
class InsertReport(Displayed):
    """What `insert` did: the nodes that were made, and what followed them around the graph."""

    inserted: list[InsertedRow]
    followed: list[FollowedRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@model_pass(obeys=True)
def insert(
    model: Model,
    *,
    at: Names,
    op: str,
    name: str = "",
    attr: Names | Mapping[str, Any] = (),
) -> InsertReport:
    """Put an op of one input between a tensor and all who read it.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    at : str or sequence of str
        Tensors, each of which gets a node behind it: fc1, split:1, or an output as a signature calls it; in a function
        body FUNCTION/node.
    op : str
        StopGradient, Identity, CheckNumerics, Print, Cast ...
    name : str
        The name of the node; by default that of the op, in the scope of the tensor's node.
    attr : str or sequence of str, or mapping of str to value
        Attrs that the tensor does not tell, as in message=loss, DstT=float16.

    Raises
    ------
    NotFoundError
        There is no such tensor, or no such op.
    PassError
        The op takes more than one tensor or gives another type than readers take; the tensor is a reference or handle.
    """
    texts, attrs = split_names(at), parse_pairs(attr, "attr", "insert")
    if not texts:
        raise PassError("insert", "no tensor is named", hint='such as `at="fc1"`', is_usage=True)
    if name and len(texts) > 1:
        raise PassError("insert", f"{name!r} cannot be the name of {len(texts)} nodes", is_usage=True)
    rewiring = Rewiring(model, "insert")
    rows = []
    for text in texts:
        at_tensor = rewiring.tensor(text)
        require_plain(at_tensor, "insert")
        made = _make(at_tensor, op, name, attrs)
        rewiring.join(made, at_tensor)
        same_shape = op in SAME_SHAPE_OPS
        count = rewiring.replace(at_tensor, made.outputs[0], except_=[made], same_shape=same_shape)
        function = "" if at_tensor.function is None else f"{at_tensor.function}/"
        rows.append(InsertedRow(function + made.name, op, at_tensor.name, count))
    return InsertReport(rows, rewiring.finish(), rewiring.notes)


def _make(at: ChosenTensor, op: str, name: str, attrs: Mapping[str, Any]) -> Node:
    known = facts(op)
    more = () if known is None else known.inputs[1:]
    if known is not None and (not known.inputs or any(not (arg.is_list or arg.number) for arg in more)):
        names = ", ".join(arg.name for arg in known.inputs)
        takes = f"takes {len(known.inputs)} inputs ({names})" if names else "takes no input"
        raise PassError("insert", f"op {op} {takes}, not one", is_usage=True)
    tensor, node = at.tensor, at.tensor.node
    # Lists beside the input are of what is told along with it, as those of Print.
    is_list = known is not None and (known.inputs[0].is_list or bool(known.inputs[0].number))
    inputs: list[Any] = [[tensor] if is_list else tensor, *([tensor] for _ in more)]
    scope = "" if node is None or name else scope_of(node.name)
    with as_refusal("insert", at.function), at.graph.scope(scope):
        made = at.graph.add(op, inputs, name=name or None, device="" if node is None else node.device, **attrs)
    drop_later_defaults(made)
    outputs = made.outputs
    if not outputs:
        raise PassError("insert", f"op {op} gives no tensor that could be read", node=at.name)
    before, now = tensor.dtype, outputs[0].dtype
    readers = [reader.name for reader in tensor.consumers() if reader is not made]
    if before is not None and now is not None and before.base is not now.base and readers:
        reason = f"op {op} makes {now.base} of {before.base}, which {some_of([*map(repr, readers)])} would not take"
        raise PassError("insert", reason, node=at.name)
    return made
