"""Models to freeze."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from tests.passes.harness import model, variable_def

REF = """
    x = Placeholder {dtype: f32}
    v = VariableV2 {dtype: f32, shape: shape[2], container: "", shared_name: ""} on /gpu:0
    v/zeros = Const {f32 [2]}
    v/Assign = Assign(v, v/zeros) {_class: loc:@v}
    v/read = Identity(v) {_class: loc:@v}
    y = Mul(x, v/read)
    loss = Sub(y, x)
"""


def of_size(size: int) -> str:
    """`REF` with a variable of so many values."""
    return REF.replace("shape[2]", f"shape[{size}]").replace("{f32 [2]}", f"{{f32 [{size}] 0}}")


RESOURCE = """
    x = Placeholder {dtype: f32}
    v = VarHandleOp {dtype: f32, shape: shape[2], container: "", shared_name: "v"}
    v/IsInitialized/VarIsInitializedOp = VarIsInitializedOp(v)
    v/zeros = Const {f32 [2]}
    v/Assign = AssignVariableOp(v, v/zeros) {dtype: f32}
    v/Read/ReadVariableOp = ReadVariableOp(v) {dtype: f32}
    y = Mul(x, v/Read/ReadVariableOp)
"""

TWO = """
    x = Placeholder {dtype: f32}
    v = VariableV2 {dtype: f32, shape: shape[2], container: "", shared_name: ""}
    v/zeros = Const {f32 [2]}
    v/Assign = Assign(v, v/zeros) {_class: loc:@v}
    v/read = Identity(v) {_class: loc:@v}
    w = VarHandleOp {dtype: f32, shape: shape[2], container: "", shared_name: "w"}
    w/zeros = Const {f32 [2]}
    w/Assign = AssignVariableOp(w, w/zeros) {dtype: f32}
    w/Read/ReadVariableOp = ReadVariableOp(w) {dtype: f32}
    y = Mul(x, v/read)
    z = Add(y, w/Read/ReadVariableOp)
    init = NoOp(^v/Assign, ^w/Assign)
"""


def trained(
    text: str, values: Mapping[str, Any] | None = None, *functions: Function, meta: schema.MetaGraphDef | None = None
) -> Model:
    """A model with the values of its variables."""
    made = model(text, *functions, meta=meta)
    given = {"v": np.array([5, 6], np.float32)} if values is None else values
    made.variables = {key: as_tensor(value) for key, value in given.items()}
    return made


def surrounded() -> schema.MetaGraphDef:
    """Collections and signatures around `TWO`."""
    meta = schema.MetaGraphDef()
    for collection in ("variables", "trainable_variables"):
        entries = [variable_def("v"), variable_def("w", "Read/ReadVariableOp")]
        meta.collection_def[collection].bytes_list.value.extend(entries)
    meta.collection_def["losses"].node_list.value.append("gone:0")
    meta.signature_def["serving_default"].outputs["out"].name = "z:0"
    meta.signature_def["other"].outputs["out"].name = "y:0"
    return meta


BOTH = {"v": np.array([5, 6], np.float32), "w": np.array([7, 8], np.float32)}


class Unreadable(Tensor):
    """A tensor whose values nobody may read."""

    def chunks(self, nbytes: int = 0) -> Any:
        """Refuse."""
        raise AssertionError("the values were read")
