"""Rules of what holds state: variables and their handles, queues, iterators, arrays and lists of tensors.

What is behind a handle is told by the node that made it, in this graph or body or in one that calls it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.node_facts import constant_value
from graphsurgeon.rewrites.shaping.dims import Dims, common, merged
from graphsurgeon.rewrites.shaping.op_calls import OpCall, Rule, rules_for
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.shape_and_slice import parse_shape_and_slice
from proto_utils.errors import CorruptionError

_ARRAYS = ("TensorArray", "TensorArrayV2", "TensorArrayV3")


def _declared(call: OpCall) -> Sequence[Dims]:
    return [call.declared()]


def _variable(call: OpCall) -> Dims:
    """Return the shape of the variable that a handle is of."""
    source = call.source(0)
    return None if source is None or source.node.op != "VarHandleOp" else source.call().declared()


def _read(call: OpCall) -> Sequence[Dims]:
    return [_variable(call)]


def _variable_shape(call: OpCall) -> Sequence[Dims]:
    dims = _variable(call)
    return [(None if dims is None else len(dims),)]


def _resource_gather(call: OpCall) -> Sequence[Dims]:
    dims, indices = _variable(call), call.input(1)
    if dims is None or indices is None:
        return [None]
    batch = call.attr("batch_dims", 0)
    return [(*indices, *dims[batch + 1 :])]


def _assign(call: OpCall) -> Sequence[Dims]:
    return [merged(call.input(0), call.input(1)) if call.attr("validate_shape", True) else call.input(1)]


def _queue(call: OpCall) -> Sequence[Dims]:
    """Return the shapes of what a queue gives, before which there is how many are taken at once."""
    source = call.source(0)
    shapes = None if source is None else source.call().attr("shapes")
    types = call.attr("component_types", [])
    parts: list[Dims] = [None] * len(types)
    if isinstance(shapes, list) and shapes and source is not None:
        told: list[Dims] = [each.dims if isinstance(each, Shape) else None for each in shapes]
        parts = [(), *told] if source.node.op.startswith("PriorityQueue") else told
        parts = (parts + [None] * len(types))[: len(types)]
    kind = call.node.op.removesuffix("V2").removeprefix("QueueDequeue")
    if not kind:
        return parts
    count = call.scalar(1) if kind == "Many" else None
    return [None if each is None else (None if count == -1 else count, *each) for each in parts]


def _iterator(call: OpCall) -> Sequence[Dims]:
    """Return the shapes of the elements, as the op or who made the iterator states them."""
    shapes = call.attr("output_shapes")
    return [each.dims if isinstance(each, Shape) else None for each in shapes or ()]


def _stated(call: OpCall) -> Sequence[Dims]:
    """Return the shapes that a node has as an attr; they are those of its outputs."""
    shapes = call.attr("shapes", call.attr("output_shapes"))
    return [each.dims if isinstance(each, Shape) else None for each in shapes or ()]


def _array(_: OpCall) -> Sequence[Dims]:
    """Return the shapes of a handle, which is two words, and of the flow."""
    return [(2,), ()]


def _element(call: OpCall) -> Dims:
    """Return the shape that an array has for its elements."""
    source = call.source(0)
    is_array = source is not None and source.node.op in _ARRAYS
    return _opened(call, source.call().declared("element_shape")) if source is not None and is_array else None


def _opened(call: OpCall, element: Dims) -> Dims:
    """Return the shape of elements with the size of a batch where the first one is open, if there is such."""
    size = call.around.open_size
    if size is None or not element or isinstance(element[0], int):
        return element
    return (size, *element[1:])


def _array_read(call: OpCall) -> Sequence[Dims]:
    return [_element(call)]


def _array_gather(call: OpCall) -> Sequence[Dims]:
    """Return the elements that are taken, as the op itself states them; so does TensorFlow."""
    element, indices = _opened(call, call.declared("element_shape")), call.input(1)
    if element is None:
        element = _element(call)
    count = None if indices is None or len(indices) != 1 else indices[0]
    return [None if element is None else (count, *element)]


def _array_concat(call: OpCall) -> Sequence[Dims]:
    element = call.declared("element_shape_except0")
    return [None if element is None else (None, *element), (None,)]


def _array_written(call: OpCall) -> Sequence[Dims]:
    """Hold what is written to an array against the shape of its elements."""
    value = call.input(2)
    if call.node.op == "TensorArrayScatterV3" and call.input(1) is not None and value is not None:
        merged(call.input(1), value[:1])
    if call.node.op in ("TensorArrayScatterV3", "TensorArrayWriteV3") and value is not None:
        merged(_element(call), value[1:] if call.node.op == "TensorArrayScatterV3" else value)
    return [()]


def _list_element(call: OpCall, number: int | None) -> Dims:
    """Return the shape of the elements of a list, with the size of a batch where that is given."""
    return _opened(call, _held_element(call, number))


def _held_element(call: OpCall, number: int | None) -> Dims:
    """Return the shape of the elements of a list: what the op is told, and what who made the list was."""
    asked = None if number is None else call.shape_from(number)
    if number is not None and call.value(number) == -1:
        asked = None
    source = call.source(0)
    if source is None:
        return asked
    made = source.call()
    op = source.node.op
    if op == "TensorListFromTensor":
        whole = made.input(0)
        held = None if whole is None else whole[1:]
        return merged(asked, held)
    if op in ("TensorListReserve", "EmptyTensorList", "TensorListScatter", "TensorListScatterV2", "TensorListSplit"):
        at = 0 if op in ("TensorListReserve", "EmptyTensorList") else 2 if op.startswith("TensorListScatter") else 1
        return merged(asked, None if made.value(at) == -1 else made.shape_from(at))
    return asked


def _list_item(call: OpCall) -> Sequence[Dims]:
    return [_list_element(call, 2)]


def _list_stack(call: OpCall) -> Sequence[Dims]:
    element, count = _list_element(call, 1), call.attr("num_elements", -1)
    return [None if element is None else (None if count < 0 else count, *element)]


def _list_gather(call: OpCall) -> Sequence[Dims]:
    element, indices = _list_element(call, 2), call.input(1)
    return [None if element is None or indices is None else (*indices, *element)]


def _list_pop(call: OpCall) -> Sequence[Dims]:
    return [(), _list_element(call, 1)]


def _list_element_shape(call: OpCall) -> Sequence[Dims]:
    element = _list_element(call, None)
    return [None if element is None else (len(element),)]


def _table_find(call: OpCall) -> Sequence[Dims]:
    """Return a value for each key; those of tables with vectors have more axes."""
    source = call.source(0)
    keys = call.input(1)
    if source is None or source.node.op not in ("HashTable", "HashTableV2", "MutableHashTable", "MutableHashTableV2"):
        return [None]
    return [keys]


def _restored(call: OpCall) -> Sequence[Dims]:
    """Return what slices say of restored tensors, and nothing of whole ones."""
    count = len(call.attr("dtypes", []))
    source = call.source(2)
    slices = None if source is None else constant_value(source.node)
    if not isinstance(slices, StringTensor) or slices.size != count:
        return [None] * count
    return [_of_slice(each) for each in slices.strings()]


def _of_slice(text: bytes) -> Dims:
    try:
        found = parse_shape_and_slice(text.decode())
    except (UnicodeDecodeError, CorruptionError):
        return None
    return None if found is None else tuple([stop - start for start, stop in found[1]])


def _switch(call: OpCall) -> Sequence[Dims]:
    return [call.input(0)] * 2


def _switch_n(call: OpCall) -> Sequence[Dims]:
    return [call.input(0)] * call.count("num_outs")


def _merge(call: OpCall) -> Sequence[Dims]:
    return [common(call.shapes) if call.shapes else None, ()]


def _parsed_example(call: OpCall) -> Sequence[Dims]:
    """Return the shapes of the features of examples: for each sparse one three tensors, then the dense ones."""
    batch: Dims = call.input(0)
    is_single = call.node.op == "ParseSingleExample"
    sparse = call.count("num_sparse", call.count("Nsparse", len(call.attr("sparse_types", []))))
    shapes = [each.dims if isinstance(each, Shape) else None for each in call.attr("dense_shapes", [])]
    rank = None if batch is None else len(batch) + 1
    found: list[Dims] = [(None, 1 if is_single else rank)] * sparse + [(None,)] * sparse
    found += [(1,) if is_single else (rank,)] * sparse
    heads: Dims = () if is_single else batch
    return [*found, *(None if heads is None or each is None else (*heads, *each) for each in shapes)]


RULES: Mapping[str, Rule] = {
    **rules_for("Placeholder PlaceholderV2 Variable VariableV2 PlaceholderWithDefault TemporaryVariable", _declared),
    **rules_for("ReadVariableOp", _read), "RestoreV2": _restored, "VariableShape": _variable_shape,
    "ResourceGather": _resource_gather, "Assign": _assign, "ImmutableConst": _declared,
    **rules_for(
        "QueueDequeue QueueDequeueV2 QueueDequeueMany QueueDequeueManyV2 QueueDequeueUpTo QueueDequeueUpToV2", _queue),
    **rules_for("IteratorGetNext IteratorGetNextSync OptionalGetValue DatasetToSingleElement ReduceDataset", _iterator),
    **rules_for("InfeedDequeueTuple", _stated),
    **rules_for("TensorArrayV3 TensorArrayGradV3", _array),
    **rules_for("TensorArrayReadV3 TensorArrayReadV2", _array_read),
    **rules_for("TensorArrayGatherV3 TensorArrayGatherV2", _array_gather),
    **rules_for("TensorArrayConcatV3 TensorArrayConcatV2", _array_concat),
    **rules_for("TensorArrayWriteV3 TensorArrayWriteV2 TensorArrayScatterV3 TensorArrayScatterV2 TensorArraySplitV3",
                _array_written),
    "TensorListGetItem": _list_item, "TensorListStack": _list_stack, "TensorListGather": _list_gather,
    "TensorListPopBack": _list_pop, "TensorListElementShape": _list_element_shape,
    **rules_for("LookupTableFind LookupTableFindV2", _table_find),
    **rules_for("Switch RefSwitch", _switch), "_SwitchN": _switch_n, **rules_for("Merge RefMerge _XlaMerge", _merge),
    **rules_for("ParseExample ParseSingleExample", _parsed_example),
}  # fmt: skip
