"""Layouts of ``.weights.h5`` by graphs; Keras itself loads such files in tests/tf/test_names_tf.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.formats.arrays.keras_graph import layout_of_graph
from graphsurgeon.formats.arrays.keras_objects import KerasLayout
from graphsurgeon.formats.arrays.transfer import export_tensors, import_tensors
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.unfreeze import unfreeze
from tests.notation import model

DENSE = """
{name}_k = Const {{f32 [{shape}]}}
{scope}/Cast/ReadVariableOp = Identity({name}_k)
{scope}/MatMul = MatMul({given}, {scope}/Cast/ReadVariableOp)
"""


def dense(scope: str, given: str, shape: str = "4,4") -> str:
    """A fully connected layer, as Keras 3 traces its call, whose constant has a name that tells nothing."""
    name = f"{scope}/unknown"
    return DENSE.format(scope=scope, given=given, shape=shape, name=name).replace("unknown_k", "unknown_7")


def thawed(*lines: str) -> Model:
    of = model("\n".join(["x = Placeholder {dtype: f32}", *lines]))
    unfreeze(of)
    return of


def layout(of: Model) -> KerasLayout:
    return layout_of_graph(of.graph, of.variables)


CHAIN = (dense("net_1/fc_1", "x"), dense("net_1/dense_1", "net_1/fc_1/MatMul"))


def test_layers_have_classes_and_numbers_in_the_order_of_the_graph():
    found = layout(thawed(*CHAIN))
    assert found.keys == {"layers/dense/vars/0": "fc/kernel", "layers/dense_1/vars/0": "dense/kernel"}
    assert found.names == {"layers/dense": "fc", "layers/dense_1": "dense"}
    assert found.guessed == {"fc": "dense"}


def test_models_in_models():
    inner = (dense("net_1/inner_1/b_1", "net_1/fc_1/MatMul"), dense("net_1/inner_1/a_1", "net_1/inner_1/b_1/MatMul"))
    found = layout(thawed(dense("net_1/fc_1", "x"), *inner))
    assert found.keys == {
        "layers/dense/vars/0": "fc/kernel",
        "layers/functional/layers/dense/vars/0": "inner/b/kernel",
        "layers/functional/layers/dense_1/vars/0": "inner/a/kernel",
    }


def test_a_model_that_was_built_alone_is_one_though_names_do_not_have_it():
    of = thawed(dense("net_1/mobilenet_1/a_1", "x"), dense("net_1/fc_1", "net_1/mobilenet_1/a_1/MatMul"))
    assert layout(of).keys == {
        "layers/functional/layers/dense/vars/0": "a/kernel",
        "layers/dense/vars/0": "fc/kernel",
    }


def test_layers_in_layers():
    heads = [dense(f"net_1/mha_1/{name}_1", "x") for name in ("query", "key", "value", "attention_output")]
    join = "net_1/add = AddN(" + ", ".join(f"net_1/mha_1/{n}_1/MatMul" for n in ("query", "key")) + ")"
    found = layout(thawed(*heads, join))
    assert {path: key for path, key in found.keys.items() if "query" in path or "output" in path} == {
        "layers/multi_head_attention/query_dense/vars/0": "mha/query/kernel",
        "layers/multi_head_attention/output_dense/vars/0": "mha/attention_output/kernel",
    }
    wrapped = "net_1/time_distributed_1"
    found = layout(thawed(dense(wrapped, "x"), dense("net_1/fc_1", f"{wrapped}/MatMul")))
    assert "layers/time_distributed/layer/vars/0" in found.keys


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((dense("net_1/a_1", "x"), dense("net_1/b_1", "x")), "does not tell which of 'a' and 'b', which are alike"),
        ((dense("net_1/a_1", "x"), dense("net_1/a_3", "net_1/a_1/MatMul")), "are both"),
        ((dense("net_1/a_1", "x"), dense("net_1", "net_1/a_1/MatMul")), "one functional or sequential model"),
        ((dense("net_1/a_1", "x"), dense("o_1/b_1", "net_1/a_1/MatMul")), "one functional or sequential model"),
        ((dense("net_1/odd_1", "x").replace("MatMul(", "Mul("),), "of which class is the layer 'odd'"),
    ],
)
def test_what_the_graph_does_not_tell_is_refused(lines, why):
    with pytest.raises(PassError, match=why):
        layout(thawed(*lines))


def test_layers_of_other_shapes_need_not_follow_each_other():
    found = layout(thawed(dense("net_1/a_1", "x"), dense("net_1/b_1", "x", "4,5")))
    assert sorted(found.keys.values()) == ["a/kernel", "b/kernel"]


def test_scopes_of_keras_2_are_refused():
    lines = [each.replace("Cast", "MatMul").replace("_1/", "/") for each in CHAIN]
    with pytest.raises(PassError, match="Keras 3 has no scope"):
        layout(thawed(*lines))


def test_a_model_is_exported_by_its_graph(tmp_path: Path):
    pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
    of = thawed(*CHAIN)
    path = tmp_path / "x.weights.h5"
    report = export_tensors(of, path)
    assert report.notes == ["load_weights says so where a layer is of another class than guessed: fc is a dense"]
    assert list(import_tensors(path)) == ["dense/0", "fc/0"]
    with pytest.raises(PassError, match="object graph"):
        export_tensors(of.variables, path, force=True)
