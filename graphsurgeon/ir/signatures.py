"""Op signatures: the tensors that a node takes and gives, from its op's arguments and its attrs.

`ops` knows the arguments of TensorFlow's ops; a node may also call one of its graph's own
functions by name. Types are numbers of the ``DataType`` enum here, because all nodes of
a large graph are looked at before and after every pass. Equal nodes share one signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from graphsurgeon.ir import ops
from graphsurgeon.ir.runs import Runs, runs_or_tuple
from graphsurgeon.tensors.dtypes import VALUE_TYPES, DType
from proto_utils import schema
from proto_utils.errors import UnsupportedError
from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    from graphsurgeon.ir.library import Function
    from graphsurgeon.ir.node import Node

#: The type of a tensor of which nothing is known; it fits everything.
UNKNOWN = 0

#: A reference to a type is numbered this much higher.
REF_OFFSET = 100

#: More tensors than this are no argument, but a damaged attr.
MAX_TENSORS = 1 << 20

# No output has a higher number.
_MAX_DIGITS = 9

# Signatures that are remembered.
_MAX_KNOWN = 1 << 14

# Stands for an attr of the function that the node is in.
_PLACEHOLDER = object()

Types = Sequence[int]
ArgNames = tuple[tuple[str, int], ...]


class OpSignature(NamedTuple):
    """The tensors of a node.

    `inputs` and `outputs` have the type of every tensor, references above 100; None when an attr stands for one of
    the function's that the node is in, the attrs are refused, or the op is unknown. The names have the number of
    tensors of every argument; of refused attrs too, when those that tell the numbers are sound. `problem` says why
    TensorFlow refuses the attrs.
    """

    inputs: Types | None = None
    outputs: Types | None = None
    input_names: ArgNames | None = None
    output_names: ArgNames | None = None
    problem: str | None = None
    # The type of the first output, which is what most inputs name; None when there is none.
    first: int | None = UNKNOWN


class _Slot(NamedTuple):
    """An argument: its type, or the attr that holds it; the attr that says how many tensors it has, if not one."""

    name: str
    type: Any
    number: str
    is_list: bool
    is_ref: bool


class _Plan(NamedTuple):
    """What to do for every node of an op: which attrs to look at, as (name, kind, default), and what they fill in.

    `only` is the name of the attr when it is one type, as it is for most ops. `known` are the signatures by what
    the attrs are.
    """

    only: str
    attrs: tuple[tuple[str, str, Any], ...]
    inputs: tuple[_Slot, ...]
    outputs: tuple[_Slot, ...]
    known: dict[Any, OpSignature]


_NOTHING_KNOWN = OpSignature()


class OpSignatures:
    """Signatures of nodes, those that call functions of a library included."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self.functions = functions
        self._plans: dict[str, _Plan] = {}

    def of(self, node: Node) -> OpSignature:
        """Return what `node` takes and gives; touches no payload."""
        known: OpSignature | None = None if node.op in self.functions else node.checked
        return self.find(node.op, node.proto.attr) if known is None else known

    def is_reference(self, producer: Node | None, text: str) -> bool:
        """Whether a tensor, as an input names it, is a variable's reference, whose value is taken when it is read."""
        types = None if producer is None else self.of(producer).outputs
        if producer is None or types is None:
            return False
        number = output_number(producer, text.partition(":")[2])
        return number is not None and number < len(types) and types[number] > REF_OFFSET

    def find(self, op: str, attr: Mapping[str, schema.AttrValue]) -> OpSignature:
        """Return what a node of `op` with these attrs takes and gives; costs about a microsecond."""
        try:
            plan = self._plans[op]
        except KeyError:
            made = self._plan(op)
            if made is None:
                return _NOTHING_KNOWN
            plan = self._plans[op] = made
        key: Any
        if plan.only:
            one = attr.get(plan.only)
            key = None if one is None else one.type or _value(one, "type")
        else:
            key = tuple([_value(attr.get(name), kind) for name, kind, _ in plan.attrs])
        found = plan.known.get(key)
        if found is None:
            if len(plan.known) >= _MAX_KNOWN:
                plan.known.clear()
            found = plan.known[key] = _signature(plan, (key,) if plan.only else key)
        return found

    def _plan(self, op: str) -> _Plan | None:
        defaults: dict[str, Any] = {}
        if op in self.functions:
            signature = self.functions[op].proto.signature
            inputs, outputs = (
                tuple(map(_slot_of_function, args)) for args in (signature.input_arg, signature.output_arg)
            )
        else:
            facts = ops.facts(op)
            if facts is None:
                return None
            inputs, outputs = (tuple(map(_slot_of_op, args)) for args in (facts.inputs, facts.outputs))
            defaults = {name: _plain(attr.default) for name, attr in facts.attrs.items()}
        kinds = _attrs_of(inputs + outputs)
        only = next(iter(kinds)) if list(kinds.values()) == ["type"] else ""
        attrs = tuple((name, kind, defaults.get(name)) for name, kind in kinds.items())
        return _Plan(only, attrs, inputs, outputs, {})


#: Signatures of nodes of TensorFlow's ops alone.
TENSORFLOW = OpSignatures({})


def signature_of(node: Node) -> OpSignature:
    """Return the signature of a node of one of TensorFlow's ops; of others nothing is known."""
    return TENSORFLOW.of(node)


def num_outputs(node: Node) -> int | None:
    """Return how many tensors `node` makes, None when that is not known; a quarter of a microsecond for most ops."""
    fixed = fixed_num_outputs(node.op)
    if fixed is not None:
        return fixed
    names = signature_of(node).output_names
    return None if names is None else sum(count for _, count in names)


def output_number(node: Node, output: str, signatures: OpSignatures = TENSORFLOW) -> int | None:
    """Return the number of the output that an input names behind its node: of ``1``, or of ``value:0`` in a body.

    None when `node` is not known to have an output of that name.
    """
    name, _, index = output.partition(":")
    index = output if output.isdecimal() else index
    if index and not (index.isdecimal() and len(index) <= _MAX_DIGITS):
        return None
    first = int(index or 0)
    if output == index:
        return first
    for each, count in signatures.of(node).output_names or ():
        if each == name:
            return first
        first += count
    return None


@lru_cache(maxsize=4096)
def fixed_num_outputs(op: str) -> int | None:
    """Return how many tensors all nodes of an op make; None where attrs tell, and of ops that are not known."""
    known = ops.facts(op)
    if known is None or any(arg.is_list or arg.number for arg in known.outputs):
        return None
    return len(known.outputs)


def input_types(node: Node) -> Sequence[DType] | None:
    """Return the dtype that every data input of `node` must have; None as for `output_types`."""
    return _dtypes(signature_of(node).inputs)


def output_types(node: Node) -> Sequence[DType] | None:
    """Return the dtype of every tensor `node` makes, references as references (``float32_ref``).

    None when one of them is not known.
    """
    return _dtypes(signature_of(node).outputs)


def _dtypes(types: Types | None) -> Sequence[DType] | None:
    if types is None or UNKNOWN in types:
        return None
    if isinstance(types, Runs):
        return Runs((DType.from_number(number), count) for number, count in types.runs())
    return [DType.from_number(number) for number in types]


def _slot_of_op(arg: ops.Arg) -> _Slot:
    fixed = UNKNOWN if arg.is_list else _number_of(arg.type)
    return _Slot(arg.name, fixed or arg.type, arg.number, arg.is_list, arg.is_ref)


def _slot_of_function(arg: schema.OpDef.ArgDef) -> _Slot:
    held = arg.type_list_attr or arg.type_attr or arg.type
    return _Slot(arg.name, held, arg.number_attr, bool(arg.type_list_attr), arg.is_ref)


def _plain(default: Any) -> Any:
    """Return the default of an attr, with types as their numbers."""
    if isinstance(default, list):
        return tuple(map(_plain, default))
    return default.number if isinstance(default, DType) else default


def _number_of(name: str) -> int:
    dtype = DType.named(name)
    return UNKNOWN if dtype is None else dtype.number


def _attrs_of(slots: Iterable[_Slot]) -> dict[str, str]:
    kinds: dict[str, str] = {}
    for slot in slots:
        if slot.number:
            kinds[slot.number] = "int"
        if isinstance(slot.type, str):
            kinds[slot.type] = "list(type)" if slot.is_list else "type"
    return kinds


def _value(attr: schema.AttrValue | None, kind: str) -> Any:
    """Return what the attr holds; None when it is absent or empty, `_PLACEHOLDER` for one of the function's attrs."""
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
    if held is None:
        # Old writers leave out empty lists.
        return found if kind == "list(type)" else None
    if held == "placeholder":
        return _PLACEHOLDER
    wanted = {"type": "type", "int": "i"}.get(kind, "list")
    return found if held == wanted else f"holds {held}, not {kind}"


def _signature(plan: _Plan, given: Iterable[Any]) -> OpSignature:
    values: dict[str, Any] = {}
    problem = None
    for (name, kind, default), held in zip(plan.attrs, given, strict=True):
        value = default if held is None else held
        reason = "" if value is _PLACEHOLDER else _refusal(value, kind)
        values[name] = None if reason or value is _PLACEHOLDER else value
        problem = problem or (f"attr {name!r} {reason}" if reason else None)
    inputs, outputs = _counted(plan.inputs, values), _counted(plan.outputs, values)
    num_tensors = max(sum(count for _, count in names or ()) for names in (inputs, outputs))
    if problem is None and num_tensors > MAX_TENSORS:
        problem = f"its attrs tell of {num_tensors:,} tensors"
    if problem is not None:
        return OpSignature(None, None, inputs, outputs, problem)
    types = _types(plan.outputs, outputs, values)
    first = UNKNOWN if types is None else types[0] if types else None
    return OpSignature(_types(plan.inputs, inputs, values), types, inputs, outputs, None, first)


def _refusal(value: Any, kind: str) -> str:
    """Return why TensorFlow refuses the value of an attr; empty when it does not."""
    if value is None:
        return "is missing"
    if isinstance(value, str):
        return value
    if kind == "int":
        return f"is {value}" if value < 0 else ""
    reasons = map(type_refusal, (value,) if kind == "type" else value)
    return next((f"is {reason}" for reason in reasons if reason), "")


def type_refusal(number: int) -> str:
    """Return why an attr must not have a type, such as ``DT_FLOAT_REF, which ...``; empty when it may."""
    if number in VALUE_TYPES:
        return ""
    try:
        return f"{DType.from_number(number).tf_name}, which no attr may be"
    except UnsupportedError:
        return f"type number {number}, which TensorFlow does not have"


def _counted(slots: Iterable[_Slot], values: Mapping[str, Any]) -> ArgNames | None:
    """Return the name of each argument and the number of its tensors; None when an attr does not tell it."""
    names = []
    for slot in slots:
        told = values[slot.type] if slot.is_list else values.get(slot.number, 1)
        if told is None:
            return None
        names.append((slot.name, len(told) if slot.is_list else told))
    return tuple(names)


def _types(slots: Iterable[_Slot], names: ArgNames | None, values: Mapping[str, Any]) -> Types | None:
    if names is None:
        return None
    types: list[tuple[int, int]] = []
    for slot, (_, count) in zip(slots, names, strict=True):
        held = values.get(slot.type, slot.type)
        found = [(one, 1) for one in held] if slot.is_list else [(held or UNKNOWN, count)]
        types += [(one + REF_OFFSET if slot.is_ref and 0 < one <= REF_OFFSET else one, many) for one, many in found]
    return runs_or_tuple(types)
