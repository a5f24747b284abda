"""What a node takes and gives, tensor by tensor: its op's arguments with its attrs filled in.

`ops` knows the arguments of TensorFlow's ops; a node may also call one of its graph's own
functions by name. Types are numbers of the ``DataType`` enum here, because all nodes of
a large graph are looked at before and after every pass. Equal nodes share one signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from graphsurgeon.ir import ops
from graphsurgeon.ir.graph import Function
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema
from proto_utils.errors import NotFoundError, UnsupportedError

#: The type of a tensor of which nothing is known; it fits everything.
UNKNOWN = 0

#: A reference to a type is numbered this much higher.
REF_OFFSET = 100
#: Stands for an attr of the function that the node is in.
_PLACEHOLDER = object()

AttrValues = Mapping[str, Any]


class OpSignature:
    """The tensors of a node.

    Attributes
    ----------
    inputs, outputs : tuple of int, or None
        The type of every tensor, references above 100; None when an attr stands for one of the
        function's that the node is in, or the op is unknown.
    output_names : tuple of (str, int), or None
        Name and number of tensors of every output argument.
    problem : str or None
        Why TensorFlow refuses the attrs.
    """

    __slots__ = ("inputs", "output_names", "outputs", "problem")

    def __init__(
        self,
        inputs: tuple[int, ...] | None = None,
        outputs: tuple[int, ...] | None = None,
        output_names: tuple[tuple[str, int], ...] | None = None,
        problem: str | None = None,
    ) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.output_names = output_names
        self.problem = problem


class _Slot(NamedTuple):
    """An argument: its type is `fixed`, or that in attr `type_attr`, which may be left out when it has a default."""

    name: str
    fixed: int
    type_attr: str
    default: tuple[int, ...] | None
    number_attr: str
    number_default: int | None
    is_list: bool
    is_ref: bool


class _Plan(NamedTuple):
    """What to do for every node of an op: which attrs to look at, as (name, kind), and what they fill in.

    `only` is the name of the attr when it is one type, as it is for most ops.
    """

    only: str
    attrs: tuple[tuple[str, str], ...]
    inputs: tuple[_Slot, ...]
    outputs: tuple[_Slot, ...]


class _BadAttrError(Exception):
    """An attr that TensorFlow refuses."""


_NOTHING_KNOWN = OpSignature()


class OpSignatures:
    """Signatures of nodes, those that call functions of a library included.

    Parameters
    ----------
    functions : mapping of str to Function
    """

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self._functions = functions
        self._plans: dict[str, _Plan | None] = {}
        self._known: dict[tuple[Any, ...], OpSignature] = {}

    def of(self, node: Node) -> OpSignature:
        """Return what `node` takes and gives; touches no payload."""
        return self.find(node.op, node.proto.attr)

    def find(self, op: str, attr: Mapping[str, schema.AttrValue]) -> OpSignature:
        """Return what a node of `op` with these attrs takes and gives; costs about a microsecond."""
        try:
            plan = self._plans[op]
        except KeyError:
            plan = self._plans[op] = self._plan(op)
        if plan is None:
            return _NOTHING_KNOWN
        if plan.only:
            one = attr.get(plan.only)
            key: tuple[Any, ...] = (op, (one.type or _value(one, "type")) if one is not None else None)
        else:
            key = (op, *[_value(attr.get(name), kind) for name, kind in plan.attrs])
        found = self._known.get(key)
        if found is None:
            values = dict(zip((name for name, _ in plan.attrs), key[1:], strict=True))
            found = self._known[key] = _signature(plan, values)
        return found

    def _plan(self, op: str) -> _Plan | None:
        if op in self._functions:
            signature = self._functions[op].proto.signature
            slots = [tuple(map(_slot_of_function, args)) for args in (signature.input_arg, signature.output_arg)]
        else:
            facts = ops.facts(op)
            if facts is None:
                return None
            slots = [tuple(map(_slot_of_op, args)) for args in (facts.inputs, facts.outputs)]
        attrs = _attrs_of(slots[0] + slots[1])
        only = attrs[0][0] if len(attrs) == 1 and attrs[0][1] == "type" else ""
        return _Plan(only, attrs, slots[0], slots[1])


def _slot_of_op(arg: ops.Arg) -> _Slot:
    fixed = UNKNOWN if arg.is_list else _number_of(arg.type)
    default = None
    if arg.default is not None:
        default = tuple(_number_of(name) for name in arg.default.split(",") if name)
    type_attr = "" if fixed else arg.type
    return _Slot(arg.name, fixed, type_attr, default, arg.number, arg.number_default, arg.is_list, arg.is_ref)


def _slot_of_function(arg: schema.OpDef.ArgDef) -> _Slot:
    type_attr = arg.type_list_attr or arg.type_attr
    return _Slot(arg.name, arg.type, type_attr, None, arg.number_attr, None, bool(arg.type_list_attr), arg.is_ref)


def _number_of(name: str) -> int:
    try:
        return DType.from_name(name).number
    except NotFoundError:
        return UNKNOWN


def _attrs_of(slots: Iterable[_Slot]) -> tuple[tuple[str, str], ...]:
    kinds: dict[str, str] = {}
    for slot in slots:
        if slot.type_attr:
            kinds[slot.type_attr] = "list(type)" if slot.is_list else "type"
        if slot.number_attr:
            kinds[slot.number_attr] = "int"
    return tuple(kinds.items())


def _value(attr: schema.AttrValue | None, kind: str) -> Any:
    """Return what the attr holds; None when it is absent, `_PLACEHOLDER` for one of the function's attrs."""
    if attr is None:
        return None
    if kind == "type":
        found: Any = attr.type
    elif kind == "int":
        found = attr.i
    else:
        found = tuple(attr.list.type)
    if found:
        return found
    held = attr.WhichOneof("value")
    if held == "placeholder":
        return _PLACEHOLDER
    wanted = {"type": "type", "int": "i"}.get(kind, "list")
    return found if held == wanted else f"holds {held or 'nothing'}, not {kind}"


def _signature(plan: _Plan, values: AttrValues) -> OpSignature:
    try:
        inputs = [_types(slot, values) for slot in plan.inputs]
        outputs = [_types(slot, values) for slot in plan.outputs]
    except _BadAttrError as error:
        return OpSignature(problem=str(error))
    names = None
    if None not in outputs:
        names = tuple((slot.name, len(types or ())) for slot, types in zip(plan.outputs, outputs, strict=True))
    return OpSignature(_joined(inputs), _joined(outputs), names)


def _joined(types: list[tuple[int, ...] | None]) -> tuple[int, ...] | None:
    joined: tuple[int, ...] = ()
    for part in types:
        if part is None:
            return None
        joined += part
    return joined


def _types(slot: _Slot, values: AttrValues) -> tuple[int, ...] | None:
    """Return the type of every tensor of an argument; None when their number is not known."""
    if slot.is_list:
        types = _list_types(slot, values)
    else:
        number, one = _number(slot, values), _single_type(slot, values)
        types = None if number is None else (one,) * number
    if types is None or not slot.is_ref:
        return types
    return tuple(one + REF_OFFSET if 0 < one <= REF_OFFSET else one for one in types)


def _number(slot: _Slot, values: AttrValues) -> int | None:
    if not slot.number_attr:
        return 1
    number = _given(slot.number_attr, values, slot.number_default)
    if number is _PLACEHOLDER:
        return None
    if number < 0:
        raise _BadAttrError(f"attr {slot.number_attr!r} is {number}")
    return int(number)


def _single_type(slot: _Slot, values: AttrValues) -> int:
    if not slot.type_attr:
        return slot.fixed
    one = _given(slot.type_attr, values, slot.default[0] if slot.default else None)
    return UNKNOWN if one is _PLACEHOLDER else _checked(slot.type_attr, one)


def _list_types(slot: _Slot, values: AttrValues) -> tuple[int, ...] | None:
    types = _given(slot.type_attr, values, slot.default)
    return None if types is _PLACEHOLDER else tuple(_checked(slot.type_attr, one) for one in types)


def _given(name: str, values: AttrValues, default: Any) -> Any:
    value = values[name]
    if value is None:
        value = default
    if value is None:
        raise _BadAttrError(f"attr {name!r} is missing")
    if isinstance(value, str):
        raise _BadAttrError(f"attr {name!r} {value}")
    return value


def _checked(name: str, number: int) -> int:
    try:
        dtype = DType.from_number(number)
    except UnsupportedError:
        raise _BadAttrError(f"attr {name!r} is type number {number}, which TensorFlow does not have") from None
    if dtype.is_ref or number == 0:
        raise _BadAttrError(f"attr {name!r} is {dtype.tf_name}, which no attr may be")
    return number
