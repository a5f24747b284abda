"""Dilated convolutions that were written as a plain one between two rearrangements, as before there were dilations.

::

    BatchToSpaceND(Conv2D(SpaceToBatchND(x, [r, r], pads), w), [r, r], crops)    is
    Conv2D(x, w; dilations [1, r, r, 1])

Each of the r * r parts of the image goes through the convolution by itself, where neighbors are r pixels apart. Along
an axis the image is padded by ``pads``, and by what the convolution itself adds in each part, r times; ``crops`` take
away from that again. What is left has to be nothing (VALID), or what SAME is for a kernel of k elements: (k - 1) * r in
all, the smaller half before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of, node_shape
from graphsurgeon.ir.op_families import READ_OPS
from graphsurgeon.rewrites.folding.known_tensors import KnownTensors
from graphsurgeon.rewrites.folding.linear_layers import is_channels_first

#: The op that ends such a convolution.
LAST_OP: Final = "BatchToSpaceND"
_FIRST_OP: Final = "SpaceToBatchND"
_DEPTHWISE: Final = "DepthwiseConv2dNative"
_RANK: Final = 4


class NotFlattenedError(Exception):
    """A convolution stays as it is written; the text says why."""


class AtrousConvolutions:
    """Those of one graph or function body; edits are the caller's to apply.

    Attributes
    ----------
    flattened : dict of str to Node
        The convolutions that were made, by their names, which are those of the last nodes.
    kept : dict of str to str
        Last nodes behind a convolution that stay, and why.
    gone : set of str
        The convolutions that went.
    touched : dict of str to None
        Nodes that may have lost a reader.
    """

    def __init__(self, edit: GraphEdit, known: KnownTensors, protected: Collection[str]) -> None:
        self._edit = edit
        self._known = known
        self._protected = protected
        self.flattened: dict[str, Node] = {}
        self.kept: dict[str, str] = {}
        self.gone: set[str] = set()
        self.touched: dict[str, None] = {}

    def run(self) -> None:
        """Flatten all that can be."""
        for last in self._edit.graph.nodes_of({LAST_OP}):
            conv = self._edit.index.producer(last.data_inputs[0])
            if conv is None or conv.op not in ("Conv2D", _DEPTHWISE):
                continue
            first = self._edit.index.producer(conv.data_inputs[0])
            if first is None or first.op != _FIRST_OP:
                continue
            try:
                self._flatten(first, conv, last)
            except NotFlattenedError as error:
                self.kept[last.name] = str(error)

    def _flatten(self, first: Node, conv: Node, last: Node) -> None:
        self._require_own(conv, last)
        rates = self._rates(first, last, conv)
        padding = self._padding(first, conv, last, rates)
        made = conv.copy()
        made.name = last.name
        controls = dict.fromkeys([*first.control_inputs, *conv.control_inputs, *last.control_inputs])
        made.inputs = (first.data_inputs[0], *conv.data_inputs[1:], *controls)
        made.attrs["dilations"] = [rates.get(axis, 1) for axis in range(_RANK)]
        made.attrs["padding"] = padding
        for key in ("_class", "_output_shapes"):
            made.attrs.pop(key, None)
            if key in last.attrs:
                made.attrs[key] = last.attrs[key]
        self.touched.update(dict.fromkeys([first.name, *(node.name for node in self._operands(last))]))
        self._edit.replace(last.name, [made])
        self._edit.remove(conv.name)
        self.flattened[made.name] = made
        self.gone.add(conv.name)

    def _operands(self, last: Node) -> list[Node]:
        found = map(self._edit.index.producer, last.data_inputs[1:])
        return [node for node in found if node is not None]

    def _require_own(self, conv: Node, last: Node) -> None:
        """Require a plain Conv2D that only the last node reads."""
        if conv.op == _DEPTHWISE:
            # It gives other values then, and says nothing.
            raise NotFlattenedError(f"the kernel of {conv.op} takes no notice of dilations in TensorFlow 1")
        if conv.name in self._protected:
            raise NotFlattenedError(f"{conv.name!r} is an output, or named around the graph")
        if any(reader.name != last.name for reader, _ in self._edit.index.edges(conv.name)):
            raise NotFlattenedError(f"{conv.name!r} is read by others too")
        for name in ("strides", "dilations"):
            if set(attr_of(conv, name) or [1]) != {1}:
                raise NotFlattenedError(f"{conv.name!r} has {name} {attr_of(conv, name)} of its own")
        if attr_of(conv, "padding") not in (b"SAME", b"VALID"):
            raise NotFlattenedError(f"{conv.name!r} has explicit paddings of its own")

    def _rates(self, first: Node, last: Node, conv: Node) -> dict[int, int]:
        """Return how far neighbors are apart along each axis."""
        there, back = self._numbers(first, 1), self._numbers(last, 1)
        if there != back:
            raise NotFlattenedError(f"{first.name!r} takes blocks of {there}, and {last.name!r} of {back}")
        rates = {axis: rate[0] for axis, rate in enumerate(there, 1)}
        spatial = (2, 3) if is_channels_first(conv) else (1, 2)
        if any(rate != 1 and axis not in spatial for axis, rate in rates.items()):
            raise NotFlattenedError(f"{first.name!r} takes blocks of {there}, along channels too")
        return rates

    def _padding(self, first: Node, conv: Node, last: Node, rates: dict[int, int]) -> str:
        pads, crops = self._numbers(first, 2), self._numbers(last, 2)
        is_same = attr_of(conv, "padding") == b"SAME"
        spatial = (2, 3) if is_channels_first(conv) else (1, 2)
        kernel = self._kernel(conv)
        left: dict[int, tuple[int, int]] = {}
        same: dict[int, tuple[int, int]] = {}
        for axis in range(1, _RANK):
            rate = rates.get(axis, 1)
            before, after = pads[axis - 1] if axis <= len(pads) else (0, 0)
            cut = crops[axis - 1] if axis <= len(crops) else (0, 0)
            size = kernel[spatial.index(axis)] if axis in spatial else 1
            own = ((size - 1) // 2 * rate, size // 2 * rate) if is_same else (0, 0)
            left[axis] = (before + own[0] - cut[0], after + own[1] - cut[1])
            whole = (size - 1) * rate
            same[axis] = (whole // 2, whole - whole // 2)
        if not any(map(any, left.values())):
            return "VALID"
        if left != same:
            told = [list(left[axis]) for axis in spatial]
            wanted = [list(same[axis]) for axis in spatial]
            raise NotFlattenedError(f"the image is padded by {told}, which is neither VALID nor SAME, {wanted}")
        return "SAME"

    def _kernel(self, conv: Node) -> Sequence[int]:
        """Return the size of the kernel along height and width."""
        source = self._edit.index.producer(conv.data_inputs[1])
        while source is not None and source.op in READ_OPS and source.data_inputs:
            source = self._edit.index.producer(source.data_inputs[0])
        shape = None if source is None else node_shape(source)
        dims = None if shape is None else shape.dims
        sizes = [] if dims is None else [dim for dim in dims[:2] if dim is not None]
        if dims is None or len(dims) != _RANK or len(sizes) != 2:
            raise NotFlattenedError(f"the shape of the kernel of {conv.name!r} is not known")
        return sizes

    def _numbers(self, node: Node, position: int) -> list[tuple[int, ...]]:
        """Return the block, or what is padded or cropped, for each axis."""
        value = self._known.value(node.data_inputs[position])
        if value is None:
            what = ("blocks", "paddings" if node.op == _FIRST_OP else "crops")[position - 1]
            raise NotFlattenedError(
                f"the {what} of {node.name!r} are computed from a shape that is not known before it runs"
            )
        return [tuple(int(each) for each in row) for row in value.numpy().reshape(value.shape[0], -1)]
