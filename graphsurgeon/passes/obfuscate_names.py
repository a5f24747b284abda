"""Give nodes and variables short names that say nothing: 0, 1, ... 9, a, b ... in digits of base 36.

For: models that are handed out, and smaller files: names are most of what a graph without its weights takes.

Prerequisites: none. Inputs and outputs keep their names: those that are given; without inputs, and without signatures,
what is fed; without outputs what nobody reads.

Leaves behind: the same model under other names, as `rename` does it: inputs, colocation, collections, saver, signatures
(whose keys stay) and the checkpoint go along. The report is the map back. No two names differ in case only: where
TensorFlow 2 copies parts of a graph, as `tf.saved_model.load` does, it takes such for one.

What else it meets: what `unfreeze` tells weights by stays in the names: the read of a weight 0 is 0/read. Functions and
the nodes inside of them, frames of loops and devices keep their names, and so do keys of TensorFlow 2 objects; a note
names the functions. Whoever knows weights by their names (`fit`, fine-tuning scripts) needs the map.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from graphsurgeon.display import Displayed
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import PLACEHOLDER_OPS
from graphsurgeon.meta_graph.arguments import find_outputs, named_tensors
from graphsurgeon.names import Names, node_of, node_of_input, some_of, split_names
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.renaming.models import rename_model
from graphsurgeon.rewrites.renaming.name_map import NameMap, parse_texts
from proto_utils.errors import NotFoundError

#: What freezing makes of a read of a variable, and of a variable that a function captures.
_READ = re.compile(
    r"(?:.*/)?(?P<mark>read(?=(/_\d+__cf__\d+)+$)|ReadVariableOp(_\d+)?(/resource(_\d+)?)?)(/_\d+__cf__\d+)*"
)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class ObfuscatedRow:
    """A name that is another now, and what it was."""

    name: str
    was: str


@dataclass(frozen=True)
class ObfuscateNamesReport(Displayed):
    """What `obfuscate_names` did: new names, and notes."""

    renamed: list[ObfuscatedRow]
    notes: list[str] = field(default_factory=list)


@model_pass()
def obfuscate_names(model: Model, *, outputs: Names = (), inputs: Names = ()) -> ObfuscateNamesReport:
    """Give nodes and variables short names that say nothing.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    outputs : str or sequence of str
        Nodes that keep their names.
    inputs : str or sequence of str
        Nodes that keep their names, too.

    Raises
    ------
    NotFoundError
        An output or input means no node.
    """
    kept = _kept(model, outputs, inputs)
    old = {node.name: node for node in model.graph if node.name not in kept}
    short = dict(zip(old, _short_names({*kept, *model.variables.keys() - old.keys()}), strict=False))
    names = {name: _marked(name, short, old) for name in old}
    if not names:
        return ObfuscateNamesReport([])
    done = rename_model(model, NameMap(parse_texts(names)))
    notes = list(done.notes)
    if model.library.functions:
        functions = some_of([*map(repr, model.library.functions)])
        notes.append(f"functions and the nodes inside of them keep their names: {functions}")
    return ObfuscateNamesReport([ObfuscatedRow(new, was) for was, new in done.nodes.items()], notes)


def _kept(model: Model, outputs: Collection[str], inputs: Collection[str]) -> set[str]:
    """Return the nodes that keep their names."""
    producers = {node.name: node for node in model.graph}
    found = {node.name for node in find_outputs(model, producers, split_names((*outputs,)), "obfuscate_names")}
    for text in named_tensors(model, split_names((*inputs,)), "inputs", "obfuscate_names"):
        if node_of(text) not in producers:
            raise NotFoundError.among("node", node_of(text), producers)
        found.add(node_of(text))
    has_signatures = model.meta is not None and bool(model.meta.signature_def)
    if not inputs and not has_signatures:
        found |= {node.name for node in model.graph.nodes_of(PLACEHOLDER_OPS | {"PlaceholderWithDefault"})}
    if not outputs and not has_signatures:
        found |= producers.keys() - {node_of_input(text) for node in model.graph for text in node.inputs}
    return found


def _marked(name: str, short: Mapping[str, str], nodes: Mapping[str, Node]) -> str:
    """Return the new name of a node, with the last parts by which a weight is told: ``0/read`` for ``w/read``."""
    scope, _, last = name.rpartition("/")
    if last in ("read", "axis") and scope in nodes:
        return f"{short[scope]}/{last}"
    found = _READ.fullmatch(name)
    return short[name] if found is None else f"{short[name]}/{found['mark']}"


def _short_names(taken: Collection[str]) -> Iterator[str]:
    """Yield short names, but for those that are taken, in whatever case."""
    lower = {name.lower() for name in taken}
    for number in count():
        name, left = _DIGITS[number % len(_DIGITS)], number // len(_DIGITS)
        while left:
            name, left = _DIGITS[left % len(_DIGITS)] + name, left // len(_DIGITS)
        if name not in lower:
            yield name
