"""What `inspect` finds in a model."""

from __future__ import annotations

import json

from graphsurgeon.formats.load import load
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.meta_graph.endpoints import SignatureTensor
from graphsurgeon.passes.unfreeze import unfreeze
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import RawTensor, StringTensor
from graphsurgeon.tools.inspect import ConstantTotal, Total, VariableTotal, inspect_model
from proto_utils import schema
from tests import notation
from tests.models import frozen, meta_graph


def test_frozen_graph():
    found = inspect_model(Model.from_graph_def(frozen()))
    assert (found.producer, found.nodes, found.tensorflow_version) == (134, 4, None)
    assert found.ops == {"Placeholder": 1, "Const": 1, "Identity": 1, "Mul": 1}
    assert ([e.name for e in found.inputs], [e.name for e in found.outputs]) == (["x"], ["out"])
    assert found.weights == ConstantTotal(count=1, larger=1, nbytes=12)
    assert found.variables == VariableTotal(count=0, resource=0, trainable=None, nbytes=0)
    assert found.dtypes == {"float32": Total(1, 12)}


def test_meta_graph():
    found = inspect_model(Model.from_meta_graph_def(meta_graph()))
    assert (found.tensorflow_version, found.tags) == ("1.15.0", ["serve"])
    assert found.signatures["serving_default"].outputs == {"fetch": SignatureTensor("out:0", "float32", [])}
    assert [e.reason for e in found.inputs] == ["input 'feed' of signature 'serving_default'"]


def test_variables_and_saver():
    model = Model.from_graph_def(frozen())
    unfreeze(model)
    found = inspect_model(model)
    assert found.variables == VariableTotal(count=1, resource=0, trainable=1, nbytes=12)
    assert found.saver is not None
    assert (found.saver.version, found.saver.restore) == ("V2", "save/restore_all")
    assert found.collections["variables"] == 1
    assert [e.name for e in found.inputs] == ["x"]


def test_control_flow_of_both_kinds(fixtures):
    assert inspect_model(load(fixtures / "lstm_loop.pb")).control_flow["v1"]["LoopCond"] > 0
    calls = inspect_model(load(fixtures / "lstm_calls.pb"))
    assert sum(calls.control_flow["v2"].values()) > 0
    assert calls.functions[0].nodes > 0


def test_the_init_op_of_a_saved_model_is_no_signature_and_its_assets_no_inputs():
    model = notation.model("""
        path = Placeholder {dtype: str}
        words = Placeholder {dtype: str}
        t = HashTableV2 {key_dtype: str, value_dtype: i64}
        fill = InitializeTableFromTextFileV2(t, path) {key_index: -2, value_index: -1}
        init = NoOp(^fill)
    """)
    model.meta = schema.MetaGraphDef()
    model.meta.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name = "init"
    model.meta.asset_file_def.add(filename="words.txt").tensor_info.name = "path:0"
    found = inspect_model(model)
    assert (found.signatures, found.init_ops) == ({}, {"init": ["t"]})
    assert [each.name for each in found.inputs] == ["words"]


def test_no_payload_is_read():
    class Unread(RawTensor):
        def chunks(self, nbytes=0):
            raise AssertionError("read")

    model = Model.from_graph_def(frozen())
    value = model.graph["w"].tensor
    model.graph.append(Node.new("u", "Const", attrs={"dtype": dtypes.FLOAT, "value": value}))
    model.graph["w"].attrs["value"] = Unread(dtypes.FLOAT, (1 << 20,), _span(4 << 20))
    assert inspect_model(model).weights.nbytes == (4 << 20) + 12


def _span(nbytes: int):
    from proto_utils.files import BytesSource, Span

    return Span(BytesSource(bytes(nbytes)), 0, nbytes)


def test_everything_becomes_json():
    model = Model.from_meta_graph_def(meta_graph())
    value = StringTensor((2,), [b"\xff", b"x"])
    model.graph.append(Node.new("s", "Const", attrs={"dtype": dtypes.STRING, "value": value}))
    facts = json.loads(json.dumps(inspect_model(model).to_json()))
    assert list(facts) == [
        "tensorflow_version", "producer", "min_consumer", "nodes", "ops", "inputs", "outputs", "main_path", "variables",
        "weights", "dtypes", "control_flow", "functions", "signatures", "init_ops", "collections", "saver", "tags",
        "oldest_tensorflow", "records",
    ]  # fmt: skip
    assert facts["dtypes"]["string"] == {"count": 1, "nbytes": 2}
    assert facts["variables"] == {"count": 0, "resource": 0, "trainable": None, "nbytes": 0}
    assert facts["signatures"]["serving_default"] == {
        "method": "",
        "inputs": {"feed": {"name": "x:0", "dtype": "float32", "shape": []}},
        "outputs": {"fetch": {"name": "out:0", "dtype": "float32", "shape": []}},
    }
