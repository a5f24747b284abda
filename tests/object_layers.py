"""Checkpoints of objects in a list: the keys are positions, the names are the variables'."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor, as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema
from tests.object_graphs import message


def key(path: str) -> str:
    return f"{path}/.ATTRIBUTES/VARIABLE_VALUE"


def layers(*names: str) -> Any:
    """An object graph: a list of variables of these names."""
    children = [(str(number), 1 + number) for number in range(len(names))]
    return message({"children": children}, *({"attributes": [(name, key(str(n)))]} for n, name in enumerate(names)))


def checkpoint(**values: float) -> dict[str, Tensor]:
    """A checkpoint of a list of variables, by name."""
    tensors: dict[str, Tensor] = {
        key(str(number)): as_tensor(np.float32(value)) for number, value in enumerate(values.values())
    }
    return {**tensors, OBJECT_GRAPH_KEY: StringTensor((), [schema.serialize(layers(*values))])}
