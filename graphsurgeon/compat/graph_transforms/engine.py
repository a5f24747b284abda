"""Transform strings, done on a model or a GraphDef: all or none of them, each on what the one before left."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphsurgeon.compat.graph_transforms.grammar import TransformCall, parse_transforms
from graphsurgeon.compat.graph_transforms.offered import NOT_OFFERED, OFFERED
from graphsurgeon.compat.graph_transforms.parameters import Parameters
from graphsurgeon.compat.named_nodes import require_nodes_of
from graphsurgeon.display import Displayed
from graphsurgeon.errors import GraphSurgeonError, NotFoundError, PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names, split_names, texts_of

_NAME = "transform_graph"


@dataclass
class TransformGraphReport(Displayed):
    """What `transform_model` did.

    Attributes
    ----------
    transforms : list of str
        Those that were done, in their order.
    undone : list of str
        What was asked for and left undone, and why.
    notes : list of str
        Of those that were done.
    """

    transforms: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def TransformGraph(  # noqa: N802 -- TensorFlow calls it so
    input_graph_def: Any, inputs: Sequence[str], outputs: Sequence[str], transforms: Sequence[str]
) -> Any:
    """Return a graph with transforms of the Graph Transform Tool applied.

    What TensorFlow takes for granted is kept: versions, function bodies, which are transformed too, colocation, and the
    outputs whatever op they are; see the table of differences in ``docs/compat.md``.

    Parameters
    ----------
    input_graph_def : GraphDef
        TensorFlow's own, or ours; not modified.
    inputs : list of str
        The nodes that are fed.
    outputs : list of str
        The nodes that are asked for.
    transforms : list of str
        Transforms with their parameters, ``strip_unused_nodes(type=float, shape="1,299,299,3")``.

    Returns
    -------
    GraphDef
        Of the caller's kind. What was left out because of ``ignore_errors=true``, and parameters that a transform does
        not have, are warnings.

    Raises
    ------
    NotFoundError
        There is no such transform, input or output.
    PassError
        A transform is not offered, or declines; or the string is not of the grammar.
    """
    model = Model.from_graph_def(input_graph_def)
    for note in transform_model(model, inputs, outputs, transforms).undone:
        warnings.warn(note, stacklevel=2)
    return model.to_graph_def(like=input_graph_def)


def transform_model(model: Model, inputs: Names, outputs: Names, transforms: Names) -> TransformGraphReport:
    """Apply transforms to the graph of a model in place; parameters and errors are those of `TransformGraph`.

    Everything is checked before anything is done, and when one declines the model is as it was.
    """
    calls = parse_transforms(transforms)
    inputs, outputs = split_names(texts_of(inputs, "inputs")), split_names(texts_of(outputs, "outputs"))
    require_nodes_of(model, [*inputs, *outputs])
    report = TransformGraphReport()
    todo = []
    for number, call in enumerate(calls, 1):
        given = Parameters(call.name, call.parameters, inputs, outputs)
        ignores = given.flag("ignore_errors", default=False)
        todo.append((number, call, given, ignores))
        _check(call, report, ignores=ignores)
    before = model.snapshot()
    try:
        for number, call, given, ignores in todo:
            _run(model, f"transform {number} ({call.name})", given, report, ignores=ignores)
    except BaseException:
        model.restore(before)
        raise
    return report


def _check(call: TransformCall, report: TransformGraphReport, *, ignores: bool) -> None:
    """Refuse a transform that is not there, and note parameters that it does not have, which do nothing."""
    offered = OFFERED.get(call.name)
    if offered is None and call.name not in NOT_OFFERED:
        raise NotFoundError.among("transform", call.name, OFFERED)
    if offered is None or not offered.is_there:
        if not ignores:
            hint = NOT_OFFERED.get(call.name)
            raise PassError(_NAME, f"the transform {call.name} is not offered", hint=hint)
        return
    known = (*offered.parameters.split(), "ignore_errors")
    report.undone += [
        f"{call.name} has no parameter {name!r}, which does nothing" for name in call.parameters if name not in known
    ]


def _run(model: Model, where: str, given: Parameters, report: TransformGraphReport, *, ignores: bool) -> None:
    offered = OFFERED.get(given.name)
    if offered is None or not offered.is_there:
        report.undone.append(f"{where} is not offered, and was left out")
        return
    before = model.snapshot()
    try:
        offered.run(model, given)
    except GraphSurgeonError as error:
        error.message = f"{where}: {error.message}"
        if not ignores:
            raise
        model.restore(before)
        report.undone.append(f"{error.message}; errors of it are ignored, so it was left out")
        return
    report.transforms.append(given.name)
    report.undone += given.undone
    report.notes += given.notes
