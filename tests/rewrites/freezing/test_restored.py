"""Variables made again from notes: partitions, handles, and what is left of their parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.checks import check
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.freezing.restored import restore_variables
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from tests import notation
from tests.passes.harness import listed, reloaded, shown

RESOURCE = """
    x = Placeholder {dtype: f32}
    i = Placeholder {dtype: i32}
    v = VarHandleOp {dtype: f32, shape: shape[2], container: "", shared_name: "v"}
    v/zeros = Const {f32 [2]}
    v/Assign = AssignVariableOp(v, v/zeros) {dtype: f32}
    v/Read/ReadVariableOp = ReadVariableOp(v) {dtype: f32}
    MatMul/ReadVariableOp = ReadVariableOp(v) {dtype: f32}
    g = ResourceGather(v, i) {dtype: f32, Tindices: i32, validate_indices: true}
    n = ResourceGatherNd(v, i) {dtype: f32, Tindices: i32}
    s = VariableShape(v) {out_type: i32}
    m = Mul(MatMul/ReadVariableOp, x)
"""
OUTPUTS = ("m", "g", "n", "s")


def frozen(text: str, outputs: tuple[str, ...]) -> Model:
    model = notation.model(text)
    model.variables = {"v": as_tensor(np.array([3, 4], np.float32))}
    gs.freeze(model, outputs=outputs, remember=True)
    return reloaded(model)


def test_readers_of_handles_read_handles_again():
    model = frozen(RESOURCE, OUTPUTS)
    rows = restore_variables(model, ())
    check(model)
    assert [(row.name, row.node, row.dtype, row.shape, row.nbytes, row.trainable) for row in rows] == [
        ("v", "v", "float32", [2], 8, False)
    ]
    before = {line.partition(" ")[0]: line for line in notation.show(notation.graph(RESOURCE)).splitlines()}
    after = {line.partition(" ")[0]: line for line in shown(model)}
    # The shape of a value is asked of the value.
    before["s"] = "s = Shape(v/Read/ReadVariableOp)"
    assert after == before
    original = notation.graph(RESOURCE)
    for name in ("g", "n", "MatMul/ReadVariableOp", "v", "v/Assign"):
        assert schema.serialize(model.graph[name].proto) == schema.serialize(original[name].proto)


def test_without_its_initializer_it_gets_a_new_one():
    model = frozen(RESOURCE, OUTPUTS)
    note = model.graph["v"].attrs["_graphsurgeon"]
    node = model.graph["v"].copy()
    node.attrs["_graphsurgeon"] = note[:2]
    model.graph.set_nodes([node if each.name == "v" else each for each in model.graph])
    restore_variables(model, ())
    check(model)
    assert model.graph["v/Initializer/zeros"].tensor.numpy().tolist() == [0, 0]
    assert model.graph["v/Assign"].inputs == ("v", "v/Initializer/zeros")


def test_excluded_constants_stay():
    model = frozen(RESOURCE, OUTPUTS)
    assert restore_variables(model, ("v",)) == []
    assert model.graph["v"].op == "Const"


def test_partitions_are_slices_of_one_tensor(fixtures: Path, tmp_path: Path):
    prefix = fixtures / "partitioned.ckpt"
    model, original = gs.load(f"{prefix}.meta"), gs.load_checkpoint(prefix)
    before = gs.load(f"{prefix}.meta")
    gs.freeze(model, outputs=("output",), remember=True)
    gs.unfreeze(model)
    gs.save(model, tmp_path / "m")
    saved = gs.load_checkpoint(tmp_path / "m")
    assert set(saved) == set(original)
    for key, tensor in original.items():
        assert saved[key].numpy().tobytes() == tensor.numpy().tobytes()
    assert restored_slices(model) == restored_slices(before)
    assert listed(model, "variables") == listed(before, "variables")


def restored_slices(model: Model) -> list[tuple[bytes, ...]]:
    """Keys and slices of the saver, sorted."""
    names = ("tensor_names", "shape_and_slices")
    columns = [model.graph[f"save/RestoreV2/{name}"].tensor.strings() for name in names]
    return sorted(zip(*columns, strict=True))


def test_a_partition_that_is_not_whole_has_keys_of_its_own(fixtures: Path):
    model = gs.load(fixtures / "partitioned.ckpt.meta")
    gs.freeze(model, outputs=("output",), remember=True)
    parts = [node.name for node in model.graph if node.op == "Const" and node.name.endswith("/part_1")]
    first = parts[0].replace("part_1", "part_0")
    gs.unfreeze(model, exclude=(first,))
    second = first.replace("part_0", "part_1")
    assert second in model.variables
    assert first.removesuffix("/part_0") not in model.variables


@pytest.mark.parametrize("variables", ["ref", "resource"])
def test_the_note_decides_on_the_kind(variables):
    model = frozen(RESOURCE, OUTPUTS)
    report = gs.unfreeze(model, variables=variables)
    assert model.graph["v"].op == "VarHandleOp"
    assert report.notes == ["variables were made again as freeze had noted them"]


def test_only_some_of_what_was_noted():
    model = notation.model(RESOURCE + "w = VariableV2 {dtype: f32, shape: shape[2]}\nr = Identity(w)")
    model.variables = {name: as_tensor(np.array([3, 4], np.float32)) for name in "vw"}
    gs.freeze(model, outputs=(*OUTPUTS, "r"), remember=True)
    report = gs.unfreeze(model, only=("v",))
    assert set(model.variables) == {"v"}
    (reason,) = [row.reason for row in report.kept if row.node == "w"]
    assert reason == "freeze noted that it was a variable; left out as asked for"
