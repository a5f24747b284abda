"""`tf.contrib.graph_editor.subgraph`: views of a part of a graph as a function of inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graphsurgeon.compat.graph_editor.select import (
    compute_boundary_ts,
    get_name_scope_ops,
    get_walks_union_ops,
    select_ops_and_ts,
)
from graphsurgeon.compat.graph_editor.util import (
    ListView,
    concatenate_unique,
    get_unique_graph,
    make_list_of_op,
    make_list_of_t,
)
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.output import Output


class SubGraphView:
    """Ops of a graph, with the tensors that lead in and out.

    Inputs are what the ops read from outside, outputs what others read or nobody does; passthroughs, tensors that are
    given and that none of the ops reads or makes, are both. Inputs and outputs can be remapped: left out, put in
    another order, outputs be repeated. That makes another view, never another graph.

    Parameters
    ----------
    inside_ops : ops
    passthrough_ts : tensors
        Those that the ops read or make do not count.
    """

    def __init__(self, inside_ops: Any = (), passthrough_ts: Any = ()) -> None:
        self._ops = make_list_of_op(inside_ops)
        given = make_list_of_t(passthrough_ts)
        self._graph = get_unique_graph([*self._ops, *given], none_if_empty=True)
        inputs, outputs, insides = compute_boundary_ts(self._ops)
        touched = frozenset([*inputs, *outputs, *insides])
        self._passthrough_ts = [t for t in given if t not in touched]
        self._input_ts = inputs + self._passthrough_ts
        self._output_ts = outputs + self._passthrough_ts

    def __copy__(self) -> SubGraphView:
        return SubGraphView()._assign_from(self)

    def copy(self) -> SubGraphView:
        """Return another view of the same part of the graph."""
        return self.__copy__()

    def _assign_from(self, other: SubGraphView) -> SubGraphView:
        if not isinstance(other, SubGraphView):
            raise TypeError(f"a SubGraphView is wanted, not a {type(other).__name__}")
        self._graph, self._ops = other._graph, list(other._ops)
        self._passthrough_ts = list(other._passthrough_ts)
        self._input_ts, self._output_ts = list(other._input_ts), list(other._output_ts)
        return self

    def _take_inputs(self, other: SubGraphView, own: SubGraphView) -> None:
        """Get the inputs of another view; outputs that were its passthroughs are what came in their place.

        `own` is what this view was.
        """
        self._input_ts, self._passthrough_ts = list(other._input_ts), list(other._passthrough_ts)
        for number, t in enumerate(self._output_ts):
            if t in own._passthrough_ts and t in own._input_ts:
                self._output_ts[number] = self._input_ts[own._input_ts.index(t)]

    def remap_default(self, remove_input_map: bool = True, remove_output_map: bool = True) -> SubGraphView:
        """Return a view with the inputs or outputs that it has when they are not remapped."""
        made = self.copy()
        inputs, outputs, _ = compute_boundary_ts(self._ops)
        if remove_input_map:
            made._input_ts = inputs + self._passthrough_ts
        if remove_output_map:
            made._output_ts = outputs + self._passthrough_ts
        return made

    def remap_inputs(self, new_input_indices: Iterable[int | Output]) -> SubGraphView:
        """Return a view with some of the inputs, by number or as tensors, in that order; none of them twice."""
        return self.remap(new_input_indices=new_input_indices)

    def remap_outputs(self, new_output_indices: Iterable[int | Output]) -> SubGraphView:
        """Return a view with some of the outputs, by number or as tensors, in that order; also several times."""
        return self.remap(new_output_indices=new_output_indices)

    def remap(
        self,
        new_input_indices: Iterable[int | Output] | None = None,
        new_output_indices: Iterable[int | Output] | None = None,
    ) -> SubGraphView:
        """Return a view as `remap_inputs` and `remap_outputs` do; None leaves a side as it is."""
        made = self.copy()
        if new_input_indices is not None:
            made._input_ts = _picked(self._input_ts, new_input_indices)
            if len(set(made._input_ts)) < len(made._input_ts):
                raise ValueError("an input is mapped twice")
        if new_output_indices is not None:
            made._output_ts = _picked(self._output_ts, new_output_indices)
        return made

    def remap_outputs_make_unique(self) -> SubGraphView:
        """Return a view with each output once."""
        made = self.copy()
        made._output_ts = list(dict.fromkeys(self._output_ts))
        return made

    def remap_outputs_to_consumers(self) -> SubGraphView:
        """Return a view with each output as often as it has consumers."""
        made = self.copy()
        made._output_ts = [t for t in dict.fromkeys(self._output_ts) for _ in t.consumers()]
        return made

    def remove_unused_ops(self, control_inputs: bool = True) -> SubGraphView:
        """Return a view with those ops that come after an input or before an output."""
        made = self.copy()
        used = frozenset(
            get_walks_union_ops(
                self.connected_inputs, self.connected_outputs, within_ops=self._ops, control_inputs=control_inputs
            )
        )
        made._ops = [op for op in self._ops if op in used]
        return made

    @property
    def graph(self) -> Graph | None:
        """The graph; None of an empty view."""
        return self._graph

    @property
    def ops(self) -> list[Node]:
        """The ops."""
        return self._ops

    @property
    def inputs(self) -> ListView[Output]:
        """The tensors that lead in."""
        return ListView(self._input_ts)

    @property
    def outputs(self) -> ListView[Output]:
        """The tensors that lead out."""
        return ListView(self._output_ts)

    @property
    def passthroughs(self) -> ListView[Output]:
        """The tensors that lead in and out and that no op reads or makes."""
        return ListView(self._passthrough_ts)

    @property
    def connected_inputs(self) -> list[Output]:
        """The inputs that ops read."""
        passed = frozenset(self._passthrough_ts)
        return [t for t in self._input_ts if t not in passed]

    @property
    def connected_outputs(self) -> list[Output]:
        """The outputs that ops make."""
        passed = frozenset(self._passthrough_ts)
        return [t for t in self._output_ts if t not in passed]

    def __bool__(self) -> bool:
        return self._graph is not None

    def op(self, op_id: int) -> Node:
        """Return an op by its number."""
        return self._ops[op_id]

    def find_op_by_name(self, op_name: str) -> Node:
        """Return the op of a name; a ValueError when there is none."""
        found = [op for op in self._ops if op.name == op_name]
        if not found:
            raise ValueError(f"{op_name} is not in the subgraph")
        return found[0]

    def is_passthrough(self, t: Output) -> bool:
        """Return whether a tensor is passed through."""
        return t in self._passthrough_ts

    def input_index(self, t: Output) -> int:
        """Return which input a tensor is; a ValueError when it is not an input."""
        return _position(self._input_ts, t, "inputs")

    def output_index(self, t: Output) -> int:
        """Return which output a tensor is; a ValueError when it is not an output."""
        return _position(self._output_ts, t, "outputs")

    def consumers(self) -> list[Node]:
        """Return the ops outside that read any of the outputs."""
        inside = frozenset(self._ops)
        found: list[Node] = []
        return concatenate_unique(found, [op for t in self._output_ts for op in t.consumers() if op not in inside])

    def __enter__(self) -> SubGraphView:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def __str__(self) -> str:
        if not self:
            return "SubGraphView: empty"
        passed = frozenset(self._passthrough_ts)
        lines = [f"SubGraphView of {self._graph!r}:"]
        for kind, elements in (("ops", self._ops), ("inputs", self._input_ts), ("outputs", self._output_ts)):
            lines.append(f"** {kind}[{len(elements)}]:" if elements else f"** {kind}: empty")
            lines += [f"  {each.name}{' *' if each in passed else ''}" for each in elements]
        return "\n".join([*lines, ""])


def make_view(*args: Any, **kwargs: Any) -> SubGraphView:
    """Return a view of ops and tensors that are given, or found by regular expressions as `select_ops_and_ts` does.

    A view that is given alone is returned. `graph` is that of regular expressions, and the one that all must be of.
    """
    graph = kwargs.get("graph")
    if len(args) == 1 and isinstance(args[0], SubGraphView):
        return _of_graph(args[0], graph)
    ops, ts = select_ops_and_ts(*args, **kwargs)
    return _of_graph(SubGraphView(ops, ts), graph)


def make_view_from_scope(scope: str, graph: Graph) -> SubGraphView:
    """Return a view of all ops in a scope."""
    return SubGraphView(get_name_scope_ops(graph, scope))


def _of_graph(view: SubGraphView, graph: Any) -> SubGraphView:
    if graph is not None and not isinstance(graph, Graph):
        raise TypeError(f"a Graph is wanted, not a {type(graph).__name__}")
    if graph is not None and view.graph is not None and view.graph is not graph:
        raise ValueError("the view is of another graph")
    return view


def _picked(ts: list[Output], indices: Iterable[int | Output]) -> list[Output]:
    numbers = {t: number for number, t in reversed([*enumerate(ts)])}
    found = [each if isinstance(each, int) else numbers.get(each, -1) for each in indices]
    for index in found:
        if not 0 <= index < len(ts):
            raise ValueError(f"{index} is not one of 0 to {len(ts) - 1}")
    return [ts[index] for index in found]


def _position(ts: list[Output], t: Output, what: str) -> int:
    if t not in ts:
        raise ValueError(f"{t.name} is not one of the {what}")
    return ts.index(t)
