"""Our descriptors are TensorFlow's: every name, number, type and label, and both live in one process."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from proto_utils import schema
from tests.tf.judge import TensorFlow, environment

# What TensorFlow 1.15 has and 2.21 reserves the number of.
DROPPED_SINCE_V1 = {"tensorflow.TrackableObjectGraph.TrackableObject.SerializedTensor.optional_restore"}
COMPARED = 5  # of a field's facts: number, type, label, type name, packed


@pytest.fixture(scope="module")
def binpb(root: Path) -> Path:
    return root / "proto_utils" / "schema.binpb"


def test_every_message_is_that_of_tensorflow_2(tf2: TensorFlow, binpb: Path):
    answer = tf2.call("schema_facts:against_ours", path=str(binpb))
    assert answer["absent"] == []
    assert set(answer["differ"]) == DROPPED_SINCE_V1
    assert len(answer["messages"]) > 100
    assert answer["messages"]["tensorflow.TensorProto"] == 18
    assert "tensorflow.DataType" in answer["enums"]


def test_every_field_of_tensorflow_1_is_ours(tf1: TensorFlow, binpb: Path):
    answer = tf1.call("schema_facts:against_ours", path=str(binpb))
    theirs = {name: (mine, their) for name, (mine, their) in answer["differ"].items() if their is not None}
    assert {name: pair for name, pair in theirs.items() if facts(pair[0]) != facts(pair[1])} == {}
    assert len(answer["messages"]) > 90


def facts(field: Any) -> Any:
    """What counts on the wire; later TensorFlows renamed a oneof and gave GraphDebugInfo explicit presence."""
    return field[:COMPARED] if isinstance(field, list) else field


def test_comparison_sees_a_difference(tf2: TensorFlow, binpb: Path, tmp_path: Path):
    from google.protobuf import descriptor_pb2

    files = descriptor_pb2.FileDescriptorSet.FromString(binpb.read_bytes())
    shape = next(message for file in files.file for message in file.message_type if message.name == "TensorShapeProto")
    shape.field[0].number = 9
    del shape.field[1]
    changed = tmp_path / "changed.binpb"
    changed.write_bytes(files.SerializeToString())
    differ = tf2.call("schema_facts:against_ours", path=str(changed))["differ"]
    assert set(differ) - DROPPED_SINCE_V1 == {
        "tensorflow.TensorShapeProto.dim",
        "tensorflow.TensorShapeProto.unknown_rank",
    }


ONE_PROCESS = """
from proto_utils import schema
{first}
{second}
theirs = tf.compat.v1.GraphDef()
theirs.node.add(name="a", op="Const").attr["value"].tensor.float_val.append(0.5)
theirs.node[0].MergeFromString(bytes([0x98, 0x06, 0x05]))
ours = schema.convert(theirs, schema.GraphDef)
assert type(ours) is schema.GraphDef and not isinstance(ours, tf.compat.v1.GraphDef)
assert schema.serialize(ours) == schema.serialize(theirs)
assert schema.message_class_like("MetaGraphDef", theirs) is tf.compat.v1.MetaGraphDef
assert schema.message_class_like("MetaGraphDef", ours) is schema.MetaGraphDef
back = schema.convert(ours, schema.message_class_like("GraphDef", theirs))
assert type(back) is tf.compat.v1.GraphDef and back == theirs
tf.import_graph_def(schema.convert(schema.GraphDef(), tf.compat.v1.GraphDef))
print("sound")
"""
LOAD_OURS = "schema.GraphDef"
LOAD_TENSORFLOW = "import tensorflow as tf"


@pytest.mark.parametrize("implementation", ["upb", "python"])
@pytest.mark.parametrize("order", [(LOAD_OURS, LOAD_TENSORFLOW), (LOAD_TENSORFLOW, LOAD_OURS)])
def test_lives_beside_tensorflow(tf2: TensorFlow, root: Path, order: tuple[str, str], implementation: str):
    variables = environment() | {"PYTHONPATH": str(root), "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": implementation}
    code = ONE_PROCESS.format(first=order[0], second=order[1])
    done = subprocess.run([tf2.python, "-c", code], env=variables, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "sound", done.stderr[-2000:]


def test_tensorflow_reads_our_text(tf2: TensorFlow, tmp_path: Path):
    graph = schema.GraphDef()
    node = graph.node.add(name="é", op="Const")
    node.attr["value"].tensor.float_val.extend([0.1, float("nan"), float("-inf"), 1e-45])
    node.attr["s"].s = bytes(range(256))
    (tmp_path / "ours.pbtxt").write_text(schema.print_text(graph))
    tf2.call("schema_facts:text_to_text", source=str(tmp_path / "ours.pbtxt"), target=str(tmp_path / "theirs.pbtxt"))
    theirs = (tmp_path / "theirs.pbtxt").read_bytes()
    assert schema.serialize(schema.parse_text(schema.GraphDef, theirs)) == schema.serialize(graph)
