"""Graphs whose constants are folded give the same, bit by bit unless told otherwise, and lose what they should not.

Beside it stands what TensorFlow's own tool makes of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from tests import notation
from tests.tf.judge import JudgeError, TensorFlow

NETS = ("mobile", "unfused", "transposed", "text", "loop", "branches", "dtypes", "awkward", "normalized")
MODES: dict[str, dict[str, Any]] = {
    "exact": {},
    "weights": {"weights": "fold"},
    "approximate": {"approximate": True},
    "all": {"approximate": True, "weights": "fold"},
}
NO_ENDS = {"Assert", "Const", "NoOp", "Placeholder", "PlaceholderWithDefault", "Switch"}
#: Of which NaN it is, nobody says.
ONLY_NAN = "greatest difference nan"
#: Relative to the greatest value.
CLOSE = 1e-5
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
NOTHING = {"none": "nothing is compared"}
#: Real graphs of one op each, and of every kind.
NUM_SHARED = 60


def folded(path: str | Path, directory: Path, **outputs: Any) -> dict[str, Path]:
    """Fold a graph in each way; return the files."""
    paths = {}
    for mode, how in MODES.items():
        model = gs.load(path)
        gs.fold_constants(model, **how, **outputs)
        paths[mode] = directory / f"{mode}.pb"
        gs.save(model, paths[mode], force=True)
    return paths


def apart(tf: TensorFlow, path: str | Path, paths: dict[str, Path], **how: Any) -> dict[str, Any]:
    """By mode, how outputs differ more than they may; of nothing that is compared, a note of that."""
    answer = tf.call("judging:compare_frozen", pb=str(path), others=list(map(str, paths.values())), **how)
    if not answer["compared"]:
        return NOTHING
    found = {}
    for mode, each in paths.items():
        limit = CLOSE if MODES[mode].get("approximate") else 0
        past = {
            name: told for name, told in answer[str(each)].items()
            if (told["relative"] is None and told["how"] != ONLY_NAN) or (told["relative"] or 0) > limit
        }  # fmt: skip
        if past:
            found[mode] = past
    return found


def ends(path: str | Path) -> list[str]:
    """What nobody reads, and which gives something; conditions that are decided lose what else can be fetched."""
    graph = gs.load(path).graph
    return [node.name for node in graph if not graph.index.edges(node.name) and node.op not in NO_ENDS]


def inputs_of(path: str | Path) -> list[str]:
    """What is fed."""
    return [node.name for node in gs.load(path).graph.nodes_of({"Placeholder"})]


def weights(path: str | Path) -> list[str]:
    """The names of the weights that are found in a frozen graph."""
    return [row.name for row in gs.unfreeze(gs.load(path)).variables]


def transformed(tf: TensorFlow, path: str | Path, target: Path, **how: Any) -> Path:
    """What the Graph Transform Tool folds."""
    tf.call("transforming:transform", pb=str(path), target=str(target), transforms=["fold_constants"], **how)
    return target


@pytest.mark.parametrize("net", NETS)
def test_nets(tf: TensorFlow, tmp_path: Path, net: str):
    made = tf.call("making:make", net=net, directory=str(tmp_path))
    outputs = [name.removesuffix(":0") for name in made["outputs"]]
    paths = folded(made["pb"], tmp_path, outputs=outputs)
    assert apart(tf, made["pb"], paths, outputs=outputs) == {}
    names = weights(made["pb"])
    assert weights(paths["exact"]) == names
    assert weights(paths["approximate"]) == names
    theirs = transformed(tf, made["pb"], tmp_path / "gtt.pb", outputs=outputs, inputs=inputs_of(made["pb"]))
    assert len(gs.load(paths["all"]).graph) <= len(gs.load(theirs).graph)


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.pb")), ids=lambda path: path.stem)
def test_fixtures(tf2: TensorFlow, tmp_path: Path, path: Path):
    assert apart(tf2, path, folded(path, tmp_path), outputs=ends(path)) in ({}, NOTHING)


def test_real_graphs(tf2: TensorFlow, tmp_path: Path, shared_models: Path):
    chosen = [path for path in sorted(shared_models.rglob("frozen_model.pb")) if path.stat().st_size < 1 << 18]
    chosen = chosen[:: max(1, len(chosen) // NUM_SHARED)]
    found = {}
    for path in chosen:
        try:
            paths = folded(path, tmp_path)
        except gs.GraphError:
            continue  # TensorFlow does not import it either
        told = apart(tf2, path, paths, outputs=ends(path))
        if told not in ({}, NOTHING):
            found[str(path)] = told
    assert found == {}


def test_names_of_weights_stay(tf: TensorFlow, tmp_path: Path):
    """TensorFlow's tool calls them ``w/read/_0__cf__0``, and what is colocated with them is refused."""
    model = notation.model("""
        x = Placeholder {dtype: f32, shape: shape[2,3]}
        w = Const {f32 [3,2]}
        w/read = Identity(w) {_class: loc:@w}
        y = MatMul(x, w/read)
        z = Identity(y) {_class: loc:@w}
    """)
    before = tmp_path / "before.pb"
    gs.save(model, before)
    paths = folded(before, tmp_path, outputs="z")
    assert apart(tf, before, paths, outputs=["z"]) == {}
    assert weights(paths["exact"]) == ["w"]
    theirs = transformed(tf, before, tmp_path / "gtt.pb", outputs=["z"], inputs=["x"])
    with pytest.raises(JudgeError, match=r"loc:@w|'w'"):
        tf.call("judging:compare_frozen", pb=str(theirs), others=[], outputs=["z"])


def test_versions_stay(tf: TensorFlow, tmp_path: Path):
    made = tf.call("making:make", net="unfused", directory=str(tmp_path))
    outputs = [name.removesuffix(":0") for name in made["outputs"]]
    theirs = transformed(tf, made["pb"], tmp_path / "gtt.pb", outputs=outputs, inputs=inputs_of(made["pb"]))
    paths = folded(made["pb"], tmp_path, outputs=outputs)
    assert gs.load(theirs).rest.versions.producer == 0
    assert gs.load(paths["all"]).rest.versions == gs.load(made["pb"]).rest.versions


def test_constant_predicates_are_resolved(tf: TensorFlow, tmp_path: Path):
    """TensorFlow's tool leaves the condition."""
    model = notation.model("""
        x = Placeholder {dtype: f32, shape: shape[2]}
        one = Const {i32 [] 1}
        two = Const {i32 [] 2}
        p = Less(one, two)
        s = Switch(x, p)
        no = Abs(s:0)
        yes = Square(s:1)
        m = Merge(no, yes)
        z = Identity(m)
    """)
    before = tmp_path / "before.pb"
    gs.save(model, before)
    paths = folded(before, tmp_path, outputs="z")
    assert apart(tf, before, paths, outputs=["z"]) == {}
    assert {node.op for node in gs.load(paths["exact"]).graph} == {"Placeholder", "Square", "Identity"}
    theirs = transformed(tf, before, tmp_path / "gtt.pb", outputs=["z"], inputs=["x"])
    assert {"Switch", "Merge"} <= {node.op for node in gs.load(theirs).graph}


def test_constant_predicates_in_function_bodies(tf2: TensorFlow, tmp_path: Path):
    before, after = tmp_path / "net.pb", tmp_path / "folded.pb"
    outputs = tf2.call("functional_nets:make_decided", path=str(before))
    model = gs.load(before)
    report = gs.fold_constants(model, outputs=outputs)
    assert sorted(row.op for row in report.decided) == ["StatelessCase"] + ["StatelessIf"] * 3, report
    left = [node.op for _, graph in model.graphs() for node in graph if node.op in ("If", "StatelessIf", "Case")]
    assert left == ["StatelessIf"]
    gs.save(model, after)
    answer = tf2.call("judging:compare_frozen", pb=str(before), others=[str(after)], outputs=outputs)
    assert answer["compared"]
    assert answer[str(after)] == {}


def test_inputs_keep_their_defaults_and_variables_stay(tf: TensorFlow, tmp_path: Path):
    """TensorFlow's tool makes an input a Placeholder without the default."""
    model = notation.model("""
        c = Const {f32 [2]}
        x = PlaceholderWithDefault(c) {dtype: f32, shape: shape[2]}
        z = Abs(x)
    """)
    before = tmp_path / "before.pb"
    gs.save(model, before)
    paths = folded(before, tmp_path, outputs="z", inputs="x")
    assert apart(tf, before, paths, outputs=["z"]) == {}
    assert gs.load(paths["all"]).graph["x"].op == "PlaceholderWithDefault"
    theirs = transformed(tf, before, tmp_path / "gtt.pb", outputs=["z"], inputs=["x"])
    assert gs.load(theirs).graph["x"].op == "Placeholder"


def test_outputs_may_be_without_tensors(tf: TensorFlow, tmp_path: Path):
    """TensorFlow's tool fails on a NoOp."""
    model = notation.model("""
        a = Const {f32 [2]}
        b = Abs(a)
        y = Abs(b)
        go = NoOp(^y)
    """)
    before = tmp_path / "before.pb"
    gs.save(model, before)
    gs.fold_constants(model, outputs=("go", "y"))
    assert [node.op for node in model.graph] == ["Const", "NoOp"]
    with pytest.raises(JudgeError):
        transformed(tf, before, tmp_path / "gtt.pb", outputs=["go"], inputs=["a"])


def test_what_grows_stays(tf1: TensorFlow, tmp_path: Path):
    """TensorFlow 1's tool keeps what it made of a Fill; ours says how much it would be."""
    model = notation.model("""
        dims = Const {i32 [2] 3000}
        v = Const {f32 [] 1}
        f = Fill(dims, v)
        x = Placeholder {dtype: f32, shape: shape[]}
        z = Add(f, x)
        n = Const {i32 [2] 3000}
        w = Const {f32 [1,1] 3}
        t = Tile(w, n)
        y = Add(t, x)
    """)
    before = tmp_path / "before.pb"
    gs.save(model, before)
    report = gs.fold_constants(model, outputs=("z", "y"))
    assert {row.node: row.reason for row in report.kept} == {"t": "would take 36,000,000 bytes"}
    after = tmp_path / "after.pb"
    gs.save(model, after)
    assert after.stat().st_size < 10_000
    assert apart(tf1, before, {"exact": after}, outputs=["z", "y"]) == {}


def test_attrs_that_are_newer_are_no_error(tf1: TensorFlow, tmp_path: Path):
    """TensorFlow's tool refuses a graph in which an op has an attr that it does not know."""
    model = notation.model("""
        a = Const {f32 [2,2]}
        b = Abs(a)
        x = Placeholder {dtype: f32, shape: shape[2,2]}
        y = MatMul(x, b) {grad_a: true}
    """)
    before = tmp_path / "before.pb"
    gs.save(model, before)
    gs.fold_constants(model, outputs="y")
    assert [node.op for node in model.graph] == ["Const", "Placeholder", "MatMul"]
    with pytest.raises(JudgeError, match="grad_a"):
        transformed(tf1, before, tmp_path / "gtt.pb", outputs=["y"], inputs=["x"])
