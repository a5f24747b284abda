"""`convert_variables_to_constants` of TensorFlow without TensorFlow.

GraphDefs are TensorFlow's own, or ours; the result is of the caller's kind, and what is
given is never modified. The values come from a checkpoint, from a mapping, or from a
session: anything with a method `run`.

Source: convert_to_constants.py of TensorFlow 2.21, whose results these equal byte for
byte where it has sound ones, but for the number in ``<base>_frozen_<n>``, which TensorFlow
counts through a process. Where it leaves a graph that does not load (op `Variable`, writers
on constants, ResourceGather in functions, functions that return what they read or are called
by their names), these finish the work or say which node prevents it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from graphsurgeon.checks import check
from graphsurgeon.compat.local_path import local_path
from graphsurgeon.errors import GraphError, PassError, near_names
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.op_families import REF_OPS
from graphsurgeon.rewrites.freezing.to_constants import check_value, needed_variables, to_constants
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.checkpoint_keys import VariableValues

_OPERATION = "convert_variables_to_constants"


def convert_variables_to_constants(
    sess: Any,
    input_graph_def: Any,
    output_node_names: Iterable[str],
    variable_names_whitelist: Collection[str] | None = None,
    variable_names_blacklist: Collection[str] | None = None,
) -> Any:
    """Return a graph in which variables are constants, with the nodes that outputs need.

    Parameters
    ----------
    sess : path, mapping of str to array or Tensor, or Session
        Where the values are: a checkpoint, values by checkpoint key, or a session that holds them.
    output_node_names : iterable of str
        Names of nodes, without a ``:0``.
    variable_names_whitelist : collection of str, optional
        The only variables to convert.
    variable_names_blacklist : collection of str, optional
        Variables not to convert.

    Returns
    -------
    GraphDef
        Of the same kind as the one given.

    Raises
    ------
    TypeError
        `input_graph_def` is no GraphDef, or `output_node_names` is a string.
    AssertionError
        The graph has no such node.
    ValueError
        Something needs a variable as a variable, or a value does not fit; the node is named.
    KeyError
        There is no value for a variable (`NotFoundError`, with near names).
    """
    if getattr(getattr(input_graph_def, "DESCRIPTOR", None), "full_name", None) != "tensorflow.GraphDef":
        raise TypeError(f"graph_def must be a GraphDef, not {type(input_graph_def)}")
    if isinstance(output_node_names, str):
        raise TypeError(f"output_node_names must be an iterable of strings, not {type(output_node_names)}")
    names = list(output_node_names)
    model = Model.from_graph_def(input_graph_def)
    if not hasattr(sess, "run"):
        model.variables = {key: as_tensor(value) for key, value in _stored(sess).items()}
    convert(model, names, variable_names_whitelist, variable_names_blacklist, session=sess)
    return model.to_graph_def(like=input_graph_def)


def convert_variables_to_constants_from_session_graph(
    session: Any,
    graph_def: Any,
    output_node_names: Iterable[str],
    variable_names_allowlist: Collection[str] | None = None,
    variable_names_denylist: Collection[str] | None = None,
) -> Any:
    """Do the same as `convert_variables_to_constants`, whose parameters have other names."""
    return convert_variables_to_constants(
        session, graph_def, output_node_names, variable_names_allowlist, variable_names_denylist
    )


def convert(
    model: Model,
    outputs: Sequence[str],
    allowed: Collection[str] | None = None,
    denied: Collection[str] | None = None,
    *,
    session: Any = None,
    assigned: Mapping[str, Tensor] | None = None,
) -> None:
    """Convert a model in place, to a bare GraphDef; for what the functions of this package have in common.

    `allowed` are the only variables to convert, `denied` those not to convert. The values are in a `session` that has a
    method `run`, else in `model.variables`; `assigned` ones replace them. Errors are those of
    `convert_variables_to_constants`.
    """
    index = Index(model.graph)
    require_nodes(index.producers, outputs)
    try:
        variables = [
            node
            for node in needed_variables(model, index, outputs)
            if (allowed is None or node.name in allowed) and (denied is None or node.name not in denied)
        ]
        if hasattr(session, "run"):
            names = [node.name if node.op in REF_OPS else f"{node.name}/Read/ReadVariableOp" for node in variables]
            fetched = session.run([f"{name}:0" for name in names]) if names else []
            values = {node.name: as_tensor(value) for node, value in zip(variables, fetched, strict=True)}
        else:
            stored = VariableValues(model, index)
            given = assigned or {}
            values = {n.name: given[n.name] if n.name in given else _checked(stored, n) for n in variables}
        to_constants(model, outputs, values, operation=_OPERATION)
        check(model)
    except (PassError, GraphError) as error:
        raise ValueError(error.message) from error
    model.meta, model.variables = None, {}
    model.library.is_set = True


def require_nodes(nodes: Collection[str], names: Iterable[str]) -> None:
    """Raise TensorFlow's AssertionError for a name of no node."""
    for name in names:
        if name not in nodes:
            meant = " or ".join(near_names(name, nodes))
            raise AssertionError(f"{name} is not in graph" + (f"; did you mean {meant}?" if meant else ""))


def _checked(stored: VariableValues, node: Any) -> Tensor:
    key, value = stored[node]
    check_value(node, key, value, _OPERATION)
    return value


def _stored(values: Any) -> Mapping[str, Any]:
    if isinstance(values, Mapping):
        return values
    if isinstance(values, (str, os.PathLike)):
        # Reading checkpoints needs CRCs; mappings and sessions do without.
        from graphsurgeon.formats.load import load_checkpoint

        return load_checkpoint(local_path(values))
    raise TypeError(f"values come from a checkpoint, a mapping or a session, not from {type(values)}")
