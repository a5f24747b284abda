"""Passes on the tiny graphs of `tests.notation`: what becomes of them, and that a refusal leaves them alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from graphsurgeon.checks import check
from graphsurgeon.errors import GraphSurgeonError
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.names import node_of
from proto_utils import schema
from tests import notation

Pass = Callable[..., Any]

#: Of variables.
KINDS = ("ref", "resource")

#: A frozen reference variable `w`, read as freezing leaves it.
FROZEN = """
    x = Placeholder {dtype: f32}
    w = Const {f32 [2,3]}
    w/read = Identity(w) {_class: loc:@w}
    y = MatMul(x, w/read)
"""


def model(text: str, *functions: Function, meta: schema.MetaGraphDef | None = None) -> Model:
    """A well-formed model as loading a file gives it: its nodes remember their bytes.

    Parameters
    ----------
    text
        As `tests.notation` reads it.
    functions
        The library.
    meta
        What is around the graph; None for a bare GraphDef.
    """
    made = notation.model(text, *functions)
    made.meta = meta
    check(made)
    return reloaded(made)


def reloaded(of: Model) -> Model:
    """The model after writing it to bytes and reading them."""
    if of.meta is None:
        copy = Model.from_graph_def(of.to_graph_def())
    else:
        copy = Model.from_meta_graph_def(of.to_meta_graph_def())
    copy.variables = dict(of.variables)
    return copy


def state(of: Model) -> tuple[object, ...]:
    """Everything that a refused pass must leave alone."""
    meta = None if of.meta is None else schema.serialize(of.to_meta_graph_def())
    return schema.serialize(of.to_graph_def()), meta, dict(of.variables)


# The op that runs all initializers.
_INIT = re.compile(r"init = NoOp\((\^\S+/Assign(_\d+)?(, )?)+\)")


def shown(of: Model, without: str = "save/") -> list[str]:
    """The nodes, one a line; those of a scope left out, and what `unfreeze` sets the variables up with."""
    lines = notation.show(of.graph).splitlines()
    return [line for line in lines if not (line.startswith(without) or _INIT.fullmatch(line))]


def check_pass(run: Pass, before: Model, after: str, *, without: str = "save/", **options: Any) -> Any:
    """Run a pass, compare the graph with what `tests.notation` shows of it, and return the report.

    The result must also be the same, byte for byte, when the pass runs once more on a copy of the model.

    Parameters
    ----------
    run
        The pass.
    before
        Edited.
    after
        The nodes in order, one a line.
    without
        Nodes of this scope are left out.
    options
        Of the pass.
    """
    twin = reloaded(before)
    report = run(before, **options)
    assert shown(before, without) == [line.strip() for line in after.strip().splitlines()]
    assert run(twin, **options).to_json() == report.to_json()
    assert state(twin)[:2] == state(before)[:2]
    assert list(twin.variables) == list(before.variables)
    return report


def check_refusal(run: Pass, of: Model, error: type[GraphSurgeonError], match: str, **options: Any) -> Any:
    """Run a pass that must refuse and must leave the model as it was, byte for byte; return the error."""
    before = state(of)
    with pytest.raises(error, match=match) as caught:
        run(of, **options)
    assert state(of) == before
    return caught.value


def attrs(of: Model, name: str) -> dict[str, Any]:
    """The attrs of a node."""
    return dict(of.graph[name].attrs)


def variable_def(name: str, read: str = "read") -> bytes:
    """What a collection says of a variable that has its nodes below its name."""
    return schema.serialize(
        schema.VariableDef(
            variable_name=f"{name}:0",
            initializer_name=f"{name}/Assign",
            snapshot_name=f"{name}/{read}:0",
            initial_value_name=f"{name}/zeros:0",
        )
    )


def definitions(of: Model, collection: str) -> list[schema.VariableDef]:
    """What a collection of variables holds."""
    assert of.meta is not None
    if collection not in of.meta.collection_def:
        return []
    return [schema.parse(schema.VariableDef, v) for v in of.meta.collection_def[collection].bytes_list.value]


def listed(of: Model, collection: str) -> list[str]:
    """The variables in a collection, by node."""
    return [node_of(definition.variable_name) for definition in definitions(of, collection)]


def keys_saved(of: Model, scope: str = "save") -> list[bytes]:
    """The checkpoint keys of the saver in a scope."""
    return list(of.graph[f"{scope}/SaveV2/tensor_names"].tensor.strings())
