"""Graphs to fit checkpoints to: variables, their initializers and a saver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.collections import list_variables
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import ArrayTensor, FillTensor, TensorDict, as_tensor
from graphsurgeon.tools.fit import requirements as fitting
from graphsurgeon.tools.fit.requirements import Requirement
from graphsurgeon.variables.layout import VariableKind, existing_variables, new_variable
from graphsurgeon.variables.saver import SavedVariable, install_saver
from graphsurgeon.variables.saver_calls import saver_calls

Shapes = Mapping[str, tuple[int, ...]]


def ones(dtype: DType, shape: Sequence[int]) -> Tensor:
    """What variables are initialized to here, to tell it from zeros."""
    return FillTensor(dtype, shape, np.ones((), dtype.numpy()).tobytes())


def target(
    shapes: Shapes,
    *,
    dtype: str = "float32",
    kind: VariableKind = "ref",
    saved: Mapping[str, tuple[str, str]] | None = None,
) -> Model:
    """Make a model with variables and a saver.

    Parameters
    ----------
    shapes
        Of the variables, by name.
    saved
        The key and slice under which a variable is saved, where these are not its name and all of it.
    """
    taken: set[str] = set()
    of = Model(Graph())
    for name, shape in shapes.items():
        value = ones(DType.from_name(dtype), shape)
        for node in new_variable(name, value, kind, taken).nodes:
            of.graph.append(node)
        initial = of.graph[f"{name}/Initializer/zeros"]
        initial.attrs["value"] = as_tensor(np.ones(shape, DType.from_name(dtype).numpy()))
    found = list(existing_variables(of.graph, Index(of.graph)))
    keys = saved or {}
    install_saver(of, [SavedVariable(keys.get(v.node, (v.node,))[0], v, keys.get(v.node, ("", ""))[1]) for v in found])
    assert of.meta is not None
    list_variables(of.meta, [(v.to_proto(trainable=True), ["variables", "trainable_variables"]) for v in found])
    return of


def requirements(of: Model, *, saver: str | None = None) -> list[Requirement]:
    """Return what a model wants."""
    index = Index(of.graph)
    return fitting.requirements(of, index, saver_calls(of, index), saver=saver)


def with_any_shape(of: Model, name: str) -> Model:
    """Forget the shape of a variable."""
    of.graph[name].attrs["shape"] = Shape(None)
    return of


def arrays(shapes: Shapes, dtype: str = "float32") -> TensorDict:
    """Make a checkpoint: numbers from 0 on, another hundred for each tensor."""
    kind = DType.from_name(dtype).numpy()
    return TensorDict(
        {
            name: ArrayTensor((np.arange(int(np.prod(shape))).reshape(shape) + 100 * i).astype(kind))
            for i, (name, shape) in enumerate(shapes.items())
        }
    )


def wanted(key: str, shape: Sequence[int | None] | None, dtype: str = "float32", *nodes: str) -> Requirement:
    """Make a requirement."""
    dims = None if shape is None else tuple(shape)
    return Requirement(key, DType.from_name(dtype), dims, [(node, None) for node in nodes], names=[key, *nodes])
