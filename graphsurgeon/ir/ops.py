"""What is known of every op TensorFlow ever shipped: its arguments, its attrs, its references, its state.

TensorFlow keeps these facts in its op registry, which a program without TensorFlow
cannot ask. They are read from ``op_facts.txt`` (made by ``fixtures/make/op_facts.py``
from the registries of TensorFlow 1.0 to 2.21), one line per op::

    TopKV2 input:T k:Tk -> values:T indices:index_type | sorted:bool=true T:type{float32,...} ...
    Assign ref:T& value:T -> output_ref:T& | T:type validate_shape:bool=true use_locking:bool=true
    If! cond:Tcond input:[Tin] -> output:[Tout] | ... then_branch:func else_branch:func
    StatelessCase@2.4 branch_index:int32 input:[Tin] -> output:[Tout] | ... branches:list(func)>=1

``!`` marks a stateful op, ``&`` a reference, ``N*T`` an argument of N tensors, ``[Tin]``
one tensor per type of the attr `Tin`; a type is a dtype or the attr that holds it.
``@2.4`` is the first TensorFlow that has an op, attr or allowed value, of those that were read; without
it, 1.0 has it already. The words after ``|`` are the attrs, see `op_attrs`; those after
another ``|`` are what else is registered, see `op_defs`.

The file is read on first use; the line of an op is found by binary search, and parsed, when the
op is first asked for. Ops are unknown when they come from a custom op library or when
they are calls of a graph's own functions; every question then answers None.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Final

from graphsurgeon.ir.op_attrs import OpAttr, parse_attr
from proto_utils.named_tuple import NamedTuple

__all__ = ["Arg", "OpFacts", "facts", "known_ops"]

_PATH: Final = os.path.join(os.path.dirname(__file__), "op_facts.txt")


class Arg(NamedTuple):
    """An input or output argument of an op.

    It is named as in ``node:name:0`` inside function bodies. `type` is a dtype's name, or the attr that holds the
    type, or, with `is_list`, one type per tensor. `number` is the attr that holds how many tensors the argument has,
    empty for one. A reference (`is_ref`): the op changes the variable that feeds it, or gives one away.
    """

    name: str
    type: str
    number: str = ""
    is_list: bool = False
    is_ref: bool = False


class OpFacts(NamedTuple):
    """The signature of an op.

    One Arg may stand for several tensors. What is stateful reads or changes something besides its inputs: it must
    not be duplicated or folded. `attrs` are by name, in the order of their registration; `functions` are those that
    hold a function or a list of functions. `since` is the first TensorFlow that has the op, of those that were read;
    empty when the oldest one, 1.0, does. `traits` are words for what else is registered.
    """

    name: str
    inputs: tuple[Arg, ...]
    outputs: tuple[Arg, ...]
    is_stateful: bool
    attrs: Mapping[str, OpAttr]
    functions: tuple[str, ...]
    since: str = ""
    traits: tuple[str, ...] = ()

    @property
    def ref_inputs(self) -> tuple[str, ...]:
        """Names of the inputs that must be fed by a reference."""
        return tuple(arg.name for arg in self.inputs if arg.is_ref)


@cache
def _text() -> bytes:
    """Return the lines of all ops, in the order of their names, without the comment before them."""
    with open(_PATH, "rb") as file:
        while (line := file.readline()).startswith(b"#"):
            pass
        return line + file.read()


def _name(line: bytes) -> bytes:
    return line.partition(b" ")[0].partition(b"@")[0].rstrip(b"!")


def _line_of(op: str) -> str | None:
    """Return the line of an op, found by binary search; None when there is none."""
    text, wanted = _text(), op.encode(errors="replace")
    low, high = 0, len(text)
    while low < high:
        start = text.rfind(b"\n", low, (low + high) // 2) + 1 or low
        end = text.index(b"\n", start) + 1
        name = _name(text[start : end - 1])
        if name == wanted:
            return text[start : end - 1].decode()
        low, high = (end, high) if name < wanted else (low, start)
    return None


def known_ops() -> Iterable[str]:
    """Return the names of all ops there are facts about, sorted."""
    return (_name(line).decode() for line in _text().splitlines())


@lru_cache(maxsize=4096)
def facts(op: str) -> OpFacts | None:
    """Return what is known of `op`; None when no TensorFlow from 1.0 to 2.21 knows it."""
    line = _line_of(op)
    if line is None:
        return None
    head, _, rest = line.partition(" ")
    signature, words, traits = [*rest.split("|"), "", ""][:3]
    inputs, _, outputs = f" {signature} ".partition(" -> ")
    marked, _, since = head.partition("@")
    attrs = {attr.name: attr for attr in (parse_attr(word, since) for word in words.split())}
    functions = tuple(attr.name for attr in attrs.values() if attr.element_kind == "func")
    return OpFacts(
        op, _args(inputs), _args(outputs), marked.endswith("!"), attrs, functions, since, tuple(traits.split())
    )


def _args(text: str) -> tuple[Arg, ...]:
    return tuple(_arg(word) for word in text.split())


def _arg(word: str) -> Arg:
    name, _, kind = word.partition(":")
    number, _, type_name = kind.rstrip("&").rpartition("*")
    return Arg(name, type_name.strip("[]"), number, type_name.startswith("["), kind.endswith("&"))
