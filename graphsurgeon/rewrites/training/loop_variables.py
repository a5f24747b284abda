r"""The loops and conditionals of a graph as TensorFlow differentiates them, and what stands in the way of that.

::

    Enter --> Merge --> Switch -0-> Exit                   a loop variable; LoopCond decides at the Switch
                ^          \\-1-> body --> NextIteration
                 \\_______________________/

    Switch -0-> one branch   --> Merge                     a conditional; its Switches read one predicate
    Switch -1-> other branch ------^

What is otherwise, TensorFlow could run, but would differentiate wrongly or not at all: the outermost context that it
lies in is refused, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from graphsurgeon.ir.frames import ENTER_OPS, EXIT_OPS, MERGE_OPS, NEXT_ITERATION_OPS, SWITCH_OPS
from graphsurgeon.ir.node import Node
from graphsurgeon.names import is_control
from graphsurgeon.rewrites.training.context_places import MAX_DEPTH, ContextPlaces
from graphsurgeon.rewrites.training.context_tree import Context


@dataclass(frozen=True)
class LoopVariable:
    """A variable of a loop; the Switch of one that the body does not read may be gone, an Exit that nobody reads too.

    Nodes are named, as they may be edited.
    """

    enter: str
    merge: str
    switch: str
    exit: str


@dataclass
class Loop:
    """The nodes of a loop that its context names."""

    conds: list[Node] = field(default_factory=list)
    enters: list[Node] = field(default_factory=list)
    merges: list[Node] = field(default_factory=list)
    exits: list[Node] = field(default_factory=list)
    variables: list[LoopVariable] = field(default_factory=list)


class ControlFlow:
    """The loops and conditionals of a graph.

    Attributes
    ----------
    loops : dict of Context to Loop
    joins : list of Node
        The Merges of two branches.
    crossings : list of (Node, int)
        Data inputs of nodes in branches that come from outside of these without a Switch.
    refused : dict of Context to str
        Outermost contexts that TensorFlow could not differentiate, and why.
    """

    def __init__(self, places: ContextPlaces) -> None:
        self.places = places
        self.loops: dict[Context, Loop] = {loop: Loop() for loop in places.frames.values()}
        self.joins = [node for node in places.merges if not places.is_loop_merge(node)]
        self.crossings: list[tuple[Node, int]] = []
        self.refused: dict[Context, str] = {}
        producers = places.index.producers
        if not places.is_settled:
            self._refuse("its frames lie in each other", *self.loops)
        self._refuse(f"more than {MAX_DEPTH} lie in each other, which no TensorFlow imports", *places.too_deep)
        inside = [producers[name] for name in places.here]
        for node in inside:
            self._sort(node)
        joins = {node.name for node in self.joins}
        for node in inside:
            if node.name not in joins:
                self._check_inputs(node)
        for node in self.joins:
            self._check_join(node)
        for context, loop in self.loops.items():
            self._check_loop(context, loop)

    def is_refused(self, context: Context) -> bool:
        """Whether a context lies in one that was refused."""
        return context.outermost in self.refused

    def _refuse(self, reason: str, *contexts: Context) -> None:
        for context in contexts:
            if context.parent is not None:
                for each in context.outermost.pair():
                    self.refused.setdefault(each, reason)

    def _sort(self, node: Node) -> None:
        context, op = self.places.here[node.name], node.op
        loop = self.loops.get(context)
        if op == "LoopCond" and loop is None:
            self._refuse(f"LoopCond {node.name!r} stands in a branch", context)
        elif loop is not None:
            found = loop.enters if op in ENTER_OPS else loop.exits if op in EXIT_OPS else None
            found = loop.conds if op == "LoopCond" else found
            if op in MERGE_OPS and self.places.is_loop_merge(node):
                found = loop.merges
            if found is not None:
                found.append(node)

    def _check_inputs(self, node: Node) -> None:
        """Require that all that a node reads stands in what the node reads from, or around that."""
        places = self.places
        context = places.here[node.name]
        own = context
        if node.op in ENTER_OPS and context.parent is not None:
            own = context.parent
        elif node.op in SWITCH_OPS:
            own = places.base(node)
        elif node.op in EXIT_OPS and not context.is_loop:
            self._refuse(f"Exit {node.name!r} leaves no loop", context)
        if {*map(places.of_input, node.inputs)} == {own}:
            return
        for position, text in places.forward(node):
            found = places.of_input(text)
            if found is own:
                continue
            if not own.is_within(found):
                reason = f"{node.name!r} reads {text!r} of {found.label()}, and is in {own.label()}"
                self._refuse(reason, context, found)
            elif own.loop is not found.loop:
                self._refuse(f"{node.name!r} reads {text!r} from outside of the loop without an Enter", context)
            elif not is_control(text):
                self.crossings.append((node, position))

    def _check_join(self, node: Node) -> None:
        """Require that a Merge has what comes out of the two branches of one conditional."""
        found = [self.places.of_input(text) for text in node.data_inputs]
        place = self.places.of(node.name)
        if not any(context.is_within(place) and context is not place for context in found) and not place.parent:
            return
        if len(found) == 2:
            first, second = found
            are_branches = not first.is_loop and not second.is_loop and first.parent is place is second.parent
            if are_branches and first.pred == second.pred and first.branch != second.branch:
                if first.branch and self._tells_which(node):
                    self._refuse(f"Merge {node.name!r} has its branches the wrong way, and tells which one ran", first)
                return
        self._refuse(f"Merge {node.name!r} does not join the two branches of a conditional", place, *found)

    def _tells_which(self, merge: Node) -> bool:
        """Whether it is read which of its inputs a Merge hands on."""
        return bool(self.places.index.tensor_consumers(f"{merge.name}:1"))

    def _check_loop(self, context: Context, loop: Loop) -> None:
        if len(loop.conds) != 1:
            count = "no LoopCond" if not loop.conds else f"{len(loop.conds)} LoopConds"
            self._refuse(f"{context.label()} has {count}", context)
        exits: set[str] = set()
        merged: set[str] = set()
        for merge in loop.merges:
            found = self._variable(merge, context)
            if isinstance(found, str):
                self._refuse(found, context)
            else:
                loop.variables.append(found)
                exits.add(found.exit)
                merged.add(found.enter)
        if not exits:
            self._refuse(f"{context.label()} has no variable that a Switch hands on", context)
        for node in loop.exits:
            if node.name not in exits:
                self._refuse(f"Exit {node.name!r} is not the only one of a loop variable", context)
        for node in loop.enters:
            if node.name not in merged and not self.places.entry(node)[1]:
                self._refuse(
                    f"Enter {node.name!r} is neither constant nor read by the Merge of a loop variable", context
                )

    def _variable(self, merge: Node, context: Context) -> LoopVariable | str:
        """Return the loop variable of a Merge, or why it has none."""
        index, places = self.places.index, self.places
        producers = [index.producer(text) for text in merge.data_inputs]
        enters = [each for each in producers if each is not None and each.op in ENTER_OPS]
        backs = [each for each in producers if each is not None and each.op in NEXT_ITERATION_OPS]
        if len(producers) != 2 or len(enters) != 1 or len(backs) != 1:
            return f"Merge {merge.name!r} does not read an Enter and a NextIteration"
        if places.entry(enters[0])[1]:
            return f"Merge {merge.name!r} reads Enter {enters[0].name!r}, which is constant"
        if places.of(backs[0].name) is not context:
            return f"NextIteration {backs[0].name!r} is in {places.of(backs[0].name).label()}"
        switches = [
            node
            for node, position in index.tensor_consumers(merge.name)
            if position == 0 and node.op in SWITCH_OPS and places.is_loop_switch(node)
        ]
        if len(switches) > 1:
            return f"Merge {merge.name!r} has {len(switches)} Switches on the LoopCond"
        if not switches:
            return LoopVariable(enters[0].name, merge.name, "", "")
        out = [node for node, _ in index.tensor_consumers(switches[0].name)]
        others = [node for node in out if node.op not in EXIT_OPS]
        if others:
            return f"{others[0].name!r} reads {switches[0].name!r} where the loop ends, and is no Exit"
        if len(out) > 1:
            return f"Switch {switches[0].name!r} has {len(out)} Exits"
        return LoopVariable(enters[0].name, merge.name, switches[0].name, out[0].name if out else "")
