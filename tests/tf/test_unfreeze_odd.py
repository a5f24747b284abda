"""Graphs with something odd in them, one oddity each: still the frozen graph's bits, whichever way it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow
from tests.tf.thawing import assert_runs_equal, assert_sound, assert_trains, thaw

KINDS = ("ref", "resource")
OUT_OF_ORDER = """
node { name: "output" op: "MatMul" input: "net:0" input: "kernel:0" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "net" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "shape" value { shape { dim { size: 2 } dim { size: 3 } } } } }
node { name: "kernel" op: "Const"
       attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "_mine" value { s: "kept" } }
       attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { dim { size: 3 } dim { size: 2 } }
                                            float_val: 1.5 float_val: -0.25 } } } }
"""


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of variable in turn."""
    return str(request.param)


class Thawed:
    """One odd graph, unfrozen."""

    def __init__(self, tf: TensorFlow, directory: Path, case: str, **options: Any) -> None:
        made = tf.call("odd:make", case=case, directory=str(directory))
        self.pb, self.outputs = made["pb"], made["outputs"]
        self.prefix = directory / "thawed.ckpt"
        self.report = thaw(self.pb, self.prefix, **options)
        self.names = {row["name"] for row in self.report["variables"]}
        self.kept = {row["node"]: row["reason"] for row in self.report["kept"]}
        facts = tf.call("judging:variables", prefix=str(self.prefix))
        self.variables, self.saver = facts["variables"], facts["saver"]


@pytest.mark.parametrize(
    ("case", "names"),
    [
        ("no_read", {"dense/kernel", "dense/bias", "conv/kernel"}),
        ("many_kinds", {"kernel"}),
        ("names", {"a/read", "b/Assign", "d"}),
        ("saver_scope", {"save/SaveV2", "save/restore_all"}),
        ("devices", {"kernel", "bias"}),
        ("strings", {"kernel"}),
        ("sizes", {"kernel", "scale", "empty", "alike", "one"}),
        ("colocated", {"kernel"}),
    ],
)
def test_weights_are_found_and_run_equal(tf: TensorFlow, tmp_path: Path, case: str, names: set[str], kind: str):
    thawed = Thawed(tf, tmp_path, case, variables=kind)
    assert thawed.names == set(thawed.variables) == names
    assert_runs_equal(tf, thawed.pb, thawed.prefix, thawed.outputs)
    assert_sound(tf, thawed.prefix, names)
    if case != "strings":  # its only output is text
        assert_trains(tf, thawed.prefix, thawed.outputs)


@pytest.mark.parametrize(
    ("case", "inner"),
    [("control_inputs", "kernel"), ("in_frame", "while/inner_kernel"), ("in_branch", "cond/inner_kernel")],
)
def test_selected_where_it_waits_for_something(tf: TensorFlow, tmp_path: Path, case: str, inner: str, kind: str):
    """The variable stands outside of frames and branches; its value reaches where the constant was."""
    thawed = Thawed(tf, tmp_path, case, select=(inner,), variables=kind)
    assert inner in thawed.names
    for seed in (1, 2, 3, 4):  # both sides of the branch
        assert_runs_equal(tf, thawed.pb, thawed.prefix, thawed.outputs, seed=seed)
    assert_sound(tf, thawed.prefix, thawed.names)
    if case != "in_frame":
        assert_trains(tf, thawed.prefix, thawed.outputs)


def test_names_that_are_taken(tf: TensorFlow, tmp_path: Path, kind: str):
    """The graph has nodes c/read and c/Assign of its own; the variable c gets others."""
    thawed = Thawed(tf, tmp_path, "names", select=("c",), variables=kind)
    assert thawed.names == set(thawed.variables) == {"a/read", "b/Assign", "c", "d"}
    assert_runs_equal(tf, thawed.pb, thawed.prefix, thawed.outputs)
    assert_sound(tf, thawed.prefix, thawed.names)
    assert_trains(tf, thawed.prefix, thawed.outputs)


def test_a_constant_that_callers_fetch(tf: TensorFlow, tmp_path: Path):
    thawed = Thawed(tf, tmp_path, "is_output")
    assert thawed.names == {"kernel"}
    assert_runs_equal(tf, thawed.pb, thawed.prefix, ["output:0", "kernel:0"])


def test_every_character_of_a_name(tf: TensorFlow, tmp_path: Path, kind: str):
    thawed = Thawed(tf, tmp_path, "characters", variables=kind)
    expected = {"0.tower/my-layer.v1/w", "Scope/sub-scope_1/k.e-r_n.e-l"} | (set() if tf.is_v1 else {"a>b/c"})
    assert thawed.names == set(thawed.variables) == expected
    assert_runs_equal(tf, thawed.pb, thawed.prefix, thawed.outputs)


def test_a_graph_that_still_holds_variables(tf: TensorFlow, tmp_path: Path, kind: str):
    """The value of such a variable is nowhere; the checkpoint lacks it, the report says so, and the rest restores."""
    thawed = Thawed(tf, tmp_path, "holds_variables", variables=kind)
    assert thawed.names == {"frozen"}
    assert any("'left'" in note for note in thawed.report["notes"])
    assert set(tf.call("judging:checkpoint", prefix=str(thawed.prefix))) == {"frozen"}
    assert_runs_equal(tf, thawed.pb, thawed.prefix, ["output:0"])


def test_variables_stay_on_the_constants_device(tf: TensorFlow, tmp_path: Path, kind: str):
    thawed = Thawed(tf, tmp_path, "devices", variables=kind)
    graph = gs.load(str(thawed.prefix) + ".meta").graph
    assert graph["kernel"].device == "/device:CPU:0"
    assert graph["bias"].device == "/job:localhost/replica:0/task:0/device:CPU:0"


def test_a_string_table_is_kept_unless_selected(tf: TensorFlow, tmp_path: Path):
    thawed = Thawed(tf, tmp_path, "strings")
    assert "labels" in thawed.kept
    selected = Thawed(tf, tmp_path, "strings", select=("labels",))
    assert selected.names == {"kernel", "labels"}
    assert selected.variables["labels"]["trainable"] is False
    assert_runs_equal(tf, selected.pb, selected.prefix, selected.outputs)


def test_nothing_to_unfreeze_is_declined(tf: TensorFlow, tmp_path: Path):
    with pytest.raises(gs.PassError):
        Thawed(tf, tmp_path, "nothing")
    assert not list(tmp_path.glob("thawed*"))


def test_quantized_weights_are_not_trained(tf: TensorFlow, tmp_path: Path, kind: str):
    thawed = Thawed(tf, tmp_path, "quantized", select=("kernel_quantized",), variables=kind)
    assert thawed.variables["kernel_quantized"]["trainable"] is False
    assert_runs_equal(tf, thawed.pb, thawed.prefix, thawed.outputs)


def test_tiny_floats_and_integers(tf2: TensorFlow, tmp_path: Path):
    """TensorFlow has no kernel that assigns a ref variable of these; resource variables it has."""
    with pytest.raises(gs.PassError, match="float8_e5m2") as caught:
        Thawed(tf2, tmp_path, "tiny_floats")
    assert caught.value.hint is not None
    assert '`variables="resource"`' in caught.value.hint
    thawed = Thawed(tf2, tmp_path, "tiny_floats", variables="resource")
    assert {name: facts["dtype"] for name, facts in thawed.variables.items()} == {
        name: name for name in ("float8_e5m2", "float8_e4m3fn", "int4", "uint4")
    }
    assert_runs_equal(tf2, thawed.pb, thawed.prefix, thawed.outputs)


def test_function_arguments_become_variables_and_bodies_stay(tf: TensorFlow, tmp_path: Path, kind: str):
    thawed = Thawed(tf, tmp_path, "function_body", variables=kind)
    assert thawed.names == {"outer"}
    (inner,) = [name for name in thawed.kept if name.endswith("inner_kernel")]
    assert "function" in thawed.kept[inner]
    assert_runs_equal(tf, thawed.pb, thawed.prefix, thawed.outputs)
    assert_trains(tf, thawed.prefix, thawed.outputs)


def test_text_graph_with_ports_spelled_out_and_nodes_out_of_order(tf: TensorFlow, tmp_path: Path, kind: str):
    path = tmp_path / "frozen.pb"
    path.write_text(OUT_OF_ORDER)
    report = thaw(path, tmp_path / "thawed.ckpt", variables=kind)
    assert [row["name"] for row in report["variables"]] == ["kernel"]
    assert_runs_equal(tf, path, tmp_path / "thawed.ckpt", ["output:0"])
    assert gs.load(str(tmp_path / "thawed.ckpt.meta")).graph["kernel"].attrs["_mine"] == b"kept"
