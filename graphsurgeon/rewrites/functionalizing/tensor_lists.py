"""TensorArrays become TensorLists: values instead of a resource, so that loops that are functions differentiate.

A TensorArray is a resource, and its flow a scalar that orders what is done to it; a TensorList is a value that stands
where the flow stood, and every write makes another one:

=========================== =====================================================
TensorArray                 TensorList
=========================== =====================================================
TensorArrayV3               TensorListReserve
TensorArrayWriteV3          TensorListSetItem
TensorArrayReadV3           TensorListGetItem
TensorArrayGatherV3         TensorListGather
TensorArrayScatterV3        TensorListScatterIntoExistingList
TensorArrayConcatV3         TensorListConcatV2
TensorArraySplitV3          TensorListSplit
TensorArraySizeV3           TensorListLength
TensorArrayCloseV3          NoOp
=========================== =====================================================

Nodes keep their names, and outputs their numbers. What hands a flow on (Enter, Merge, Switch, Exit, NextIteration,
Identity) hands on a list; what hands on handles goes. The shape of elements is the array's own; one that grows
(``dynamic_size``) goes on growing. That a second read of an element is an error (``clear_after_read``) is not kept, and
an element that was never written is zeros where its shape is known, as before.

Source: ``_GraphTensorArrayV2`` of TensorFlow's ``python/ops/tensor_array_ops.py``, which says what does for what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.names import node_of_input, unique_name
from graphsurgeon.rewrites.functionalizing.declined import declined
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor

_ARRAYS = frozenset({"TensorArrayV2", "TensorArrayV3"})
_HANDED_ON = frozenset({"Identity", "Enter", "Exit", "Switch", "Merge", "NextIteration", "StopGradient"})
_GRADIENTS = "TensorArrayGrad"


def tensor_arrays_of(graph: Graph) -> list[Node]:
    """Return the nodes that make TensorArrays; one of a gradient, or of the oldest kind, is a PassError."""
    for node in graph:
        if node.op.startswith(_GRADIENTS):
            raise declined("it is of a gradient, which TensorFlow makes anew", node.name)
        if node.op == "TensorArray":
            raise declined("a TensorArray of the first version has no flow to follow", node.name)
    return [node for node in graph if node.op in _ARRAYS]


def to_tensor_lists(graph: Graph) -> list[str]:
    """Exchange all TensorArrays of a graph for TensorLists; return their nodes.

    What uses one in a way that lists have not is a PassError, and the graph as it was. Costs O(nodes + edges).
    """
    arrays = tensor_arrays_of(graph)
    if arrays:
        lists = _Lists(graph)
        for array in arrays:
            lists.follow(array)
        lists.check_uses()
        lists.convert()
    return [array.name for array in arrays]


class _Lists:
    """The TensorArrays of a graph, with all that is done to them."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._edit = GraphEdit(graph)
        self._index = graph.index
        self._taken = {node.name for node in graph}
        self._array: dict[str, Node] = {}  # of a node that does something to it
        self._uses: dict[str, Node] = {}
        self._handles: dict[str, Node] = {}  # what hands handles on, which goes
        self._flows: dict[str, Node] = {}  # what hands flows on

    def follow(self, array: Node) -> None:
        """Find what is done to an array, by its handle."""
        self._array[array.name] = array
        self._uses[array.name] = array
        pending = [array.name]
        while pending:
            for node, position in self._index.tensor_consumers(pending.pop()):
                if (node.op in _HANDED_ON and position == 0) or node.op == "Merge":
                    if self._array.setdefault(node.name, array) is not array:
                        raise declined(f"it hands on {array.name!r} and another TensorArray", node.name)
                    if node.name not in self._handles:
                        self._handles[node.name] = node
                        pending += _outputs(node)
                elif position == 0 and _kind(node) in _CONVERTED:
                    if self._array.setdefault(node.name, array) is not array:
                        raise declined(f"it works on {array.name!r} and another TensorArray", node.name)
                    self._uses[node.name] = node
                else:
                    raise declined(f"{node.op} takes TensorArray {array.name!r}", node.name)

    def check_uses(self) -> None:
        """Require that flows come from these arrays and go nowhere else."""
        pending = [f"{name}:1" if _kind(node) == "" else name for name, node in self._uses.items() if _makes_list(node)]
        known, reached = set(pending), set[str]()
        while pending:
            text = pending.pop()
            for node, position in self._index.tensor_consumers(text):
                if node.name in self._uses and position == len(node.data_inputs) - 1:
                    reached.add(node.name)
                elif node.op in _HANDED_ON and (position == 0 or node.op == "Merge"):
                    self._flows[node.name] = node
                    new = [each for each in _outputs(node) if each not in known]
                    known.update(new)
                    pending += new
                else:
                    raise declined(f"{node.op} takes {text!r}, the flow of a TensorArray", node.name)
        for name, node in self._uses.items():
            if _kind(node) not in ("", "Close") and name not in reached:
                raise declined(f"its flow {node.data_inputs[-1]!r} is of no TensorArray", name)
        mixed = sorted(self._flows.keys() & self._handles.keys())
        for name in mixed:
            raise declined("it hands on a handle and a flow of TensorArrays", name)

    def convert(self) -> None:
        """Put the lists in the place of the arrays."""
        for name, node in self._uses.items():
            if _kind(node) == "":
                self._edit.redirect(f"{name}:1", name)
        for node in self._flows.values():
            self._edit.edit(node).attrs["T"] = dtypes.VARIANT
        for node in self._uses.values():
            own = self._edit.current(node)
            self._edit.replace(node.name, _CONVERTED[_kind(node)](self, own))
        for name in self._handles:
            self._edit.remove(name)
        gone = {f"^{name}" for name in self._handles}
        for node in self._edit.nodes():
            if not gone.isdisjoint(node.inputs):
                self._edit.set_inputs(node, [text for text in node.inputs if text not in gone])
        self._edit.apply()

    # What each op becomes: nodes, the one that has its name first.

    def reserve(self, node: Node) -> list[Node]:
        """Make an empty list."""
        shape = self._shape(node, self._element_shape(node), node.data_inputs[0])
        attrs = {"element_dtype": node.attrs["dtype"], "shape_type": dtypes.INT32}
        return [self._made(node, "TensorListReserve", [shape.name, node.data_inputs[0]], attrs), shape]

    def write(self, node: Node) -> list[Node]:
        """Set an element."""
        _, index, value, flow = node.data_inputs
        attrs: dict[str, Any] = {"element_dtype": node.attrs["T"]}
        if self._array[node.name].attrs.get("dynamic_size"):
            attrs["resize_if_index_out_of_bounds"] = True
        return [self._made(node, "TensorListSetItem", [flow, index, value], attrs)]

    def read(self, node: Node) -> list[Node]:
        """Get an element."""
        _, index, flow = node.data_inputs
        return self._shaped(node, "TensorListGetItem", [flow, index])

    def gather(self, node: Node) -> list[Node]:
        """Stack elements."""
        _, indices, flow = node.data_inputs
        return self._shaped(node, "TensorListGather", [flow, indices], node.attrs.get("element_shape"))

    def scatter(self, node: Node) -> list[Node]:
        """Set many elements."""
        _, indices, value, flow = node.data_inputs
        attrs = {"element_dtype": node.attrs["T"]}
        return [self._made(node, "TensorListScatterIntoExistingList", [flow, value, indices], attrs)]

    def concat(self, node: Node) -> list[Node]:
        """Concatenate elements, of which the first dimension may differ."""
        rest = node.attrs.get("element_shape_except0")
        known = Shape(None if rest is None or rest.dims is None else [None, *rest.dims])
        flow = node.data_inputs[1]
        shape = self._shape(node, known, flow)
        dims = self._constant(node, "leading_dims", _integers([], dtypes.INT64), flow)
        attrs = {"element_dtype": node.attrs["dtype"], "shape_type": dtypes.INT32}
        return [self._made(node, "TensorListConcatV2", [flow, shape.name, dims.name], attrs), shape, dims]

    def split(self, node: Node) -> list[Node]:
        """Make a list of a tensor's parts."""
        _, value, lengths, _ = node.data_inputs
        shape = self._shape(node, self._element_shape(self._array[node.name]), value)
        attrs = {"element_dtype": node.attrs["T"], "shape_type": dtypes.INT32}
        return [self._made(node, "TensorListSplit", [value, shape.name, lengths], attrs), shape]

    def size(self, node: Node) -> list[Node]:
        """Count the elements."""
        return [self._made(node, "TensorListLength", [node.data_inputs[-1]], {})]

    def close(self, node: Node) -> list[Node]:
        """Do nothing, but when it is time for it."""
        where = self._handles.get(node_of_input(node.data_inputs[0]))
        return [self._made(node, "NoOp", [] if where is not None else [f"^{node_of_input(node.data_inputs[0])}"], {})]

    def _shaped(self, node: Node, op: str, inputs: list[str], also: Shape | None = None) -> list[Node]:
        known = self._element_shape(self._array[node.name])
        known = also if known.dims is None and also is not None else known
        shape = self._shape(node, known, inputs[1])
        attrs = {"element_dtype": node.attrs["dtype"]}
        return [self._made(node, op, [*inputs, shape.name], attrs), shape]

    def _element_shape(self, array: Node) -> Shape:
        shape = array.attrs.get("element_shape")
        return shape if isinstance(shape, Shape) else Shape(None)

    def _shape(self, node: Node, shape: Shape, beside: str) -> Node:
        """Make the constant that says the shape of elements: -1 for what is not known."""
        dims: Any = -1 if shape.dims is None else [-1 if size is None else size for size in shape.dims]
        return self._constant(node, "element_shape", _integers(dims), beside)

    def _constant(self, node: Node, word: str, value: Tensor, beside: str) -> Node:
        """Make a constant that is in the loop or branch where a tensor is."""
        name = unique_name(f"{node.name}/{word}", self._taken)
        self._taken.add(name)
        attrs = {"dtype": value.dtype, "value": value}
        return Node.new(name, "Const", [f"^{node_of_input(beside)}"], device=node.device, attrs=attrs)

    def _made(self, node: Node, op: str, inputs: list[str], attrs: dict[str, Any]) -> Node:
        controls = [text for text in node.control_inputs if text[1:] not in self._handles]
        return Node.new(node.name, op, [*inputs, *controls], device=node.device, attrs=attrs)


def _integers(value: Any, dtype: DType = dtypes.INT32) -> Tensor:
    import numpy as np

    return as_tensor(np.array(value, dtype.numpy()))


def _kind(node: Node) -> str | None:
    """Return what a node does to a TensorArray: ``Write``, ``Read``, empty for making one; None for other nodes."""
    if not node.op.startswith("TensorArray") or node.op[-2:] not in ("V2", "V3"):
        return None
    return node.op[len("TensorArray") : -2]


def _makes_list(node: Node) -> bool:
    return _kind(node) in ("", "Write", "Scatter", "Split")


def _outputs(node: Node) -> Iterable[str]:
    return [node.name, f"{node.name}:1"] if node.op == "Switch" else [node.name]


_CONVERTED: dict[str | None, Callable[[_Lists, Node], list[Node]]] = {
    "": _Lists.reserve,
    "Write": _Lists.write,
    "Read": _Lists.read,
    "Gather": _Lists.gather,
    "Scatter": _Lists.scatter,
    "Concat": _Lists.concat,
    "Split": _Lists.split,
    "Size": _Lists.size,
    "Close": _Lists.close,
}
