"""Variables in half precision: those that only nodes in half precision read, or of which rows are taken.

A variable stands in the graph; what reads it may stand in function bodies, which get its handle. It is one that the
model sets up, saves and restores, and does not change (see `stored_variables`). What is read by nobody takes the type
of the variable that it is a copy of, as Keras 3 exports have one of each, or with which it shares a key.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import REF_OPS
from graphsurgeon.rewrites.quantizing.half_nodes import NORMS, UNREAD, HalfNodes
from graphsurgeon.rewrites.quantizing.handle_flow import HandleUse
from graphsurgeon.rewrites.quantizing.stored_variables import GATHERS, StoredVariables

#: What hands a variable on, by function.
_Between = dict["str | None", list[str]]


class HalfVariables:
    """The choice of variables that are stored in half precision: `variables` has those, and what reads them.

    `halves` are the nodes in half precision of the graph (None) and of function bodies; those that hand variables on
    are added.

    Attributes
    ----------
    kept : dict of str to str
        Those that stay in float32, and why.
    """

    def __init__(self, variables: StoredVariables, halves: Mapping[str | None, HalfNodes]) -> None:
        self._variables = variables
        self._halves = halves
        self.kept: dict[str, str] = {}
        found: dict[str, _Between] = {}
        unread = set[str]()
        for node in variables.candidates():
            between: _Between = {}
            reason = self._why_float(node, between)
            if reason not in ("", UNREAD):
                self.kept[node.name] = reason
                continue
            found[node.name] = between
            if reason:
                unread.add(node.name)
        self.kept |= variables.choose(found)
        self._drop_unread(unread & variables.chosen.keys())
        for name in variables.chosen:
            for function, names in found[name].items():
                halves[function].handed_on |= dict.fromkeys(names)

    def _drop_unread(self, unread: set[str]) -> None:
        """Let variables that nobody reads stay as they are, but for those that go with others."""
        variables = self._variables
        read = variables.chosen.keys() - unread
        keys = {variables.key(name) for name in read}
        lonely = (name for name in variables.chosen if name in unread and variables.key(name) not in keys)
        alone = [name for name in lonely if variables.copied(name) not in read]
        variables.drop(alone)
        self.kept |= dict.fromkeys(alone, UNREAD)

    def _why_float(self, variable: Node, between: _Between) -> str:
        """Return why a variable has to be float32, as `HalfNodes.why_float`."""
        if variable.name in self._halves[None].protected:
            return "is an output, or named around the graph"
        is_read = False
        for use in self._variables.uses(variable):
            if self._variables.is_around(variable, use.node, use.position):
                continue
            reason = self._why_float_use(variable, use, between.setdefault(use.function, []))
            if reason not in ("", UNREAD):
                return reason
            is_read = is_read or not reason
        return self._variables.against(variable) or ("" if is_read else UNREAD)

    def _why_float_use(self, variable: Node, use: HandleUse, between: list[str]) -> str:
        half, reader = self._halves[use.function], use.node
        if variable.op in REF_OPS and reader.name in half.nodes:
            return f"is a statistic of {reader.name!r}" if reader.op in NORMS and use.position > 0 else ""
        if not self._variables.is_read(variable, reader):
            return f"{use} takes it as it is"
        if reader.name in half.protected:
            return f"{use.name!r}, which reads it, is an output, or named around the graph"
        between.append(reader.name)
        if reader.op in GATHERS:
            return "" if half.is_needed(reader) else UNREAD
        reason = half.why_float(reader.name, between, variable.name, is_variable=True)
        is_inside = use.function is not None and reason not in ("", UNREAD)
        return f"{reason}, in function {use.function!r}" if is_inside else reason
