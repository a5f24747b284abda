"""What makes a function a pass: valid in, valid out, and untouched when it refuses.

A pass is one public function ``name(model, *, options...) -> report`` in the file
``passes/name.py``, under `model_pass`. It gathers, then applies: on copies of nodes in
a `GraphEdit`, or on the graph itself, which refuses what would break it. The runner puts
everything back, nodes that were edited in place included.
Library call, command line verb and step of a recipe all derive from its signature. One that
repairs broken models is under ``model_pass(tolerates=...)``, one that also takes a checkpoint
alone under `takes_tensors` too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, MutableMapping
from typing import Any, Concatenate, Literal, ParamSpec, Protocol, TypeVar

from graphsurgeon.checks import check
from graphsurgeon.errors import GraphError, PassError
from graphsurgeon.ir.model import Model, Snapshot, require_model
from graphsurgeon.meta_graph.contexts import CONTEXTS, nodes_in_contexts
from graphsurgeon.names import some_of
from graphsurgeon.options import options_of, tell_result
from graphsurgeon.tensors.values import TensorDict, require_mutable
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY


class Report(Protocol):
    """What a pass did, as plain data."""

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        ...


P = ParamSpec("P")
R = TypeVar("R", bound=Report)


def model_pass(
    *,
    tolerates: tuple[str, ...] | Literal["everything"] = (),
    needs_graph: bool = True,
    obeys: bool = False,
    rewires: bool = False,
    revalues: bool = False,
) -> Callable[[Callable[Concatenate[Model, P], R]], Callable[Concatenate[Model, P], R]]:
    """Run `verify` before and after a pass, and undo the pass when it or the check fails.

    Parameters
    ----------
    tolerates : tuple of str or "everything"
        Rules of `verify` that may be broken before. What is still broken after is the pass's refusal, not its defect.

    needs_graph : bool
        Decline values of variables alone, as of a checkpoint without its graph.
    obeys : bool
        The pass edits what it is told to: what is not well formed after is its refusal, not its defect.
    rewires : bool
        Nodes go, or read others: contexts of loops and conditionals that were there are made anew of what is left.
    revalues : bool
        Values of variables become others for whoever reads them. Without it, those stay that other meta graphs of a
        SavedModel restore too: these are not edited, and would compute something else.

    Raises
    ------
    PassError
        There is no graph, and the pass needs one; or values would change that other meta graphs read.
    GraphError
        The model is not well formed, before or (a defect of the pass) after.
    """

    def decorate(function: Callable[Concatenate[Model, P], R]) -> Callable[Concatenate[Model, P], R]:
        @functools.wraps(function)
        def run(model: Model, /, *args: P.args, **options: P.kwargs) -> R:
            require_model(model)
            if needs_graph:
                require_graph(model, function.__name__)
            known = options_of(function)
            for name in options.keys() & known.keys():
                options[name] = known[name].normalize(options[name])
            is_broken = tolerates == "everything" or bool(check(model, tolerated=tolerates))
            before = model.snapshot()
            inside = _nodes_in_contexts(model) if rewires else ()
            try:
                report = function(model, *args, **options)
                if inside and not model.is_frozen:
                    _follow_contexts(model, inside)
                if is_broken:
                    check(model)
                else:
                    check_result(model, function.__name__, obeys=obeys)
                if not revalues and model.saved_model is not None:
                    _spare_others(model, before, function.__name__)
            except BaseException:
                model.restore(before)
                raise
            return report

        tell_result(run, str(function.__annotations__.get("return")), function.__globals__)
        return run

    return decorate


def _nodes_in_contexts(model: Model) -> Collection[str]:
    """Return the nodes that stand in contexts."""
    if model.meta is None or not any(key in model.meta.collection_def for key in CONTEXTS):
        return ()
    return nodes_in_contexts(model.meta)


def _spare_others(model: Model, before: Snapshot, name: str) -> None:
    """Refuse what a pass, of that name, made of values that other meta graphs of the SavedModel restore too."""
    if model.saved_model is None or not model.saved_model.num_others:
        return
    known = {OBJECT_GRAPH_KEY, *model.saved_model.changed(before.variables)}
    changed = [key for key in model.saved_model.changed(model.variables) if key not in known]
    if changed:
        reason = f"other meta graphs of the SavedModel read the same variables: {some_of([*map(repr, changed)])}"
        hint = (
            'rename with `add_scope` gives this one variables of its own; convert with `to="checkpoint"` takes it alone'
        )
        raise PassError(name, reason, hint=hint)


def _follow_contexts(model: Model, known: Collection[str]) -> None:
    """Make contexts anew in which those nodes stand."""
    # Few models have any.
    from graphsurgeon.rewrites.training.contexts import rebuild_all

    rebuild_all(model, known=known)


def takes_tensors(
    function: Callable[Concatenate[Model, P], R],
) -> Callable[Concatenate[Model | MutableMapping[str, Any], P], R]:
    """Let a pass take a dict of tensors too, as edits do: a model of variables without a graph."""

    @functools.wraps(function)
    def run(model: Model | MutableMapping[str, Any], /, *args: P.args, **options: P.kwargs) -> R:
        if isinstance(model, Model):
            return function(model, *args, **options)
        alone = Model()
        alone.variables = dict(TensorDict(require_mutable(model)))
        report = function(alone, *args, **options)
        model.clear()
        model.update(alone.variables)
        return report

    return run


def require_graph(model: Model, name: str) -> None:
    """Refuse values of variables alone where a pass, of that name, needs the graph that they belong to."""
    num_tensors = len(model.variables)
    if not num_tensors or len(model.graph):
        return
    tensors = "1 tensor" if num_tensors == 1 else f"{num_tensors:,} tensors"
    reason = f"there is no graph: these are {tensors} alone, a checkpoint without its graph"
    hint = 'load the .meta, GraphDef or SavedModel of the model; `load(checkpoint="PREFIX")` gives it these values'
    raise PassError(name, reason, hint=hint)


def check_result(model: Model, name: str, *, obeys: bool) -> None:
    """Require that a pass left a model well formed: else it refuses, if it `obeys`, or is wrong (a GraphError)."""
    try:
        check(model)
    except GraphError as error:
        if obeys:
            node = error.node if error.function is None else f"{error.function}/{error.node or ''}"
            reason = f"the graph would not be well formed: {error.reason}"
            raise PassError(name, reason, node=node, hint=error.hint) from error
        raise GraphError(
            f"after {name}: {error.reason}",
            node=error.node,
            function=error.function,
            hint=f"this is a defect of {name}; the model was put back as it was",
        ) from error
