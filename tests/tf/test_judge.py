"""The judges themselves: right about what TensorFlow wrote, and able to find each kind of fault in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tf.judge import JudgeError, TensorFlow


@pytest.fixture
def made(tf: TensorFlow, tmp_path: Path) -> dict[str, Any]:
    """A net's checkpoint and frozen graph, both TensorFlow's own."""
    result: dict[str, Any] = tf.call("making:make", net="unfused", directory=str(tmp_path))
    return result


@pytest.fixture
def other(tf: TensorFlow, tmp_path: Path) -> dict[str, Any]:
    """The same net with other weights."""
    (tmp_path / "other").mkdir()
    result: dict[str, Any] = tf.call("making:make", net="unfused", directory=str(tmp_path / "other"), seed=2)
    return result


def test_tensorflows_own_restore_is_bit_equal(tf: TensorFlow, made: dict[str, Any]):
    answer = tf.call("judging:compare", pb=made["pb"], prefix=made["prefix"], outputs=made["outputs"])
    assert answer == {"compared": ["output:0"], "failed": {}, "random": [], "differ": {}}


def test_other_weights_differ(tf: TensorFlow, made: dict[str, Any], other: dict[str, Any]):
    answer = tf.call("judging:compare", pb=made["pb"], prefix=other["prefix"], outputs=made["outputs"])
    assert list(answer["differ"]) == ["output:0"]


def test_missing_data_is_an_error(tf: TensorFlow, made: dict[str, Any]):
    Path(made["prefix"] + ".data-00000-of-00001").unlink()
    with pytest.raises(JudgeError):
        tf.call("judging:compare", pb=made["pb"], prefix=made["prefix"], outputs=made["outputs"])


def test_variables_are_described(tf: TensorFlow, made: dict[str, Any]):
    answer = tf.call("judging:variables", prefix=made["prefix"])
    assert answer["variables"] == made["variables"]
    assert answer["variables"]["fc/bn/moving_mean"]["trainable"] is False
    assert answer["variables"]["fc/kernel"]["trainable"] is True
    assert answer["saver"]["restore_op_name"] == "save/restore_all"
    values = tf.call("judging:checkpoint", prefix=made["prefix"])
    assert values == {name: facts["bits"] for name, facts in made["variables"].items()}
    assert tf.call("judging:restore_by_name", prefix=made["prefix"]) == values


def test_variables_of_other_weights_differ_in_bits(tf: TensorFlow, made: dict[str, Any], other: dict[str, Any]):
    assert all(made["variables"][name]["bits"] != facts["bits"] for name, facts in other["variables"].items())


def test_training_moves_what_is_trainable(tf: TensorFlow, made: dict[str, Any]):
    answer = tf.call("training:train", prefix=made["prefix"], outputs=made["outputs"])
    assert answer["trainable"] == ["conv/kernel", "conv/bn/gamma", "conv/bn/beta", "fc/kernel", "fc/bias", "fc/bn/beta"]
    assert (answer["no_gradient"], answer["unchanged"], answer["resaved"]) == ([], [], True)
    assert answer["losses"][1] < answer["losses"][0]


def test_training_sees_a_dead_gradient(tf: TensorFlow, tmp_path: Path):
    made = tf.call("making:make", net="dead_end", directory=str(tmp_path))
    answer = tf.call("training:train", prefix=made["prefix"], outputs=made["outputs"])
    assert answer["no_gradient"] == ["behind_a_stop"]


def test_initialize_sees_what_is_not_zero(tf: TensorFlow, made: dict[str, Any], tmp_path: Path):
    assert tf.call("judging:initialize", prefix=made["prefix"]) == {"uninitialized": [], "not_zero": []}
    ones = tf.call("making:make", net="dead_end", directory=str(tmp_path), initial="ones")
    answer = tf.call("judging:initialize", prefix=ones["prefix"])
    assert answer["not_zero"] == ["alive", "behind_a_stop"]


def test_a_graph_that_cannot_be_imported_is_refused(tf: TensorFlow, tmp_path: Path):
    path = tmp_path / "dangling.pbtxt"
    path.write_text('node { name: "a" op: "Identity" input: "nowhere" attr { key: "T" value { type: DT_FLOAT } } }')
    assert "nowhere" in tf.call("judging:accepts", path=str(path))["refused"]


def test_random_outputs_are_told_from_different_ones(tf: TensorFlow, tmp_path: Path):
    made = tf.call("making:make", net="noisy", directory=str(tmp_path))
    answer = tf.call("judging:compare", pb=made["pb"], prefix=made["prefix"], outputs=made["outputs"])
    assert answer == {"compared": [], "failed": {}, "random": ["output:0"], "differ": {}}


def test_a_worker_that_dies_is_reported_and_replaced(tf: TensorFlow, tmp_path: Path):
    with TensorFlow(tf.python, tmp_path) as mine:
        with pytest.raises(JudgeError, match="Died"):
            mine.call("os:_exit", status=3)
        with pytest.raises(JudgeError, match="Timeout"):
            mine.call("faults:hang", timeout=0.2)
        assert mine.call("os.path:basename", p="a/b") == "b"


def test_scripts_run_in_a_process_of_their_own(tf: TensorFlow):
    text = "import json, sys\nimport tensorflow as tf\nprint(json.dumps([tf.__version__, sys.argv[1]]))\n"
    assert tf.run(text, "argument") == [tf.version, "argument"]
    with pytest.raises(JudgeError, match="exited with 3"):
        tf.run("import sys\nsys.exit(3)\n")
