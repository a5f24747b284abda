"""The drop-in for freeze_graph writes the bytes that TensorFlow's tool writes, from every kind of input."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graphsurgeon.compat.freeze_graph import freeze_graph
from tests.tf.judge import JudgeError, TensorFlow
from tests.tf.thawing import assert_runs_equal


@pytest.fixture(scope="module", params=["ref", "resource"])
def net(tf2: TensorFlow, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A trained net as TensorFlow 2.21 saves it, and its graph and saver as files of their own."""
    directory = tmp_path_factory.mktemp("net")
    resource = request.param == "resource"
    made: dict[str, Any] = tf2.call(
        "making:make", net="mobile", directory=str(directory), resource=resource, trained=True
    )
    tf2.call("freezing:parts", prefix=made["prefix"], directory=str(directory))
    tf2.call("freezing:saved_model", prefix=made["prefix"], directory=str(directory / "saved"), outputs=made["outputs"])
    made["directory"], made["resource"] = directory, resource
    made["outputs"] = ",".join(output.removesuffix(":0") for output in made["outputs"])
    return made


def flags_of(net: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What all ways of freezing have in common."""
    return {"input_checkpoint": net["prefix"], "output_node_names": net["outputs"], "input_binary": True, **more}


def assert_writes_the_same(tf: TensorFlow, directory: Path, **flags: Any) -> None:
    tf.call("freezing:freeze_graph", output_graph=str(directory / "tf.pb"), **flags)
    freeze_with_flags(directory, **flags)
    assert (directory / "ours.pb").read_bytes() == (directory / "tf.pb").read_bytes()


def freeze_with_flags(directory: Path, **flags: Any) -> None:
    command = [sys.executable, "-m", "graphsurgeon", "freeze_graph", f"--output_graph={directory / 'ours.pb'}"]
    command += [f"--{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in flags.items()]
    subprocess.run(command, check=True, capture_output=True)


def test_from_a_meta_graph(tf2: TensorFlow, tmp_path: Path, net: dict[str, Any]):
    assert_writes_the_same(tf2, tmp_path, **flags_of(net, input_meta_graph=net["prefix"] + ".meta"))


@pytest.mark.parametrize("name", ["graph.pb", "graph.pbtxt"])
def test_from_a_graph(tf2: TensorFlow, tmp_path: Path, net: dict[str, Any], name: str):
    flags = flags_of(net, input_graph=str(net["directory"] / name), input_binary=name == "graph.pb")
    if not net["resource"]:
        assert_writes_the_same(tf2, tmp_path, **flags)
        return
    # TensorFlow cannot restore resource variables by their names alone.
    with pytest.raises(JudgeError):
        assert_writes_the_same(tf2, tmp_path, **flags)
    freeze_with_flags(tmp_path, **flags)
    tf2.call(
        "freezing:freeze_graph",
        output_graph=str(tmp_path / "tf.pb"),
        **flags_of(net, input_meta_graph=net["prefix"] + ".meta"),
    )
    assert (tmp_path / "ours.pb").read_bytes() == (tmp_path / "tf.pb").read_bytes()


def test_from_a_graph_and_a_saver(tf2: TensorFlow, tmp_path: Path, net: dict[str, Any]):
    graph, saver = net["directory"] / "graph.pb", net["directory"] / "saver.pb"
    assert_writes_the_same(tf2, tmp_path, **flags_of(net, input_graph=str(graph), input_saver=str(saver)))


def test_from_a_saved_model(tf2: TensorFlow, tmp_path: Path, net: dict[str, Any]):
    flags = {"input_saved_model_dir": str(net["directory"] / "saved"), "output_node_names": net["outputs"]}
    assert_writes_the_same(tf2, tmp_path, **flags)


def test_some_variables_only(tf2: TensorFlow, tmp_path: Path, net: dict[str, Any]):
    some = ",".join(sorted(net["variables"])[:2])
    flags = flags_of(net, input_meta_graph=net["prefix"] + ".meta")
    assert_writes_the_same(tf2, tmp_path, variable_names_whitelist=some, **flags)
    assert_writes_the_same(tf2, tmp_path, variable_names_denylist=some, **flags)


def test_devices_stay_when_asked(tf2: TensorFlow, tmp_path: Path, net: dict[str, Any]):
    flags = flags_of(net, input_meta_graph=net["prefix"] + ".meta", clear_devices=False)
    assert_writes_the_same(tf2, tmp_path, **flags)


def test_the_function_returns_what_it_writes(tf2: TensorFlow, tmp_path: Path, net: dict[str, Any]):
    flags = flags_of(net, input_graph="", input_saver="", clear_devices=True, initializer_nodes="")
    path = tmp_path / "f.pb"
    made = freeze_graph(
        **flags, restore_op_name=None, filename_tensor_name=None, output_graph=str(path),
        input_meta_graph=net["prefix"] + ".meta",
    )  # fmt: skip
    assert made.SerializeToString(deterministic=True) == path.read_bytes()
    assert_runs_equal(tf2, path, net["prefix"], [f"{name}:0" for name in net["outputs"].split(",")])


def test_on_tensorflows_own_messages_and_sessions(tf2: TensorFlow, net: dict[str, Any]):
    answer = tf2.call(
        "freezing:compare",
        prefix=net["prefix"],
        outputs=net["outputs"].split(","),
        package=str(Path(__file__).parents[2]),
    )
    if answer.pop("checkpoints"):
        assert answer.pop("checkpoint")
        assert answer.pop("def_protos")
    assert answer == {"session": True, "mapping": True, "kind": True}


def test_from_a_v1_checkpoint(tf2: TensorFlow, tmp_path: Path, net: dict[str, Any]):
    tf2.call("freezing:as_v1", prefix=net["prefix"], path=str(tmp_path / "v1.ckpt"))
    flags = flags_of(net, input_meta_graph=net["prefix"] + ".meta")
    flags |= {"input_checkpoint": str(tmp_path / "v1.ckpt"), "checkpoint_version": 1}
    assert_writes_the_same(tf2, tmp_path, **flags)
