"""What is known of every op TensorFlow ever shipped: its arguments, its references, its state, its functions.

TensorFlow keeps these facts in its op registry, which a program without TensorFlow
cannot ask. They are read from ``op_facts.txt`` (made by ``fixtures/make/op_facts.py``
from the registries of TensorFlow 1.15 and 2.21), one line per op::

    TopKV2 input:T k:Tk=int32 -> values:T indices:index_type=int32
    Assign ref:T& value:T -> output_ref:T&
    If! cond:Tcond input:[Tin] -> output:[Tout] | then_branch else_branch

``!`` marks a stateful op, ``&`` a reference, ``N*T`` an argument of N tensors, ``[Tin]``
one tensor per type of the attr `Tin`; a type is a dtype or the attr that holds it; ``=``
gives the attr's default, because old and stripped graphs leave it out. After ``|``
come the attrs that name functions (``branches*``: a list of them).

The file is split into lines on first use (about 1 ms); a line is parsed when its
op is first asked for. Ops are unknown when they come from a custom op library or when
they are calls of a graph's own functions; every question then answers None.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from graphsurgeon.tensors.dtypes import INVALID, DType
from proto_utils.errors import NotFoundError

if TYPE_CHECKING:
    from graphsurgeon.ir.node import Node

__all__ = [
    "Arg", "OpFacts", "arg_size", "facts", "input_names", "input_types", "known_ops", "num_outputs", "output_names",
    "output_types",
]  # fmt: skip

_PATH: Final = os.path.join(os.path.dirname(__file__), "op_facts.txt")


class Arg(NamedTuple):
    """An input or output argument of an op.

    Attributes
    ----------
    name : str
        As in ``node:name:0`` inside function bodies.
    type : str
        A dtype's name, or the attr that holds the type, or, with `is_list`, the types.
    default : str or None
        The types that stand when that attr is absent, comma separated.
    number : str
        The attr that holds how many tensors the argument has; empty for one.
    number_default : int or None
        What stands when that attr is absent.
    is_list : bool
        One tensor per type in the attr `type`.
    is_ref : bool
        A reference: the op changes the variable that feeds it, or gives one away.
    """

    name: str
    type: str
    default: str | None = None
    number: str = ""
    number_default: int | None = None
    is_list: bool = False
    is_ref: bool = False


class OpFacts(NamedTuple):
    """The signature of an op.

    Attributes
    ----------
    name : str
    inputs, outputs : tuple of Arg
        In order; one Arg may stand for several tensors.
    is_stateful : bool
        It reads or changes something besides its inputs: it must not be duplicated or folded.
    functions : tuple of str
        The attrs that hold a function or a list of functions.
    """

    name: str
    inputs: tuple[Arg, ...]
    outputs: tuple[Arg, ...]
    is_stateful: bool
    functions: tuple[str, ...]

    @property
    def ref_inputs(self) -> tuple[str, ...]:
        """Names of the inputs that must be fed by a reference."""
        return tuple(arg.name for arg in self.inputs if arg.is_ref)

    @property
    def ref_outputs(self) -> tuple[str, ...]:
        """Names of the outputs that are references."""
        return tuple(arg.name for arg in self.outputs if arg.is_ref)


@cache
def _lines() -> Mapping[str, str]:
    lines: dict[str, str] = {}
    with open(_PATH, encoding="ascii") as file:
        for line in file:
            if not line.startswith("#"):
                head, _, rest = line.rstrip().partition(" ")
                lines[head.rstrip("!")] = ("!" if head.endswith("!") else " ") + rest
    return lines


def known_ops() -> Iterable[str]:
    """Return the names of all ops there are facts about, sorted."""
    return _lines().keys()


@lru_cache(maxsize=4096)
def facts(op: str) -> OpFacts | None:
    """Return what is known of `op`; None when TensorFlow 1.15 and 2.21 do not know it."""
    line = _lines().get(op)
    if line is None:
        return None
    signature, _, functions = line[1:].partition("|")
    inputs, _, outputs = f" {signature} ".partition(" -> ")
    return OpFacts(op, _args(inputs), _args(outputs), line[0] == "!", tuple(f.rstrip("*") for f in functions.split()))


def _args(text: str) -> tuple[Arg, ...]:
    return tuple(_arg(word) for word in text.split())


def _arg(word: str) -> Arg:
    name, _, kind = word.partition(":")
    is_ref = kind.endswith("&")
    count, _, kind = kind.rstrip("&").rpartition("*")
    is_list = kind.startswith("[")
    type_name, has_default, default = kind.strip("[]").partition("=")
    number, _, number_default = count.partition("=")
    return Arg(
        name,
        type_name,
        default if has_default else None,
        number,
        int(number_default) if number_default else None,
        is_list,
        is_ref,
    )


def num_outputs(node: Node) -> int | None:
    """Return how many tensors `node` makes; about a quarter of a microsecond for most ops.

    Returns
    -------
    int or None
        None when the op is unknown, or the attr that says it is missing.
    """
    fixed = _fixed_num_outputs(node.op)
    if fixed is not None:
        return fixed
    known = facts(node.op)
    return None if known is None else _total(arg_size(arg, node) for arg in known.outputs)


@lru_cache(maxsize=4096)
def _fixed_num_outputs(op: str) -> int | None:
    known = facts(op)
    if known is None or any(arg.is_list or arg.number for arg in known.outputs):
        return None
    return len(known.outputs)


def _total(sizes: Iterable[int | None]) -> int | None:
    total = 0
    for size in sizes:
        if size is None:
            return None
        total += size
    return total


def arg_size(arg: Arg, node: Node) -> int | None:
    """Return how many tensors `arg` has on `node`; None when the attr that says it is missing or no such thing."""
    if arg.is_list:
        types = _list_types(arg, node)
        return None if types is None else len(types)
    if not arg.number:
        return 1
    number = node.attrs.get(arg.number, arg.number_default)
    return number if isinstance(number, int) and number >= 0 else None


def _list_types(arg: Arg, node: Node) -> list[DType] | None:
    value = node.attrs.get(arg.type)
    if isinstance(value, list):
        return [item for item in value if isinstance(item, DType)]
    if arg.default is None:
        return None
    return [DType.from_name(name) for name in arg.default.split(",") if name]


def output_names(node: Node) -> list[tuple[str, int]] | None:
    """Return name and number of tensors of every output argument, as function bodies name them (``x:out:0``).

    Returns
    -------
    list of (str, int) or None
        None when the op is unknown or an attr that says how many is missing.
    """
    known = facts(node.op)
    return None if known is None else _named_sizes(known.outputs, node)


def input_names(node: Node) -> list[tuple[str, int]] | None:
    """Return name and number of tensors of every input argument; None as for `output_names`."""
    known = facts(node.op)
    return None if known is None else _named_sizes(known.inputs, node)


def _named_sizes(args: tuple[Arg, ...], node: Node) -> list[tuple[str, int]] | None:
    named: list[tuple[str, int]] = []
    for arg in args:
        size = arg_size(arg, node)
        if size is None:
            return None
        named.append((arg.name, size))
    return named


def output_types(node: Node) -> list[DType] | None:
    """Return the dtype of every tensor `node` makes, references as references (``float32_ref``).

    Returns
    -------
    list of DType or None
        None when the op is unknown or an attr that says a type or a number is missing.
    """
    known = facts(node.op)
    return None if known is None else _types(known.outputs, node)


def input_types(node: Node) -> list[DType] | None:
    """Return the dtype that every data input of `node` must have; None as for `output_types`."""
    known = facts(node.op)
    return None if known is None else _types(known.inputs, node)


def _types(args: tuple[Arg, ...], node: Node) -> list[DType] | None:
    types: list[DType] = []
    for arg in args:
        found = _arg_types(arg, node)
        if found is None:
            return None
        types += [dtype.as_ref for dtype in found] if arg.is_ref else found
    return types


def _arg_types(arg: Arg, node: Node) -> list[DType] | None:
    if arg.is_list:
        return _list_types(arg, node)
    size = arg_size(arg, node)
    dtype = _single_type(arg, node)
    return None if size is None or dtype is None else [dtype] * size


def _single_type(arg: Arg, node: Node) -> DType | None:
    value = node.attrs.get(arg.type)
    if isinstance(value, DType):
        return value if value is not INVALID else None
    return _dtype_named(arg.default if arg.default is not None else arg.type)


@lru_cache(maxsize=4096)
def _dtype_named(name: str) -> DType | None:
    try:
        return DType.from_name(name)
    except NotFoundError:
        return None  # the name of an attr, which the node lacks
