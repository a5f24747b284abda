"""`tf.contrib.graph_editor.select`: ops and tensors by regular expressions, boundaries, and walks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeGuard

from graphsurgeon.compat.graph_editor.util import (
    ControlOutputs,
    concatenate_unique,
    control_inputs_of,
    get_consuming_ops,
    get_generating_ops,
    is_iterable,
    make_list_of_op,
    make_list_of_t,
)
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.output import Output


def can_be_regex(obj: Any) -> TypeGuard[str | re.Pattern[str]]:
    """Return whether something is a regular expression, as text or compiled."""
    return isinstance(obj, (str, re.Pattern))


def make_regex(obj: Any) -> re.Pattern[str]:
    """Return a compiled regular expression; a ValueError for what cannot be compiled."""
    if not can_be_regex(obj):
        raise ValueError(f"a text or a regular expression is wanted, not a {type(obj).__name__}")
    return re.compile(obj)


def _get_input_ts(ops: Any) -> list[Output]:
    ts: list[Output] = []
    return concatenate_unique(ts, [t for op in make_list_of_op(ops) for t in op.input_tensors])


def _get_output_ts(ops: Any) -> list[Output]:
    return [t for op in make_list_of_op(ops) for t in op.outputs]


def filter_ts(ops: Any, positive_filter: Any) -> list[Output]:
    """Return the inputs and outputs of ops that a function says yes to; all of them for True."""
    ts = concatenate_unique(_get_input_ts(ops), _get_output_ts(ops))
    return ts if positive_filter is True else [t for t in ts if positive_filter(t)]


def filter_ts_from_regex(ops: Any, regex: Any) -> list[Output]:
    """Return the inputs and outputs of ops in whose names a regular expression is found."""
    search = make_regex(regex).search
    return filter_ts(ops, lambda t: search(t.name))


def filter_ops(ops: Any, positive_filter: Any) -> list[Node]:
    """Return the ops that a function says yes to; all of them for True."""
    found = make_list_of_op(ops)
    return found if positive_filter is True else [op for op in found if positive_filter(op)]


def filter_ops_from_regex(ops: Any, regex: Any) -> list[Node]:
    """Return the ops in whose names a regular expression is found."""
    search = make_regex(regex).search
    return filter_ops(ops, lambda op: search(op.name))


def get_name_scope_ops(ops: Any, scope: str) -> list[Node]:
    """Return the ops of a scope, and the one of its name."""
    scope = scope.removesuffix("/")
    return filter_ops(ops, lambda op: op.name == scope or op.name.startswith(f"{scope}/"))


def check_cios(
    control_inputs: bool = False,
    control_outputs: ControlOutputs | None = None,
    control_ios: ControlOutputs | None = None,
) -> tuple[bool, ControlOutputs | None]:
    """Return whether control inputs are gone along, and the control outputs if they are.

    `control_ios` stands for both, and is given alone: a ValueError else.
    """
    for each in (control_outputs, control_ios):
        if each is not None and not isinstance(each, ControlOutputs):
            raise TypeError(f"ControlOutputs are wanted, not a {type(each).__name__}")
    if control_ios is None:
        return control_inputs, control_outputs
    if control_outputs is not None:
        raise ValueError("control_ios stands for control_outputs, too: one of them is to be None")
    return True, control_ios


def get_ops_ios(
    ops: Any,
    control_inputs: bool = False,
    control_outputs: ControlOutputs | None = None,
    control_ios: ControlOutputs | None = None,
) -> list[Node]:
    """Return the ops next to some: those that they read, and those that read them."""
    control_inputs, control_outputs = check_cios(control_inputs, control_outputs, control_ios)
    found: dict[Node, None] = {}
    for op in make_list_of_op(ops):
        found.update(dict.fromkeys(_behind(op, control_inputs, ())))
        found.update(dict.fromkeys(_ahead(op, control_outputs, ())))
    return list(found)


def compute_boundary_ts(ops: Any) -> tuple[list[Output], list[Output], list[Output]]:
    """Return the tensors that ops read from outside, those that they make for outside or nobody, and those inside.

    What is read inside and outside is in both of the latter.
    """
    inside = frozenset(make_list_of_op(ops))
    read, made = _get_input_ts(ops), _get_output_ts(ops)
    own = frozenset(made)
    insides = [t for t in read if t in own]
    hidden = {t for t in insides if inside.issuperset(t.consumers())}
    return [t for t in read if t not in own], [t for t in made if t not in hidden], insides


def get_within_boundary_ops(
    ops: Any,
    seed_ops: Any,
    boundary_ops: Any = (),
    inclusive: bool = True,
    control_inputs: bool = False,
    control_outputs: ControlOutputs | None = None,
    control_ios: ControlOutputs | None = None,
) -> list[Node]:
    """Return those of the ops that can be reached from seeds, in any direction, without crossing a boundary.

    A ValueError when a seed is on the boundary.
    """
    control_inputs, control_outputs = check_cios(control_inputs, control_outputs, control_ios)
    boundary = frozenset(make_list_of_op(boundary_ops))
    found = dict.fromkeys(make_list_of_op(seed_ops, allow_graph=False))
    if not boundary.isdisjoint(found):
        raise ValueError("a seed is on the boundary")
    pending = list(found)
    while pending:
        for op in get_ops_ios(pending.pop(), control_inputs, control_outputs):
            if op in found or (op in boundary and not inclusive):
                continue
            found[op] = None
            if op not in boundary:
                pending.append(op)
    return [op for op in make_list_of_op(ops) if op in found]


def get_forward_walk_ops(
    seed_ops: Any,
    inclusive: bool = True,
    within_ops: Any = None,
    within_ops_fn: Callable[[Node], bool] | None = None,
    stop_at_ts: Any = (),
    control_outputs: ControlOutputs | None = None,
) -> list[Node]:
    """Return ops, or the readers of tensors, with all that come after them."""
    _, control_outputs = check_cios(False, control_outputs)
    stops = frozenset(make_list_of_t(stop_at_ts))
    seeds = _seeds(seed_ops, get_consuming_ops)
    return _walk(seeds, lambda op: _ahead(op, control_outputs, stops), inclusive, within_ops, within_ops_fn)


def get_backward_walk_ops(
    seed_ops: Any,
    inclusive: bool = True,
    within_ops: Any = None,
    within_ops_fn: Callable[[Node], bool] | None = None,
    stop_at_ts: Any = (),
    control_inputs: bool = False,
) -> list[Node]:
    """Return ops, or the makers of tensors, with all that come before them."""
    stops = frozenset(make_list_of_t(stop_at_ts))
    seeds = _seeds(seed_ops, get_generating_ops)
    return _walk(seeds, lambda op: _behind(op, control_inputs, stops), inclusive, within_ops, within_ops_fn)


def get_walks_intersection_ops(  # noqa: PLR0913, PLR0917 -- they are TensorFlow's
    forward_seed_ops: Any,
    backward_seed_ops: Any,
    forward_inclusive: bool = True,
    backward_inclusive: bool = True,
    within_ops: Any = None,
    within_ops_fn: Callable[[Node], bool] | None = None,
    control_inputs: bool = False,
    control_outputs: ControlOutputs | None = None,
    control_ios: ControlOutputs | None = None,
) -> list[Node]:
    """Return the ops that are on both a walk forward and a walk backward."""
    forward, backward = _walks(
        forward_seed_ops, backward_seed_ops, forward_inclusive, backward_inclusive, within_ops, within_ops_fn,
        check_cios(control_inputs, control_outputs, control_ios),
    )  # fmt: skip
    both = frozenset(backward)
    return [op for op in forward if op in both]


def get_walks_union_ops(  # noqa: PLR0913, PLR0917 -- they are TensorFlow's
    forward_seed_ops: Any,
    backward_seed_ops: Any,
    forward_inclusive: bool = True,
    backward_inclusive: bool = True,
    within_ops: Any = None,
    within_ops_fn: Callable[[Node], bool] | None = None,
    control_inputs: bool = False,
    control_outputs: ControlOutputs | None = None,
    control_ios: ControlOutputs | None = None,
) -> list[Node]:
    """Return the ops that are on a walk forward or a walk backward."""
    forward, backward = _walks(
        forward_seed_ops, backward_seed_ops, forward_inclusive, backward_inclusive, within_ops, within_ops_fn,
        check_cios(control_inputs, control_outputs, control_ios),
    )  # fmt: skip
    return concatenate_unique(forward, backward)


def _walks(
    forward_seeds: Any,
    backward_seeds: Any,
    forward_inclusive: bool,
    backward_inclusive: bool,
    within_ops: Any,
    within_ops_fn: Callable[[Node], bool] | None,
    controls: tuple[bool, ControlOutputs | None],
) -> tuple[list[Node], list[Node]]:
    """Return the ops of a walk forward, and those of one backward."""
    control_inputs, control_outputs = controls
    forward = get_forward_walk_ops(
        forward_seeds, forward_inclusive, within_ops, within_ops_fn, control_outputs=control_outputs
    )
    backward = get_backward_walk_ops(
        backward_seeds, backward_inclusive, within_ops, within_ops_fn, control_inputs=control_inputs
    )
    return forward, backward


def select_ops(*args: Any, **kwargs: Any) -> list[Node]:
    """Return ops that are given, or found by regular expressions in their names; tensors among them do not count.

    Keywords are `graph`, which regular expressions need, `positive_filter`, a function that says which, and
    `restrict_ops_regex`: only those that begin with ``(?#ops)`` are for ops.
    """
    return _select(args, kwargs, "ops", "ts", filter_ops_from_regex, lambda arg: make_list_of_op(arg, ignore_ts=True))


def select_ts(*args: Any, **kwargs: Any) -> list[Output]:
    """Return tensors that are given, or found by regular expressions in their names; ops among them do not count.

    Keywords are those of `select_ops`, `restrict_ts_regex` is for ``(?#ts)``.
    """
    return _select(args, kwargs, "ts", "ops", filter_ts_from_regex, lambda arg: make_list_of_t(arg, ignore_ops=True))


def select_ops_and_ts(*args: Any, **kwargs: Any) -> tuple[list[Node], list[Output]]:
    """Return ops as `select_ops`, and tensors as `select_ts`; regular expressions for those begin with ``(?#ts)``."""
    ops = select_ops(*args, restrict_ops_regex=False, **kwargs)
    return ops, select_ts(*args, restrict_ts_regex=True, **kwargs)


def _select(
    args: Iterable[Any],
    kwargs: dict[str, Any],
    kind: str,
    other: str,
    from_regex: Callable[[Graph, re.Pattern[str]], list[Any]],
    from_list: Callable[[Any], list[Any]],
) -> list[Any]:
    allowed = {"graph", "positive_filter", "restrict_ops_regex", "restrict_ts_regex"}
    if set(kwargs) - allowed:
        raise ValueError(f"unexpected keywords {sorted(set(kwargs) - allowed)}; those allowed are {sorted(allowed)}")
    graph, wanted = kwargs.get("graph"), kwargs.get("positive_filter")
    if graph is not None and not isinstance(graph, Graph):
        raise TypeError(f"a Graph is wanted, not a {type(graph).__name__}")
    found: list[Any] = []
    for arg in args:
        if not can_be_regex(arg):
            some = from_list(arg)
        elif graph is None:
            raise ValueError("a regular expression needs graph=")
        else:
            regex = make_regex(arg)
            is_own = regex.pattern.startswith(f"(?#{kind})")
            if regex.pattern.startswith(f"(?#{other})") or (kwargs.get(f"restrict_{kind}_regex") and not is_own):
                continue
            some = from_regex(graph, regex)
        concatenate_unique(found, some if wanted is None else [each for each in some if wanted(each)])
    return found


def _seeds(given: Any, of_ts: Callable[[Any], list[Node]]) -> list[Node]:
    seeds = list(given) if is_iterable(given) and not isinstance(given, Graph) else [given]
    if seeds and isinstance(seeds[0], Output):
        return list(dict.fromkeys(of_ts(seeds)))
    return list(dict.fromkeys(make_list_of_op(seeds, allow_graph=False)))


def _walk(
    seeds: list[Node],
    step: Callable[[Node], Iterable[Node]],
    inclusive: bool,
    within_ops: Any,
    within_ops_fn: Callable[[Node], bool] | None,
) -> list[Node]:
    within = None if within_ops is None else frozenset(make_list_of_op(within_ops, allow_graph=False))
    if within:
        seeds = [op for op in seeds if op in within]
    found = dict.fromkeys(seeds)
    wave = seeds
    while wave:
        new: dict[Node, None] = {}
        for op in wave:
            for other in step(op):
                if other in found or (within is not None and other not in within):
                    continue
                if within_ops_fn is None or within_ops_fn(other):
                    new[other] = None
        found.update(new)
        wave = list(new)
    first = frozenset(() if inclusive else seeds)
    return [op for op in found if op not in first]


def _ahead(op: Node, control_outputs: ControlOutputs | None, stops: Any) -> Iterable[Node]:
    for t in op.outputs:
        if t not in stops:
            yield from t.consumers()
    if control_outputs is not None:
        yield from control_outputs.get(op)


def _behind(op: Node, control_inputs: bool, stops: Any) -> Iterable[Node]:
    for t in op.input_tensors:
        if t.node is not None and t not in stops:
            yield t.node
    if control_inputs:
        yield from control_inputs_of(op)
