"""NodeDefs as TensorFlow's Python makes them: from an op, its inputs, and the attrs that these do not tell.

An op's arguments name the attrs that hold types and numbers of tensors::

    MatMul    a:T b:T                       T is the type of both
    ConcatV2  values:N*T axis:Tidx          N is how many there are, and three inputs are two values and an axis
    IdentityN input:[T]                     T is the list of their types

Every other attr is given, or stands at its default, which is written too. References are taken where values are
wanted, not the other way round, and what takes one is colocated with the node that gives it.

Source: ``apply_op`` of TensorFlow's ``python/framework/op_def_library.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from graphsurgeon.errors import GraphError
from graphsurgeon.ir import attr_value
from graphsurgeon.ir.full_types import full_type
from graphsurgeon.ir.given_attrs import given_attr
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_attrs import OpAttr
from graphsurgeon.ir.op_defs import default_value
from graphsurgeon.ir.ops import Arg, OpFacts, facts, known_ops
from graphsurgeon.names import node_of_input, some_of
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import schema
from proto_utils.errors import NotFoundError

#: A tensor as an input names it, and its type; None when nothing is known of that.
Input: TypeAlias = "tuple[str, DType | None]"


def make_node(
    name: str,
    op: str,
    inputs: Sequence[Input | list[Input]] = (),
    *,
    attrs: Mapping[str, Any] | None = None,
    control_inputs: Iterable[str] = (),
    device: str = "",
) -> Node:
    """Make a node as TensorFlow's Python would, with the attrs that its inputs tell and those at their defaults.

    Parameters
    ----------
    name, op : str
    inputs : sequence of (str, DType or None)
        Each tensor with its type. Where the op has several arguments of any number of tensors, a list for each.
    attrs : mapping of str to value, optional
        In whatever way `given_attrs` takes them. An attr that the inputs tell may be given when it is the same.
    control_inputs : iterable of str
        ``^a`` or ``a``.
    device : str

    Raises
    ------
    NotFoundError
        No TensorFlow has such an op.
    GraphError
        Inputs or attrs are not what the op takes.
    """
    known = facts(op)
    if known is None:
        raise NotFoundError.among("op", op, known_ops())
    making = _Making(name, known, attrs or {})
    groups = making.grouped(inputs)
    for arg, group in zip(known.inputs, groups, strict=True):
        making.infer(arg, group)
    values = making.finished(groups)
    texts = [_written(text) for group in groups for text, _ in group]
    controls = sorted({"^" + text.removeprefix("^") for text in control_inputs})
    node = Node.new(name, op, texts + controls, device=device, attrs=values)
    typed = full_type(known, {key: each for key, each in values.items() if not isinstance(each, Tensor)})
    if typed is not None:
        node.editable_proto().experimental_type.CopyFrom(typed)
    return node


def _written(text: str) -> str:
    """Return an input as TensorFlow writes it: ``a`` for ``a:0``."""
    return text[:-2] if text.endswith(":0") and text.count(":") == 1 else text


class _Making:
    """The attrs of a node that is being made, and what they were inferred from."""

    def __init__(self, name: str, known: OpFacts, attrs: Mapping[str, Any]) -> None:
        self.name = name
        self.known = known
        self.values: dict[str, schema.AttrValue | Tensor] = {
            key: given_attr(known.name, key, value, node=name) for key, value in attrs.items()
        }
        self._told_by = dict.fromkeys(attrs, "what is given")

    def error(self, reason: str, hint: str | None = None) -> GraphError:
        """Return the error for what cannot be made."""
        return GraphError(f"op {self.known.name} {reason}", node=self.name, hint=hint)

    def grouped(self, inputs: Sequence[Input | list[Input]]) -> list[list[Input]]:
        """Return the inputs of each argument."""
        args = self.known.inputs
        if any(isinstance(each, list) for each in inputs):
            if len(inputs) != len(args):
                raise self.error(f"has {_arguments(args)}, not {len(inputs)}")
            groups = [each if isinstance(each, list) else [each] for each in inputs]
        else:
            flat = [each for each in inputs if not isinstance(each, list)]
            counts = self._counts(len(flat))
            starts = [sum(counts[:position]) for position in range(len(counts))]
            groups = [flat[start : start + count] for start, count in zip(starts, counts, strict=True)]
        for arg, group in zip(args, groups, strict=True):
            if not (arg.is_list or arg.number) and len(group) != 1:
                raise self.error(f"has one {arg.name!r}, not {len(group)}")
        return groups

    def _counts(self, total: int) -> list[int]:
        """Return how many of the inputs each argument has."""
        args = self.known.inputs
        counting = [arg.type if arg.is_list else arg.number for arg in args]
        lengths = {name: self._length(name) for name in counting if name}
        free = [name for name, length in lengths.items() if length is None]
        if len(free) > 1:
            hint = f"give attrs {' and '.join(map(repr, free))}, or the inputs of each argument as a list"
            raise self.error(f"has {_arguments(args)}, and it is not told which inputs belong to which", hint)
        rest = total - sum(1 if not name else lengths[name] or 0 for name in counting)
        shares = counting.count(free[0]) if free else 1
        if rest < 0 or (rest % shares if free else rest):
            raise self.error(f"has {_arguments(args)}; of inputs there are {total}")
        if free:
            lengths[free[0]] = rest // shares
        return [lengths[name] or 0 if name else 1 for name in counting]

    def _length(self, name: str) -> int | None:
        value = self.values.get(name)
        if not isinstance(value, schema.AttrValue):
            return None
        return len(value.list.type) if value.WhichOneof("value") == "list" else value.i

    def infer(self, arg: Arg, group: Sequence[Input]) -> None:
        """Fill in the attrs that an argument's inputs tell; a GraphError when they are not what it takes."""
        for text, dtype in group:
            if arg.is_ref and dtype is not None and not dtype.is_ref:
                raise self.error(f"changes what {arg.name!r} refers to, and {text!r} is no reference but {dtype}")
        if arg.number:
            self._tell(arg.number, len(group), f"the {len(group)} inputs of {arg.name!r}")
        if arg.is_list:
            self._tell_types(arg, group)
            return
        fixed = None if arg.type in self.known.attrs else DType.from_name(arg.type)
        for text, dtype in group:
            if dtype is None:
                continue
            if fixed is None:
                self._tell(arg.type, dtype.base, f"input {text!r}")
            elif dtype.base is not fixed:
                raise self.error(f"takes {fixed} for {arg.name!r}, and {text!r} is {dtype.base}")
        if fixed is None and group and arg.type not in self.values:
            raise self._untold(arg.type, group[0][0])

    def _tell_types(self, arg: Arg, group: Sequence[Input]) -> None:
        given = self.values.get(arg.type)
        types = list(given.list.type) if isinstance(given, schema.AttrValue) else [0] * len(group)
        if len(types) != len(group):
            raise self.error(f"has {len(types)} {arg.name!r} by attr {arg.type!r}, not {len(group)}")
        for position, (text, dtype) in enumerate(group):
            if dtype is None and not types[position]:
                raise self._untold(arg.type, text)
            if dtype is not None and types[position] not in (0, dtype.base.number):
                told = DType.from_number(types[position])
                raise self.error(f"takes {told} by attr {arg.type!r}, and {text!r} is {dtype.base}")
            types[position] = types[position] or dtype.base.number  # type: ignore[union-attr]
        self._tell(arg.type, [DType.from_number(number) for number in types], f"the inputs of {arg.name!r}")

    def _tell(self, name: str, value: Any, told_by: str) -> None:
        found = given_attr(self.known.name, name, value, node=self.name)
        if name in self.values and self.values[name] != found:
            told = _shown(self.values[name])
            raise self.error(
                f"has attr {name!r} once: by {self._told_by[name]} it is {told}, by {told_by} {_shown(found)}"
            )
        self._told_by.setdefault(name, told_by)
        self.values[name] = found

    def _untold(self, name: str, text: str) -> GraphError:
        return self.error(f"has attr {name!r} of the type of {text!r}, which is not known", f"give attr {name!r}")

    def finished(self, groups: Sequence[Sequence[Input]]) -> Mapping[str, schema.AttrValue | Tensor]:
        """Return all attrs; a GraphError when one is missing."""
        # What refers to a variable is where that is; TensorFlow takes arguments and tensors for the same in number.
        flat = [text for group in groups for text, _ in group]
        pairs = zip(self.known.inputs, flat, strict=False)
        beside = sorted({node_of_input(text) for arg, text in pairs if arg.is_ref})
        if beside and "_class" not in self.values:
            self.values["_class"] = attr_value.encode([f"loc:@{name}" for name in beside])
        missing = [attr for attr in self.known.attrs.values() if attr.name not in self.values and attr.default is None]
        if missing:
            raise self.error(f"needs {' and '.join(map(_described, missing))}")
        for name, attr in self.known.attrs.items():
            if name not in self.values:
                self.values[name] = default_value(attr)
        return self.values


def _described(attr: OpAttr) -> str:
    allowed = [str(each.decode() if isinstance(each, bytes) else each) for each in attr.allowed]
    return f"attr {attr.name!r} ({attr.kind}{': ' + some_of(allowed) if allowed else ''})"


def _arguments(args: Sequence[Arg]) -> str:
    if not args:
        return "no inputs"
    names = [arg.name + ("..." if arg.is_list or arg.number else "") for arg in args]
    return f"{len(args)} argument{'s' if len(args) > 1 else ''} ({', '.join(names)})"


def _shown(value: schema.AttrValue | Tensor) -> str:
    found = value if isinstance(value, Tensor) else attr_value.decode(value)
    return ", ".join(map(str, found)) if isinstance(found, list) else str(found)
