"""Our variables, ``init`` and ``save/`` are, node for node, those that TensorFlow's own Saver and exporter write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graphsurgeon.ir.graph import Graph
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.group_op import new_group
from graphsurgeon.variables.layout import Variable, new_variable
from graphsurgeon.variables.saver import SavedVariable, new_saver
from proto_utils import schema
from tests.tf.judge import TensorFlow

Spec = dict[str, Any]

#: What only some TensorFlow versions write: inferred shapes, defaults of attrs that are newer than 1.15, a hint to
#: its own graph builder.
_NOT_OURS = ("_output_shapes", "_has_manual_control_dependencies", "allowed_devices", "debug_name")

#: Names that sort differently by locale, case, number or path than by their characters.
ODD_NAMES = (
    "w", "V", "a/b", "a.b", "a_b", "a-b", "a/C", "a/b/c", "z10", "z9", "a", "xy", "Z", "0", "a/0", "a0",
    "a/b_1", "a/b_10", "a/b_2", ".x", "save_x", "B/x", "a__b", "a/-", "a/.", "a/_",
)  # fmt: skip


def named(names: tuple[str, ...] | list[str], **facts: Any) -> list[Spec]:
    return [{"name": name, **facts} for name in names]


def mixed(count: int) -> list[Spec]:
    dtypes = ["float32", "float64", "int32", "int64", "bool", "float16", "string", "complex64"]
    shapes: list[list[int]] = [[], [3], [0], [2, 4], [1, 1, 5]]
    return [
        {"name": f"scope_{i // 7}/v{i}", "resource": i % 3 == 0, "dtype": dtypes[i % 8], "shape": shapes[i % 5]}
        for i in range(count)
    ]


CASES = {
    "one ref": named(["w"]),
    "one resource": named(["w"], resource=True),
    "two of each": [{"name": n, "resource": n in "bd"} for n in "abcd"],
    "hundreds of refs": named([f"v{i}" for i in range(300)]),
    "hundreds of resources": named([f"v{i}" for i in range(300)], resource=True),
    "hundreds mixed": mixed(300),
    "odd names, ref": named(ODD_NAMES),
    "odd names, resource": named(ODD_NAMES, resource=True),
    "not trainable": named(["a", "b"], trainable=False) + named(["c"], trainable=False, resource=True),
    "one device": named(["a", "b"], device="/device:GPU:0") + named(["c"], device="/device:GPU:0", resource=True),
    "several devices": [
        {"name": f"v{i}", "resource": i % 2 == 0, "device": [None, "/job:ps/task:1", "/device:GPU:1"][i % 3]}
        for i in range(12)
    ],
    "initial values": [
        {"name": f"{dtype}/v{i}", "shape": shape, "dtype": dtype, "resource": bool(i % 2)}
        for dtype in ("float32", "int64", "bool", "string", "float16", "complex64")
        for i, shape in enumerate([[], [1], [0, 5], [999], [1000], [2, 500], [3, 4, 100], [0, 1000]])
    ],
    "a dozen devices": [{"name": f"v{i}", "device": f"/job:ps/task:{i}"} for i in range(12)],
}


def facts_of(node: schema.NodeDef) -> tuple[object, ...]:
    """All there is to a node, but what `_NOT_OURS` says and a default that TensorFlow 1.15 does not know."""
    attrs = {key: schema.serialize(value) for key, value in node.attr.items() if key not in _NOT_OURS}
    if node.op == "AssignVariableOp" and "validate_shape" in attrs and not node.attr["validate_shape"].b:
        del attrs["validate_shape"]
    return node.op, list(node.input), node.device, attrs


def variable_facts(node: schema.NodeDef) -> tuple[object, ...]:
    """As `facts_of`, but for what differs among TensorFlow's own functions."""
    op, inputs, device, attrs = facts_of(node)
    assert isinstance(attrs, dict)
    if op == "VariableV2":
        attrs.pop("_class", None)  # get_variable writes it, Variable does not
    return op, inputs, device, attrs


def made_by_tensorflow(tf: TensorFlow, path: Path, specs: list[Spec]) -> schema.MetaGraphDef:
    tf.call("saving:export", path=str(path), specs=specs)
    return schema.parse(schema.MetaGraphDef, path.read_bytes())


def made_by_us(specs: list[Spec]) -> tuple[list[schema.NodeDef], list[schema.NodeDef], schema.SaverDef, list[Variable]]:
    """The nodes of the variables, those of the saver, the SaverDef, and the variables."""
    taken = {spec["name"] for spec in specs}
    made = [
        new_variable(
            spec["name"],
            Tensor(DType.from_name(spec.get("dtype", "float32")), spec.get("shape", [2])),
            "resource" if spec.get("resource") else "ref",
            taken,
            device=spec.get("device") or "",
        )
        for spec in specs
    ]
    nodes = [node for each in made for node in each.nodes]
    saver = new_saver(Graph(nodes), [SavedVariable(each.variable.node, each.variable) for each in made])
    variables = [each.variable for each in made]
    nodes += new_group("init", [(each.initializer, each.device) for each in variables])
    return [n.proto for n in nodes], [n.proto for n in saver.nodes], saver.saver_def, variables


@pytest.mark.parametrize("case", CASES)
def test_save_subgraph_is_equal(tf: TensorFlow, tmp_path: Path, case: str):
    theirs = made_by_tensorflow(tf, tmp_path / "x.meta", CASES[case])
    _, nodes, saver_def, _ = made_by_us(CASES[case])
    expected = {node.name: facts_of(node) for node in theirs.graph_def.node if node.name.startswith("save/")}
    assert {node.name: facts_of(node) for node in nodes} == expected
    assert [node.name for node in nodes] == list(expected)
    assert saver_def == theirs.saver_def


@pytest.mark.parametrize("case", CASES)
def test_variables_are_equal(tf: TensorFlow, tmp_path: Path, case: str):
    theirs = made_by_tensorflow(tf, tmp_path / "x.meta", CASES[case])
    nodes, _, _, variables = made_by_us(CASES[case])
    expected = {n.name: variable_facts(n) for n in theirs.graph_def.node if not n.name.startswith("save/")}
    assert {node.name: variable_facts(node) for node in nodes} == expected
    definitions = [
        schema.serialize(variable.to_proto(trainable=spec.get("trainable", True)))
        for variable, spec in zip(variables, CASES[case], strict=True)
    ]
    assert list(theirs.collection_def["variables"].bytes_list.value) == definitions


def test_partitioned_variables_are_saved_by_slices(tf: TensorFlow, tmp_path: Path):
    specs: list[Spec] = [{"name": "p/q", "shape": [7, 3], "partitions": 3}, {"name": "a"}, {"name": "z"}]
    theirs = made_by_tensorflow(tf, tmp_path / "x.meta", specs)
    dtype = DType.from_name("float32")
    _, _, _, (a, z) = made_by_us(specs[1:])
    parts = [
        new_variable(f"p/q/part_{i}", Tensor(dtype, [rows, 3]), "ref", set()).variable
        for i, rows in enumerate([3, 2, 2])
    ]
    slices = ["7 3 0,3:0,3", "7 3 3,2:0,3", "7 3 5,2:0,3"]
    saved = [SavedVariable("p/q", part, text) for part, text in zip(parts, slices, strict=True)]
    saver = new_saver(Graph(), [SavedVariable("z", z), *saved, SavedVariable("a", a)])
    expected = {node.name: facts_of(node) for node in theirs.graph_def.node if node.name.startswith("save/")}
    assert {node.name: facts_of(node.proto) for node in saver.nodes} == expected
