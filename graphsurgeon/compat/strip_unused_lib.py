"""`tensorflow.python.tools.strip_unused_lib` without TensorFlow.

The pass `prune` does the same and more: it finds the true dtypes itself, refuses what
cannot work and streams. This is for callers of TensorFlow's own two functions.

Source: strip_unused_lib.py of TensorFlow 1.15 and 2.21.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphsurgeon.compat.graph_util import extract_sub_graph
from graphsurgeon.compat.local_path import local_path
from graphsurgeon.compat.named_nodes import require_nodes_of, still_there
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names, node_of, some_of, split_names, texts_of
from graphsurgeon.passes.prune import prune
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema
from proto_utils.errors import NotFoundError
from proto_utils.output import Transaction
from proto_utils.side_files import read_side_file

__all__ = ["leave_between", "strip_model", "strip_unused", "strip_unused_from_files"]

_KEPT_ATTRS = ("_output_shapes", "shape")


def strip_unused(
    input_graph_def: Any,
    input_node_names: Sequence[str],
    output_node_names: Sequence[str],
    placeholder_type_enum: int | Sequence[int],
) -> Any:
    """Return the part of a graph between inputs and outputs.

    Unlike TensorFlow's, this one keeps library and versions, without which a graph that
    calls functions cannot be imported.

    Parameters
    ----------
    input_graph_def : GraphDef
        Not modified.
    input_node_names : sequence of str
        Each becomes a Placeholder of its name, with its attrs ``shape`` and ``_output_shapes``.
    output_node_names : sequence of str
        As for `extract_sub_graph`, whose errors are raised too.
    placeholder_type_enum : int, or sequence of int
        The number of the dtype, for all inputs or for each; nothing checks it.

    Returns
    -------
    GraphDef
        Of the caller's kind.

    Raises
    ------
    ValueError
        An input is a tensor name, ``a:0``.
    KeyError
        There is no such input (`NotFoundError`).
    """
    for name in input_node_names:
        if ":" in name:
            raise ValueError(f"{name!r} names a tensor; name the node instead")
    given = placeholder_type_enum
    types = given if isinstance(given, Sequence) else [given] * len(input_node_names)
    # Of a name that is given twice the first type counts.
    left = dict(reversed(list(zip(input_node_names, types, strict=True))))
    names = {node.name for node in input_graph_def.node}
    for name in left:
        if name not in names:
            raise NotFoundError.among("node", name, names, where="the graph, so it is no input")
    replaced = type(input_graph_def)()
    for node in input_graph_def.node:
        replaced.node.append(_placeholder(node, left[node.name]) if node.name in left else node)
    for name in ("library", "versions"):
        if input_graph_def.HasField(name):
            getattr(replaced, name).CopyFrom(getattr(input_graph_def, name))
    return extract_sub_graph(replaced, output_node_names)


def strip_model(model: Model, inputs: Names, outputs: Names, placeholder_type_enum: int | Sequence[int]) -> list[str]:
    """Leave the part of a model between inputs and outputs, in place; return notes.

    Unlike `strip_unused` this is checked: an input is of the dtype that its tensor has. The number of float32, which is
    what TensorFlow has by default, stands for that; any other is refused where those who read the input do not take it.
    """
    names = split_names(texts_of(inputs, "inputs"))
    given = placeholder_type_enum
    types = list(given) if isinstance(given, Sequence) else [given] * len(names)
    if len(types) != len(names):
        reason = f"{len(types)} dtypes for {len(names)} inputs"
        raise PassError("strip_unused", reason, hint="give one, or one for each", is_usage=True)
    require_nodes_of(model, names)
    told: dict[tuple[str, str], list[str]] = {}
    for name, number in zip(names, types, strict=True):
        dtype = "" if number == dtypes.FLOAT.number else DType.from_number(number).name
        told.setdefault((dtype, ""), []).append(name)
    return leave_between(model, told, split_names(texts_of(outputs, "outputs")))


def leave_between(model: Model, inputs: Mapping[tuple[str, str], Sequence[str]], outputs: Sequence[str]) -> list[str]:
    """Leave the part of a model between inputs, by what is told of their dtype and shape, and outputs; return notes.

    Texts that are empty tell nothing. A name that an earlier input made superfluous is noted.
    """
    for (dtype, shape), texts in sorted(inputs.items()) or [(("", ""), [])]:
        types, shapes = (dtype,) if dtype else (), (shape,) if shape else ()
        prune(model, outputs=outputs, inputs=still_there(model, texts), input_type=types, input_shape=shapes)
    names = [node_of(text) for texts in inputs.values() for text in texts]
    notes = [f"the outputs do not need the input {name!r}" for name in names if name not in model.graph]
    others = [node.name for node in model.graph.nodes_of({"Placeholder"}) if node.name not in names]
    if names and others:
        notes.append(f"the outputs also need {some_of(others)} to be fed")
    return notes


def strip_unused_from_files(
    input_graph: str,
    input_binary: bool,
    output_graph: str,
    output_binary: bool,
    input_node_names: str,
    output_node_names: str,
    placeholder_type_enum: int | Sequence[int],
) -> None:
    """Read a GraphDef, `strip_unused` it, and write what is left.

    Parameters
    ----------
    input_graph, output_graph : str
        Files.
    input_binary, output_binary : bool
        Whether they are binary; text otherwise.
    input_node_names, output_node_names : str
        Separated by commas.

    Raises
    ------
    OSError
        A file cannot be read or written. TensorFlow prints that and returns -1.
    CorruptionError
        `input_graph` is no GraphDef of that form.
    ValueError
        No outputs are named. TensorFlow prints that and returns -1.
    """
    data = read_side_file(local_path(input_graph), "the graph", schema.MAX_MESSAGE_NBYTES)
    if not output_node_names:
        raise ValueError("no output nodes are named")
    read = schema.parse if input_binary else schema.parse_text
    graph_def = read(schema.GraphDef, data, path=input_graph)
    stripped = strip_unused(graph_def, input_node_names.split(","), output_node_names.split(","), placeholder_type_enum)
    out = schema.serialize(stripped) if output_binary else schema.print_text(stripped).encode()
    place = local_path(output_graph)
    with Transaction(place, overwrite=True) as transaction:
        transaction.create(place).write(out)


def _placeholder(node: Any, dtype: int) -> Any:
    placeholder = type(node)(name=node.name, op="Placeholder")
    placeholder.attr["dtype"].type = dtype
    for key in _KEPT_ATTRS:
        if key in node.attr:
            placeholder.attr[key].CopyFrom(node.attr[key])
    return placeholder
