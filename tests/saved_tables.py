"""A graph with a table that its saver saves, and the values of its checkpoint."""

from __future__ import annotations

import numpy as np

from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.values import StringTensor, as_tensor
from proto_utils import schema
from tests import notation

TABLE = """
    x = Placeholder {dtype: i64}
    w = VariableV2 {dtype: f32, shape: shape[1]}
    w/zeros = Const {f32 [1]}
    w/Assign = Assign(w, w/zeros)
    w/read = Identity(w)
    counts = MutableHashTableV2 {key_dtype: i64, value_dtype: f32}
    default = Const {f32 []}
    find = LookupTableFindV2(counts, x, default) {Tin: i64, Tout: f32}
    y = Mul(find, w/read)
    z = Identity(find)
    export = LookupTableExportV2(counts) {Tkeys: i64, Tvalues: f32}
    save/Const = Const {str []}
    save/names = Const {str [3]}
    save/slices = Const {str [3]}
    save/SaveV2 = SaveV2(save/Const, save/names, save/slices, export, export:1, w) {dtypes: [i64, f32, f32]}
    save/control_dependency = Identity(save/Const, ^save/SaveV2)
    save/RestoreV2 = RestoreV2(save/Const, save/names, save/slices) {dtypes: [i64, f32, f32]}
    save/restore = LookupTableImportV2(counts, save/RestoreV2, save/RestoreV2:1) {Tin: i64, Tout: f32, _class: loc:@x}
    save/Assign = Assign(w, save/RestoreV2:2)
    save/restore_all = NoOp(^save/Assign, ^save/restore)
"""
KEYS = ("counts-keys", "counts-values", "w")


def table_model(text: str = TABLE) -> Model:
    """Make the model, with two entries in the table and 2.0 in `w`."""
    model = notation.model(text)
    for name, texts in {"save/names": [key.encode() for key in KEYS], "save/slices": [b""] * 3}.items():
        if model.graph.get(name) is not None:
            model.graph[name].attrs["value"] = StringTensor((3,), texts)
    model.meta = schema.MetaGraphDef()
    saver = model.meta.saver_def
    saver.filename_tensor_name, saver.save_tensor_name = "save/Const:0", "save/control_dependency:0"
    saver.restore_op_name = "save/restore_all"
    values = np.array([1, 2], np.int64), np.array([10, 20], np.float32), np.array([2], np.float32)
    model.variables = {key: as_tensor(value) for key, value in zip(KEYS, values, strict=True)}
    return model
