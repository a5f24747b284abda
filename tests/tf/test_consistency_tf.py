"""What is called an error keeps TensorFlow from importing, restoring or saving; nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.checks import ERROR
from graphsurgeon.checks.consistency import consistency_findings
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.values import StringTensor, as_tensor
from proto_utils import schema
from tests.models import SHARED, shared_files
from tests.tf.judge import TensorFlow

Fault = Callable[[Model], object]


def meta_of(model: Model) -> schema.MetaGraphDef:
    assert model.meta is not None
    return model.meta


def in_collection(key: str, cls: type[schema.Message], change: Callable[[Any], object]) -> Fault:
    """Change the first message of a collection."""

    def fault(model: Model) -> None:
        values = meta_of(model).collection_def[key].bytes_list.value
        message: Any = schema.parse(cls, values[0])
        change(message)
        values[0] = schema.serialize(message)

    return fault


def in_list(node: str, change: Callable[[list[bytes]], object]) -> Fault:
    """Change the strings that a saver's op takes."""

    def fault(model: Model) -> None:
        values = list(model.graph[node].tensor.strings())
        change(values)
        model.graph[node].attrs["value"] = StringTensor((len(values),), values)

    return fault


def in_value(key: str, change: Callable[[np.ndarray], np.ndarray]) -> Fault:
    """Change a value of the checkpoint."""
    return lambda model: model.variables.update({key: as_tensor(change(model.variables[key].numpy()))})


def unparsable(model: Model) -> None:
    meta_of(model).collection_def["variables"].bytes_list.value[0] = b"\x0a\xff"


BIAS = "rnn/lstm/bias"
FAULTS: dict[str, Fault] = {
    "nothing": lambda model: None,
    "a read that is gone": in_collection(
        "variables", schema.VariableDef, lambda message: setattr(message, "snapshot_name", "gone:0")
    ),
    "an output that is gone": in_collection(
        "variables", schema.VariableDef, lambda message: setattr(message, "snapshot_name", f"{BIAS}/read:3")
    ),
    "a pivot that is gone": in_collection(
        "while_context", schema.WhileContextDef, lambda message: setattr(message, "pivot_name", "gone:0")
    ),
    "a name in a loop that is gone": in_collection(
        "while_context", schema.WhileContextDef, lambda message: message.values_def.values.append("gone:0")
    ),
    "a def that does not parse": unparsable,
    "a def of the other kind": in_collection(
        "variables", schema.VariableDef, lambda message: setattr(message, "is_resource", True)
    ),
    "a node that is gone": lambda model: meta_of(model).collection_def["ops"].node_list.value.append("gone"),
    "a node that is there": lambda model: meta_of(model).collection_def["ops"].node_list.value.append("save/Const:0"),
    "an unknown collection": lambda model: meta_of(model).collection_def["odd"].bytes_list.value.append(b"\x0a\xff"),
    "an empty SaverDef": lambda model: meta_of(model).saver_def.CopyFrom(schema.SaverDef()),
    "no SaverDef": lambda model: meta_of(model).ClearField("saver_def"),
    "a restore op that is gone": lambda model: setattr(meta_of(model).saver_def, "restore_op_name", "gone"),
    "a save tensor that is gone": lambda model: setattr(meta_of(model).saver_def, "save_tensor_name", "gone:0"),
    "a file name that is gone": lambda model: setattr(meta_of(model).saver_def, "filename_tensor_name", "gone:0"),
    "too few names": in_list("save/RestoreV2/tensor_names", lambda names: names.pop()),
    "too many slices": in_list("save/RestoreV2/shape_and_slices", lambda specs: specs.append(b"")),
    "too few names to save": in_list("save/SaveV2/tensor_names", lambda names: names.pop()),
    "a bad slice": in_list("save/RestoreV2/shape_and_slices", lambda specs: specs.__setitem__(0, b"six")),
    "a slice of another shape": in_list(
        "save/RestoreV2/shape_and_slices", lambda specs: specs.__setitem__(0, b"7 0,6")
    ),
    "a name twice": in_list("save/SaveV2/tensor_names", lambda names: names.__setitem__(1, names[0])),
    "saved under another name": in_list("save/SaveV2/tensor_names", lambda names: names.__setitem__(0, b"odd")),
    "a missing value": lambda model: model.variables.pop(BIAS),
    "an extra value": lambda model: model.variables.update({"odd": as_tensor(np.float32(1))}),
    "another type": in_value(BIAS, lambda value: value.astype(np.float64)),
    "another shape": in_value(BIAS, lambda value: value[:-1]),
    "a shape that only holds as many": in_value(BIAS, lambda value: value.reshape(2, -1)),
}


def no_saver_and(fault: Fault) -> Fault:
    def both(model: Model) -> None:
        meta_of(model).ClearField("saver_def")
        fault(model)

    return both


for _name in ("a missing value", "a def of the other kind", "another type", "another shape"):
    FAULTS[f"no SaverDef and {_name}"] = no_saver_and(FAULTS[_name])


@pytest.mark.parametrize("name", FAULTS)
def test_errors_are_what_tensorflow_refuses(tf: TensorFlow, fixtures: Path, tmp_path: Path, name: str):
    model = gs.load(fixtures / "lstm_loop.ckpt")
    FAULTS[name](model)
    gs.save_checkpoint(model.variables, tmp_path / "m")
    (tmp_path / "m.meta").write_bytes(model.to_meta_graph_def().SerializeToString())
    errors = [finding for finding in consistency_findings(gs.load(tmp_path / "m")) if finding.severity == ERROR]
    step, why = tf.call("restoring:outcome", meta=tmp_path / "m.meta", prefix=tmp_path / "m")
    assert bool(errors) == bool(step), (errors, step, why)


def in_signature(change: Callable[[schema.SignatureDef], object]) -> Fault:
    return lambda model: change(meta_of(model).signature_def["serving_default"])


SERVED: dict[str, Fault] = {
    "nothing": lambda model: None,
    "an output that is gone": in_signature(lambda signature: setattr(signature.outputs["y"], "name", "gone:0")),
    "an input of which there are fewer": in_signature(
        lambda signature: setattr(signature.inputs["x"], "name", "input:1")
    ),
    "another type of output": in_signature(lambda signature: setattr(signature.outputs["y"], "dtype", 9)),
    "a read that is gone": in_collection(
        "variables", schema.VariableDef, lambda message: setattr(message, "snapshot_name", "gone:0")
    ),
    "a main op that is gone": lambda model: (
        meta_of(model).collection_def["saved_model_main_op"].node_list.value.append("gone")
    ),
    "a restore op that is gone": lambda model: setattr(meta_of(model).saver_def, "restore_op_name", "gone"),
    "a missing value": lambda model: model.variables.pop("Logits/biases"),
    "another shape": in_value("Logits/biases", lambda value: value[:-1]),
    "an extra value": lambda model: model.variables.update({"odd": as_tensor(np.float32(1))}),
}


@pytest.mark.parametrize("name", SERVED)
def test_errors_are_what_cannot_be_served(tf: TensorFlow, fixtures: Path, tmp_path: Path, name: str):
    model = gs.load(fixtures / "mobile_cnn.ckpt")
    signature = meta_of(model).signature_def["serving_default"]
    signature.inputs["x"].name, signature.inputs["x"].dtype = "input:0", 1
    signature.outputs["y"].name, signature.outputs["y"].dtype = "Predictions:0", 1
    meta_of(model).meta_info_def.tags.append("serve")
    SERVED[name](model)
    saved = schema.SavedModel(saved_model_schema_version=1, meta_graphs=[model.to_meta_graph_def()])
    (tmp_path / "saved_model.pb").write_bytes(saved.SerializeToString())
    gs.save_checkpoint(model.variables, tmp_path / "variables" / "variables")
    errors = [finding for finding in consistency_findings(gs.load(tmp_path)) if finding.severity == ERROR]
    why = tf.call("restoring:served", directory=tmp_path)
    assert bool(errors) == bool(why), (errors, why)


@pytest.mark.parametrize("path", shared_files(".meta"), ids=lambda path: str(path.relative_to(SHARED)))
def test_what_tensorflow_restores_has_no_errors(tf2: TensorFlow, path: Path):
    model = gs.load(path)
    if not model.variables:
        pytest.skip("there is no checkpoint beside it")
    step, why = tf2.call("restoring:outcome", meta=path, prefix=path.with_suffix(""))
    errors = [finding for finding in consistency_findings(model) if finding.severity == ERROR]
    if not step:
        assert errors == []
    elif errors:
        assert step != "import", why
