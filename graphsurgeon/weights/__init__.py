"""Classification of a frozen graph's constants: which are weights, decided from evidence.

Two kinds of evidence. *Marks* are what freezing leaves where a variable was (`marks`);
in a graph that bears them, they decide. *Roles* are what the ops that use a constant
make of it (`roles`, `norms`, `arithmetic`): the filter of a convolution, the variance
of a batch norm; in a graph whose marks an optimizer removed, they decide. The role also
tells which variables an optimizer trains.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from graphsurgeon import names
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.weights.evidence import gather
from graphsurgeon.weights.marks import colocated, folded_variable
from graphsurgeon.weights.plan import Kept, VariableNames, Weight, WeightPlan
from graphsurgeon.weights.scope import constants_of
from graphsurgeon.weights.verdict import Judge, implied_names

__all__ = ["Kept", "VariableNames", "Weight", "WeightPlan", "find_weights", "require_constants"]


def find_weights(
    model: Model,
    index: Index | None = None,
    *,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    only: Sequence[str] = (),
    against: Mapping[str, str] | None = None,
    called: VariableNames = "keep",
) -> WeightPlan:
    """Decide which constants are weights, in O(nodes + edges); reads no payload, and modifies nothing.

    `select` and `exclude` are names, or regular expressions for whole names, of constants to take or leave whatever the
    evidence; `exclude` is stronger, and `only` says for which constants evidence is heard, all by default. An entry of
    `select` that matches no constant is a NotFoundError. `against` says why constants are not weights, by their names,
    where what is around the graph tells. With `called` "readers", variables whose constants a capture gave their names
    have those that their readers imply (`reader_names`); patterns match these too.
    """
    index = index if index is not None else Index(model.graph)
    constants = list(constants_of(model.graph))
    found, near = gather(model, index, constants), colocated(index.producers)
    implied = implied_names(model, found, constants) if called == "readers" else {}
    require_constants(select, model, (each.name for each in implied.values()))
    judge = Judge(found, select, exclude, only, near, index.producers, against or {}, implied)
    weights: list[Weight] = []
    kept: list[Kept] = []
    for constant in constants:
        if constant.node is None:
            continue
        verdict = judge.verdict(constant, constant.node)
        if isinstance(verdict, Weight):
            weights.append(verdict)
        elif constant.size > 1:
            kept.append(verdict)
    names_implied = {name: each.name for name, each in implied.items()}
    return WeightPlan(weights, kept + _in_functions(model), judge.fingerprinted, names_implied)


def require_constants(patterns: Collection[str], model: Model, also: Iterable[str] = ()) -> None:
    """Raise NotFoundError for a pattern that matches no constant of the graph, nor what these are called `also`."""
    if not patterns:
        return
    others = tuple(also)
    known = [node.name for node in model.graph.nodes_of(("Const",))]
    were = [name for name in map(folded_variable, known) if name is not None]
    for pattern in patterns:
        if any(names.matches(pattern, name) for name in (*known, *were, *others)):
            continue
        inside = next((each.function for each in _in_functions(model) if names.matches(pattern, each.node.name)), None)
        error = names.unmatched("constant", pattern, [*known, *others], where="the graph")
        if inside is not None:
            error.hint = f"it is inside function {inside!r}, which cannot hold a variable"
        raise error


def _in_functions(model: Model) -> list[Kept]:
    kept = []
    for function, graph in model.graphs():
        if function is None:
            continue
        for constant in constants_of(graph):
            if constant.node is not None and constant.size > 1:
                reason = f"inside function {function!r}, which cannot hold a variable"
                kept.append(Kept(constant.node, constant.dtype, constant.shape, reason, function))
    return kept
