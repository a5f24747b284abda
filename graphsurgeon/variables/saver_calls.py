"""The ops of a model that save and restore, and the lists that they are given.

An op that saves or restores takes a list of names and, since partitioned variables, one
of slices; a list of types says how many tensors there are. TensorFlow 2 puts these ops
into functions that the SaverDef's nodes call.

==============  =======================  =====
op              inputs                   types
==============  =======================  =====
SaveV2          prefix, names, slices    dtypes
Save            file, names              T
SaveSlices      file, names, slices      T
RestoreV2       prefix, names, slices    dtypes
Restore         file, name               dt
RestoreSlice    file, name, slice        dt
==============  =======================  =====
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.ir.op_families import ASSIGN_OPS
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.names import node_of, node_of_input, text_of
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError
from proto_utils.named_tuple import NamedTuple

# Op -> (whether it has slices, the attr with its types).
_SAVES = {"SaveV2": (True, "dtypes"), "Save": (False, "T"), "SaveSlices": (True, "T")}
_RESTORES = {"RestoreV2": (True, "dtypes"), "Restore": (False, "dt"), "RestoreSlice": (True, "dt")}
_OPS = {**_SAVES, **_RESTORES}
#: What stands between a restore op and the assignment of a variable that is the tensor which was read.
THROUGH_OPS = ("Identity", "Reshape", "Cast")
_NOTHING: Mapping[str, str] = {}


class SaverCall(NamedTuple):
    """An op that saves or restores."""

    node: Node
    function: str | None  # whose body it is in
    edges: Index  # of that body or graph
    keys: list[str]
    specs: list[str] | None  # the slices as written; None when the op has none
    types: list[DType]
    is_main: bool  # whether it belongs to the saver that the SaverDef names
    arguments: Mapping[str, str] = (
        _NOTHING  # what the function is given, by the names in its body: tensors of the graph
    )

    @property
    def is_restore(self) -> bool:
        """Whether it restores."""
        return self.node.op in _RESTORES

    @property
    def num_arguments(self) -> int:
        """How many inputs come before the tensors of an op that saves."""
        return 2 if self.specs is None else 3

    def outer(self, text: str) -> str:
        """Return which tensor of the graph an input of a node beside the op is; empty when it is not one."""
        return text if self.function is None else self.arguments.get(node_of_input(text), "")

    def entries(self) -> list[tuple[str, str, DType]]:
        """Return (key, slice, type) as far as there are all of them."""
        specs = [""] * len(self.keys) if self.specs is None else self.specs
        return list(zip(self.keys, specs, self.types, strict=False))

    def restored(self, index: Index) -> Iterator[tuple[str, str, DType, list[tuple[Node, bool]]]]:
        """Yield (key, slice, type, targets) of an op that restores.

        A target is a variable of the graph that `index` is of, and whether the value is reshaped on the way to it.
        """
        targets: dict[int, list[tuple[Node, bool]]] = {}
        readers = self.edges.consumers_by_output(self.node.name)
        pending = [(node, at, output, False) for output, edges in readers.items() for node, at in edges]
        seen = set()  # in a graph that nobody has verified, an Identity may read itself
        while pending:
            node, position, output, is_reshaped = step = pending.pop()
            if (key := (node.name, *step[1:])) in seen:
                continue
            seen.add(key)
            if node.op in ASSIGN_OPS and position == 1:
                name = node_of_input(node.inputs[0])
                variable = index.producers.get(node_of(self.arguments.get(name, name)))
                if variable is not None:
                    targets.setdefault(output, []).append((variable, is_reshaped))
            elif node.op in THROUGH_OPS and position == 0:
                is_reshaped |= node.op == "Reshape"
                pending += [(reader, at, output, is_reshaped) for reader, at in self.edges.consumers(node.name)]
        for number, entry in enumerate(self.entries()):
            yield *entry, targets.get(number, [])


def saver_calls(model: Model, index: Index) -> list[SaverCall]:
    """Return the ops of a model that save and restore, as far as their lists are constants; `index` is of its graph."""
    roots = []
    if model.meta is not None:
        roots = [node_of(model.meta.saver_def.save_tensor_name), node_of(model.meta.saver_def.restore_op_name)]
    main = ancestors(index.producers, [root for root in roots if root])
    found = list(_calls(model.graph, None, index, main, _NOTHING))
    callers = sorted(name for name in main if "Call" in index.producers[name].op)
    pending = list(_called((index.producers[name] for name in callers), None))
    seen: set[str] = set()
    while pending:
        name, given = pending.pop()
        function = model.library.functions.get(name)
        if function is not None and name not in seen:
            seen.add(name)
            arguments = dict(zip((arg.name for arg in function.proto.signature.input_arg), given, strict=False))
            inner = Index(function.body)
            found += _calls(function.body, name, inner, set(inner.producers), arguments)
            pending += _called(function.body, arguments)
    return found


def _calls(
    nodes: Iterable[Node], function: str | None, index: Index, main: set[str], arguments: Mapping[str, str]
) -> Iterator[SaverCall]:
    for node in nodes:
        if node.op in _OPS:
            has_slices, attr = _OPS[node.op]
            keys = _strings(index, node, 1)
            specs = _strings(index, node, 2) if has_slices else None
            types = attr_of(node, attr)
            types = [types] if isinstance(types, DType) else types
            if keys is not None and isinstance(types, list) and (specs is not None or not has_slices):
                types = [each for each in types if isinstance(each, DType)]
                yield SaverCall(node, function, index, keys, specs, types, node.name in main, arguments)


def _called(nodes: Iterable[Node], arguments: Mapping[str, str] | None) -> Iterator[tuple[str, list[str]]]:
    """Yield the functions that nodes call, with the tensors of the graph that these are given; empty for others."""
    for node in nodes:
        function = attr_of(node, "f") if "Call" in node.op else None
        if isinstance(function, Func):
            texts = node.inputs
            yield (
                function.name,
                [text if arguments is None else arguments.get(node_of_input(text), "") for text in texts],
            )


def _strings(index: Index, node: Node, position: int) -> list[str] | None:
    """Return the strings of the Const at an input; None when there is none that is sound."""
    producer = index.producer(node.inputs[position]) if position < len(node.inputs) else None
    if producer is None or producer.op != "Const":
        return None
    try:
        tensor = producer.tensor
        if tensor.dtype is not dtypes.STRING:
            return None
        return [text_of(element) for element in tensor.strings()]
    except (CorruptionError, NotFoundError, UnsupportedError):
        return None
