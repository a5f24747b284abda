"""Static shapes are those that TensorFlow infers; with other ones a graph runs, or is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from tests.tf.judge import JudgeError, TensorFlow


def checked(tf: TensorFlow, path: Path) -> tuple[int, int]:
    """How many shapes TensorFlow knows of a graph, and how many of these are known here; none may be wrong."""
    model = gs.load(path)
    made = ShapeInference(Index(model.graph), model.library.functions, {}, lambda _: False)
    graph = path.with_suffix(".graph.pb") if path.suffix != ".pb" else path
    if graph != path:
        gs.save(model, graph, drop_values=True)
    wanted = tf.call("shaping:shapes", path=str(graph))
    known = 0
    for name, dims in wanted.items():
        node, _, number = name.rpartition(":")
        if model.graph[node].op in ("VarHandleOp", "Placeholder"):
            continue  # the shape of a handle stands for the variable's
        outputs = made.outputs(node)
        found = outputs[int(number)] if int(number) < len(outputs) else None
        if found is None:
            continue
        assert dims is None or len(dims) == len(found), (path, name, dims, found)
        for a, b in zip(found, dims or found, strict=True):
            assert a is None or b is None or a == b, (path, name, dims, found)
        known += dims is not None
    assert made.conflicts == [], path
    return sum(dims is not None for dims in wanted.values()), known


def test_shapes_of_real_models(tf2: TensorFlow, shared_models: Path):
    total = told = 0
    for path in sorted(shared_models.rglob("*.pb")):
        if path.name == "saved_model.pb" or path.stat().st_size > 5e6:
            continue
        try:
            all_of, known = checked(tf2, path)
        except (JudgeError, gs.GraphSurgeonError):
            continue
        total, told = total + all_of, told + known
    assert told > 0.8 * total


@pytest.mark.parametrize(
    ("net", "shape", "new"),
    [
        ("pooled", [1, 8, 8, 3], [1, 12, 10, 3]),
        ("pooled", [1, 8, 8, 3], [4, 16, 16, 3]),
        ("pooled", [1, 8, 8, 3], [None, None, None, 3]),
        ("flat", [1, 8, 8, 3], [5, 8, 8, 3]),
        ("flat", [1, 8, 8, 3], [None, 8, 8, 3]),
        ("flat_dynamic", [None, 8, 8, 3], [3, 8, 8, 3]),
        ("sequence", [None, 8, 8, 3], [3, 8, 8, 3]),
    ],
)
def test_other_sizes_run(tf: TensorFlow, tmp_path: Path, net: str, shape: list[int | None], new: list[int | None]):
    before, native, after = (str(tmp_path / f"{name}.ckpt") for name in ("before", "native", "after"))
    tf.call("shaping:make", net=net, prefix=before, shape=shape)
    tf.call("shaping:make", net=net, prefix=native, shape=new)
    model = gs.load(before + ".meta")
    gs.set_shape(model, shape={"x": new})
    gs.save(model, after)
    fed = [size or 8 for size in new]
    found, wanted = (tf.call("shaping:run", prefix=prefix, shape=fed) for prefix in (after, native))
    assert found["shapes"][0] == new
    np.testing.assert_array_equal(found["value"], wanted["value"])


@pytest.mark.parametrize(
    ("net", "new", "match"),
    [
        ("flat", [1, 16, 16, 3], r"reshapes \[1, 8, 8, 4\], which was \[1, 4, 4, 4\], to \[-1, 64\]: 256 is to be 64"),
        ("batched", [4, 8, 8, 3], r"reshapes \[4, 4, 4, 4\].*4 is to be 1"),
        ("flat_dynamic", [1, 16, 16, 3], r"\[1, 784\] is not multiplied by \[144, 7\]"),
        ("sequence", [1, 8, 16, 3], "is to be 8|is to be 24|divide"),
        ("sequence", [3, 8, 8, 3], "concat: 3 is not 1"),
        ("pooled", [1, 8, 8, 4], "does not take 4 channels"),
    ],
)
def test_what_would_be_wrong_is_refused(tf2: TensorFlow, tmp_path: Path, net: str, new: list[int], match: str):
    before = str(tmp_path / "before.ckpt")
    tf2.call("shaping:make", net=net, prefix=before, shape=[1, 8, 8, 3])
    with pytest.raises(PassError, match=match):
        gs.set_shape(gs.load(before + ".meta"), shape={"x": new})
