"""The ops that save and restore, and whether their lists fit each other.

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

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from graphsurgeon import dtypes
from graphsurgeon.attr_value import Func
from graphsurgeon.dtypes import DType
from graphsurgeon.index import Index
from graphsurgeon.model import Model
from graphsurgeon.names import node_of, node_of_input
from graphsurgeon.node import Node
from graphsurgeon.reach import ancestors
from graphsurgeon.tensor_slice import parse_shape_and_slice
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.verify.finding import ERROR, WARNING, Finding
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError

# Op -> (whether it has slices, the attr with its types).
_SAVES = {"SaveV2": (True, "dtypes"), "Save": (False, "T"), "SaveSlices": (True, "T")}
_RESTORES = {"RestoreV2": (True, "dtypes"), "Restore": (False, "dt"), "RestoreSlice": (True, "dt")}
_OPS = {**_SAVES, **_RESTORES}
_NOTHING: Mapping[str, str] = {}


class SaverCall(NamedTuple):
    """An op that saves or restores.

    Attributes
    ----------
    node : Node
    function : str or None
        Whose body it is in.
    edges : Index
        Of that body or graph.
    keys : list of str
    specs : list of str or None
        The slices as written; None when the op has none.
    types : list of DType
    is_main : bool
        Whether it belongs to the saver that the SaverDef names.
    arguments : mapping of str to str
        What the function is given, by the names in its body: nodes of the graph.
    """

    node: Node
    function: str | None
    edges: Index
    keys: list[str]
    specs: list[str] | None
    types: list[DType]
    is_main: bool
    arguments: Mapping[str, str] = _NOTHING

    @property
    def is_restore(self) -> bool:
        """Whether it restores."""
        return self.node.op in _RESTORES

    def entries(self) -> list[tuple[str, str, DType]]:
        """Return (key, slice, type) as far as there are all of them."""
        specs = [""] * len(self.keys) if self.specs is None else self.specs
        return list(zip(self.keys, specs, self.types, strict=False))

    def finding(self, message: str) -> Finding:
        """Make a finding about its lists: an error when it belongs to the main saver."""
        return Finding(ERROR if self.is_main else WARNING, "saver-lists", self.node.name, self.function, message)


def saver_calls(model: Model, index: Index) -> list[SaverCall]:
    """Return the ops of a model that save and restore, as far as their lists are constants.

    Parameters
    ----------
    model : Model
    index : Index
        Of its graph.
    """
    roots = []
    if model.meta is not None:
        roots = [node_of(model.meta.saver_def.save_tensor_name), node_of(model.meta.saver_def.restore_op_name)]
    main = ancestors(index.producers, [root for root in roots if root])
    found = list(_calls(model.graph, None, index, main, _NOTHING))
    pending = list(_called((index.producers[name] for name in sorted(main)), _NOTHING))
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


def list_findings(calls: Iterable[SaverCall]) -> Iterator[Finding]:
    """Yield what of the lists TensorFlow refuses, and where saving and restoring are not the same."""
    calls = list(calls)
    for call in calls:
        yield from _length_findings(call)
        yield from _slice_findings(call)
        yield from _twice_findings(call)
    yield from _difference_findings([call for call in calls if call.is_main])


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


def _called(nodes: Iterable[Node], arguments: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the functions that nodes call, with the nodes of the graph that these are given."""
    for node in nodes:
        function = attr_of(node, "f") if "Call" in node.op else None
        if isinstance(function, Func):
            given = map(node_of_input, node.inputs)
            yield function.name, [arguments.get(name, name) for name in given]


def _strings(index: Index, node: Node, position: int) -> list[str] | None:
    """Return the strings of the Const at an input; None when there is none that is sound."""
    producer = index.producer(node.inputs[position]) if position < len(node.inputs) else None
    if producer is None or producer.op != "Const":
        return None
    try:
        tensor = producer.tensor
        if tensor.dtype is not dtypes.STRING:
            return None
        return [element.decode("utf-8", "surrogateescape") for element in tensor.strings()]
    except (CorruptionError, NotFoundError, UnsupportedError):
        return None


def _length_findings(call: SaverCall) -> Iterator[Finding]:
    if len(call.keys) != len(call.types):
        yield call.finding(f"has {len(call.keys)} names for {len(call.types)} tensors")
    if call.specs is not None and len(call.specs) != len(call.types):
        yield call.finding(f"has {len(call.specs)} slices for {len(call.types)} tensors")


def _slice_findings(call: SaverCall) -> Iterator[Finding]:
    for key, spec in zip(call.keys, call.specs or (), strict=False):
        try:
            parsed = parse_shape_and_slice(spec)
        except CorruptionError as error:
            yield call.finding(f"{key!r}: {error.reason}")
            continue
        if parsed is not None and any(
            start < 0 or length < 0 or start + length > dim
            for dim, (start, length) in zip(parsed[0], parsed[1], strict=True)
        ):
            yield call.finding(f"{key!r}: the slice {spec!r} is not within its tensor")


def _twice_findings(call: SaverCall) -> Iterator[Finding]:
    if call.node.op == "SaveV2":
        for (key, spec), number in Counter(zip(call.keys, call.specs or (), strict=False)).items():
            if number > 1:
                yield call.finding(f"saves {f'{key} {spec}'.strip()!r} {number} times")


def _difference_findings(calls: list[SaverCall]) -> Iterator[Finding]:
    """Yield where a saver restores something else than it saves."""
    saved = {(key, spec): dtype for call in calls if not call.is_restore for key, spec, dtype in call.entries()}
    if not saved:
        return
    restored = {}
    for call in calls:
        if call.is_restore:
            for key, spec, dtype in call.entries():
                restored[key, spec] = dtype
                other = saved.get((key, spec))
                if other is not None and other.base is not dtype.base:
                    yield call.finding(f"restores {key!r} as {dtype.base.name}, but {other.base.name} is saved")
    # The object graph, which describes the rest, is saved and never restored.
    ours, theirs = {key for key, _ in saved} - {OBJECT_GRAPH_KEY}, {key for key, _ in restored} - {OBJECT_GRAPH_KEY}
    unrestored, unsaved = sorted(ours - theirs), sorted(theirs - ours)
    for keys, text in ((unrestored, "saves but does not restore"), (unsaved, "restores but does not save")):
        if restored and keys:
            yield Finding(WARNING, "saver-lists", None, None, f"the saver {text} {some_of(keys)}")


def attr_of(node: Node, name: str) -> Any:
    """Return an attr; None when there is none, or none that is sound, which `verify` tells."""
    try:
        return node.attrs.get(name)
    except (CorruptionError, UnsupportedError):
        return None


def some_of(names: list[str], limit: int = 5) -> str:
    """Return names for a message: their number, and the first of them."""
    shown = ", ".join(map(repr, names[:limit]))
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit:,} more"
