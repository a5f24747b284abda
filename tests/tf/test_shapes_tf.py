"""Static shapes are those that TensorFlow infers; with other ones a graph runs, or is refused."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.shaping.input_ranks import INPUT_RANKS
from graphsurgeon.rewrites.shaping.node_shapes import NodeShapes
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from proto_utils import schema
from tests import notation
from tests.tf.judge import JudgeError, TensorFlow
from tests.tf.test_shared_models import CHUNKS, graphs

#: The least part of the shapes that TensorFlow knows that are told as exactly.
EXACT = 0.97


def checked(tf: TensorFlow, path: Path) -> tuple[int, int]:
    """How many shapes TensorFlow knows of a graph, and how many of these are told as exactly; none may be wrong."""
    model = gs.load(path)
    made = ShapeInference(Index(model.graph), model.library.functions, {})
    wanted = tf.call("shaping:shapes", path=str(path))
    exact = 0
    for name, dims in wanted.items():
        node, _, number = name.rpartition(":")
        outputs = made.outputs(node)
        found = outputs[int(number)] if int(number) < len(outputs) else None
        if found is None or (dims is None and model.graph[node].op == "Placeholder"):
            continue
        assert dims is None or len(dims) == len(found), (path, name, dims, found)
        for a, b in zip(found, dims or found, strict=True):
            assert a is None or b is None or a == b, (path, name, dims, found)
        exact += dims is not None and all(a is None or b is not None for a, b in zip(dims, found, strict=True))
    assert made.conflicts == [], path
    return sum(dims is not None for dims in wanted.values()), exact


def added(tf: TensorFlow, paths: Iterable[Path]) -> tuple[int, int]:
    """The same of all graphs that TensorFlow takes."""
    known = exact = 0
    for path in paths:
        try:
            all_of, told = checked(tf, path)
        except (JudgeError, gs.GraphSurgeonError):
            continue
        known, exact = known + all_of, exact + told
    return known, exact


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_shapes_of_real_models(tf2: TensorFlow, shared_models: Path, chunk: int):
    known, exact = added(tf2, graphs(shared_models, chunk))
    assert exact >= EXACT * known > 0


def test_ranks_of_inputs(tf2: TensorFlow):
    """Of every input that is said to be a scalar or a vector TensorFlow takes these ranks, and no others."""
    table = {op: {str(number): list(ranks) for number, ranks in inputs.items()} for op, inputs in INPUT_RANKS.items()}
    assert tf2.call("input_ranks:taken", table=table, ranks=[0, 1, 2, 3]) == table


def test_shapes_of_fixtures(tf2: TensorFlow, fixtures: Path):
    known, exact = added(tf2, sorted(fixtures.glob("*.pb")))
    assert exact >= EXACT * known > 0


NETS = ("mobile", "unfused", "transposed", "text", "loop", "branches", "dtypes", "awkward", "normalized", "noisy")
NETS_V1 = ("slim_resnet", "slim_inception", "layers", "rnn_cells", "unrolled")


def made_both(tf: TensorFlow, directory: Path, net: str, functional: bool = False) -> list[Path]:
    """A net frozen, and as it is saved with its variables and what saves them."""
    made = tf.call("making:make", net=net, directory=str(directory), resource=functional, control_flow_v2=functional)
    saved = directory / "saved.pb"
    meta = schema.parse(schema.MetaGraphDef, Path(made["prefix"] + ".meta").read_bytes())
    saved.write_bytes(schema.serialize(meta.graph_def))
    return [Path(made["pb"]), saved]


def test_shapes_of_nets(tf: TensorFlow, tmp_path: Path):
    for net in NETS if not tf.is_v1 else NETS + NETS_V1:
        for path in made_both(tf, tmp_path, net):
            known, exact = checked(tf, path)
            assert exact >= EXACT * known > 0, (net, path)


def test_shapes_of_functional_nets(tf2: TensorFlow, tmp_path: Path):
    for net in ("loop", "branches"):
        for path in made_both(tf2, tmp_path, net, functional=True):
            known, exact = checked(tf2, path)
            assert exact >= EXACT * known > 0, (net, path)


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


def listed(tf: TensorFlow, path: Path) -> tuple[int, int]:
    """How many first outputs TensorFlow knows the shape of, and how many `ls` does; what it says must agree."""
    rows = {node.name: NodeShapes(model).dims(node) for model in [gs.load(path)] for node in model.graph}
    every = tf.call("shaping:shapes", path=str(path))
    wanted = {name[:-2]: dims for name, dims in every.items() if name.endswith(":0")}
    for name, found in rows.items():
        dims = wanted.get(name)
        if found is None or dims is None:
            continue
        assert len(found) == len(dims), (name, found, dims)
        assert all(a is None or b is None or a == b for a, b in zip(found, dims, strict=True)), (name, found, dims)
    told = sum(rows.get(name) is not None for name, dims in wanted.items() if dims is not None)
    return sum(dims is not None for dims in wanted.values()), told


def test_shapes_that_are_listed_are_those_of_tensorflow(tf2: TensorFlow, fixtures: Path):
    for name in ("mobile_cnn", "cond", "lstm_loop", "resource_cnn", "in_frame", "keras_convolutions"):
        known, told = listed(tf2, fixtures / f"{name}.pb")
        assert told >= 0.8 * known, (name, told, known)


@pytest.mark.parametrize("version", [21, 22])
def test_what_a_placeholder_of_old_graphs_states(tf: TensorFlow, tmp_path: Path, version: int):
    model = notation.model("x = Placeholder {dtype: f32, shape: shape[]}; y = Relu(x)")
    model.rest.versions.producer = version
    gs.save(model, tmp_path / "x.pb")
    wanted = tf.call("shaping:shapes", path=str(tmp_path / "x.pb"))
    shapes = NodeShapes(gs.load(tmp_path / "x.pb"))
    assert {f"{node.name}:0": shapes.dims(node) for node in model.graph} == wanted
