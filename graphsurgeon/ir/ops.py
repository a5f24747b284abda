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
from typing import Final, NamedTuple

__all__ = ["Arg", "OpFacts", "facts", "known_ops"]

_PATH: Final = os.path.join(os.path.dirname(__file__), "op_facts.txt")


class Arg(NamedTuple):
    """An input or output argument of an op.

    It is named as in ``node:name:0`` inside function bodies. `type` is a dtype's name, or the attr that holds the
    type, or, with `is_list`, one type per tensor; `default` the types that stand when that attr is absent, comma
    separated. `number` is the attr that holds how many tensors the argument has, empty for one; `number_default`
    stands when that is absent. A reference (`is_ref`): the op changes the variable that feeds it, or gives one
    away.
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

    One Arg may stand for several tensors. What is stateful reads or changes something besides its inputs: it must
    not be duplicated or folded. `functions` are the attrs that hold a function or a list of functions.
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
