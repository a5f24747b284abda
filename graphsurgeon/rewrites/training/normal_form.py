"""Loops and conditionals, brought to the form in which TensorFlow differentiates them rightly.

==========================================  ==============================================================
what is there                               what TensorFlow makes of it, and what is done
==========================================  ==============================================================
loop variable without an Exit               freezing dropped it, as nobody reads it; backprop starts there, and
                                            weights get None or a wrong gradient: it gets one
body read at several nodes                  a loop's Switch that is come back to from several is done after the first,
                                            and the sum is partial: one Identity, which all read
Switch of which both branches read          a context knows one branch: one Switch for each
Merge with its branches the wrong way       its gradient goes to the other branch, and is dead: swapped
Merge that reads a Switch, in a loop        the Switch is taken for a loop variable's: an Identity between the two
tensor that enters a branch by no Switch    its gradient is dead whenever the branch is: a Switch
branch with nothing to wait for             freezing dropped it where nothing hung on it: Switch and Identity
==========================================  ==============================================================

None changes a value. What is made is gone when nobody reads it: the note says what its readers had read.

Source: gradients of control_flow_grad.py and ``control_flow_state.py`` in TensorFlow 1.15 and 2.21, and what they did.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.frames import SWITCH_OPS
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import output_types
from graphsurgeon.names import parse_input, scope_of, unique_name
from graphsurgeon.rewrites.training.context_tree import Context
from graphsurgeon.rewrites.training.loop_variables import ControlFlow, LoopVariable
from graphsurgeon.tensors import dtypes
from graphsurgeon.variables.unfreeze_note import UnfreezeNote


class NormalForm:
    """Gathers the edits of one graph; `edit` is to be applied.

    Attributes
    ----------
    added : dict of Context to list of str
        The nodes that were made, by the context that they are for.
    exits, bodies, pivots : dict
        The Exit of a loop variable, by its Merge; the Identity that begins the body of a loop; what a branch waits for.
    preds : dict of Context to str
        The tensor that Switches of a branch read.
    """

    def __init__(self, flow: ControlFlow, edit: GraphEdit) -> None:
        self.edit = edit
        self.note = UnfreezeNote()
        self.added: dict[Context, list[str]] = {}
        self.exits: dict[str, str] = {}
        self.bodies: dict[Context, str] = {}
        self.pivots: dict[Context, str] = {}
        self.preds: dict[Context, str] = {}
        self._flow = flow
        self._places = flow.places
        self._index = edit.index
        self._taken = set(self._index.producers)
        self._entered: dict[tuple[str, Context], str] = {}
        self._own: dict[Context, str] = {}
        self._settle_loops()
        switches = [node for node in self._places.switches if not flow.is_refused(self._ports(node)[1])]
        self._settle_switches(switches)
        for node in flow.joins:
            if any(context in self.preds for context in map(self._places.of_input, node.data_inputs)):
                self._settle_join(node)
        for node, position in flow.crossings:
            if not flow.is_refused(self._places.of(node.name)):
                self._enter(self.edit.current(node), position)
        for context in dict.fromkeys(self._places.here.values()):
            self._require_pivots(context)

    def _ports(self, node: Node) -> tuple[Context, Context]:
        of = self._places.of_input
        return of(node.name), of(f"{node.name}:1")

    def _settle_loops(self) -> None:
        for context, loop in self._flow.loops.items():
            if self._flow.is_refused(context):
                continue
            for variable in loop.variables:
                merge = self._index.producers[variable.merge]
                if self._places.is_way_back(merge.inputs[0]):
                    self._swap(merge)
                if variable.switch:
                    self._settle_variable(variable, context)
            if context not in self.bodies:
                first = next(each.switch for each in loop.variables if each.switch)
                self.bodies[context] = self._identity(f"{first}:1", context, like=first)

    def _settle_variable(self, variable: LoopVariable, context: Context) -> None:
        body = f"{variable.switch}:1"
        readers = self._index.tensor_consumers(body)
        if len(readers) == 1 and readers[0][0].op == "Identity":
            self.bodies.setdefault(context, readers[0][0].name)
        elif readers:
            made = self._identity(body, context, like=variable.switch)
            self.note.passed[made] = body
            for node, position in readers:
                self.edit.set_input(node, position, made)
            self.bodies.setdefault(context, made)
        if variable.exit:
            self.exits[variable.merge] = variable.exit
            return
        name = re.sub(r"Enter(_\d+)?$", lambda found: f"Exit{found[1] or ''}", variable.enter)
        name = name if name != variable.enter else f"{variable.switch}/Exit"
        made = self._make(name, "Exit", [variable.switch], context, like=variable.switch)
        if context.parent is not None:
            self._places.put_after(made, context.parent)
        self.exits[variable.merge] = made

    def _settle_switches(self, switches: Sequence[Node]) -> None:
        # That of a Switch on data comes first: TensorFlow hands on the predicate to each conditional by an Identity.
        for node in sorted(switches, key=_is_on_its_predicate):
            for context in self._ports(node):
                self.preds.setdefault(context, node.inputs[1])
        for node in switches:
            if all(self._places.used_ports(node)) and not self._places.is_pivot(node):
                self._split(node)
        self._find_pivots(switches)

    def _split(self, node: Node) -> None:
        """Let what reads a Switch where its predicate is false read another."""
        ports = self._ports(node)
        twin = self.edit.current(node).copy()
        twin.name = self._free(f"{node.name}_false")
        self._add(twin, ports[0], behind=node.name)
        for reader, position in self._index.tensor_consumers(node.name):
            self.edit.set_input(reader, position, twin.name + reader.inputs[position][len(node.name) :])
        self.note.passed[twin.name] = node.name
        self._places.put(twin.name, ports[0], ports)
        self._places.put(node.name, ports[1])

    def _settle_join(self, node: Node) -> None:
        merge = self.edit.current(node)
        if self._places.of_input(merge.data_inputs[0]).branch:
            merge = self._swap(merge)
        if self._places.of(node.name).loop is None:
            return
        for position, text in enumerate(merge.data_inputs):
            producer = self._index.producer(text)
            if producer is not None and producer.op in SWITCH_OPS:
                made = self._identity(text, self._places.of_input(text), like=producer.name)
                self.note.passed[made] = text
                self.edit.set_input(merge, position, made)

    def _swap(self, merge: Node) -> Node:
        first, second, *others = merge.inputs
        self.edit.set_inputs(merge, [second, first, *others])
        self.note.swapped.append(merge.name)
        return self.edit.current(merge)

    def _enter(self, node: Node, position: int) -> None:
        """Lead a tensor into the branch of a node that reads it from outside, where it may have a gradient."""
        text = node.inputs[position]
        producer = self._index.producer(self._places.source(text))
        dtype = self._dtype(text)
        if producer is None or producer.op == "Const" or dtype is None or not _has_gradient(dtype):
            return
        outside = self._places.of_input(text)
        own = self._places.base(node) if node.op in SWITCH_OPS else self._places.of(node.name)
        own = own.parent if own.is_loop and own.parent is not None else own
        levels = [own, *own.around()]
        levels = levels[: next(number for number, each in enumerate(levels) if each is outside)]
        tip = text
        for level in reversed(levels):
            if (text, level) not in self._entered:
                inputs = [tip, self.preds[level]]
                name = self._make(f"{node.name}/Switch", "Switch", inputs, level, like=node.name, dtype=dtype)
                pair = level.parent.child(level.pred, 1 - level.branch) if level.parent is not None else level
                self._places.put(name, level, (level, pair) if not level.branch else (pair, level))
                self._entered[text, level] = f"{name}:1" if level.branch else name
                self.note.passed[self._entered[text, level]] = text
            tip = self._entered[text, level]
        self.edit.set_input(node, position, tip)

    def _find_pivots(self, switches: Sequence[Node]) -> None:
        """Find what branches wait for: Identities on a Switch of the predicate by itself."""
        for node in switches:
            if not _is_on_its_predicate(node):
                continue
            for port, context in enumerate(self._ports(node)):
                self._own.setdefault(context, node.name)
                for reader, _ in self._index.tensor_consumers(f"{node.name}:{port}"):
                    if reader.op == "Identity":
                        self.pivots.setdefault(context, reader.name)

    def _require_pivots(self, context: Context) -> None:
        """Make what a branch waits for, where nothing is left of it."""
        if context not in self.preds or context in self.pivots or context.parent is None:
            return
        if context not in self._own:
            pred = self.preds[context]
            pair = context.parent.child(context.pred, 0), context.parent.child(context.pred, 1)
            scope = scope_of(pred) or parse_input(pred).node
            name = f"{scope}/Switch"
            made = self._make(
                name, "Switch", [pred, pred], context.parent, like=parse_input(pred).node, dtype=dtypes.BOOL
            )
            self._places.put(made, context.parent, pair)
            self._own.update(dict.fromkeys(pair, made))
        switch = self._own[context]
        word = "switch_t" if context.branch else "switch_f"
        text = f"{switch}:1" if context.branch else switch
        name = f"{scope_of(switch)}/{word}".lstrip("/")
        self.pivots[context] = self._make(name, "Identity", [text], context, like=switch, dtype=dtypes.BOOL)

    def _identity(self, text: str, context: Context, *, like: str) -> str:
        name = re.sub(r"Switch(_\d+)?$", lambda found: f"Identity{found[1] or ''}", like)
        name = name if name != like else f"{like}/Identity"
        return self._make(name, "Identity", [text], context, like=like)

    def _make(
        self, name: str, op: str, inputs: Sequence[str], context: Context, *, like: str, dtype: Any = None
    ) -> str:
        """Make a node of one type beside another."""
        beside = self._index.producers[like]
        attrs = {"T": beside.attrs["T"] if dtype is None else dtype}
        self._add(Node.new(self._free(name), op, inputs, device=beside.device, attrs=attrs), context, behind=like)
        return self._last

    def _add(self, node: Node, context: Context, *, behind: str) -> None:
        self._last = node.name
        self.edit.add(node, behind=behind)
        self._places.put(node.name, context)
        self.added.setdefault(context, []).append(node.name)

    def _free(self, name: str) -> str:
        found = unique_name(name, self._taken)
        self._taken.add(found)
        return found

    def _dtype(self, text: str) -> dtypes.DType | None:
        name, output = parse_input(text)
        types = output_types(self._index.producers[name]) if name in self._index.producers else None
        return types[output].base if types is not None and output < len(types) else None


def _is_on_its_predicate(switch: Node) -> bool:
    return parse_input(switch.inputs[0]) == parse_input(switch.inputs[1])


def _has_gradient(dtype: dtypes.DType) -> bool:
    return dtype.kind in "fc" or dtype in (dtypes.RESOURCE, dtypes.VARIANT)
