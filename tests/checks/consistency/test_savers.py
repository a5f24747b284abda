"""The lists of the ops that save and restore."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.checks import ERROR, WARNING, Finding
from graphsurgeon.checks.consistency.savers import list_findings
from graphsurgeon.formats.load import load
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.saver_calls import SaverCall, saver_calls
from tests.models import shared

KERAS = "tensorflow+tfx/tfx/components/testdata/trainer/keras/Format-Serving"
SHARDED = "uve+tensorflow/tensorflow/contrib/session_bundle/testdata/half_plus_two_ckpt_v2/00000123/export.meta"


@pytest.fixture
def trained(fixtures: Path) -> Model:
    return gs.load(fixtures / "lstm_loop.ckpt")


def calls(model: Model) -> list[SaverCall]:
    return saver_calls(model, Index(model.graph))


def found(model: Model) -> list[Finding]:
    return list(list_findings(calls(model)))


def edit(model: Model, node: str, change: Callable[[list[bytes]], object]) -> None:
    """Change a list of strings."""
    values = list(model.graph[node].tensor.strings())
    change(values)
    model.graph[node].attrs["value"] = StringTensor((len(values),), values)


def test_sound_lists(trained: Model):
    assert found(trained) == []
    assert found(load(shared(KERAS))) == []


def test_names_and_types_are_equally_many(trained: Model):
    edit(trained, "save/RestoreV2/tensor_names", lambda names: names.pop())
    errors = [(f.node, f.message) for f in found(trained) if f.severity == ERROR]
    assert errors == [("save/RestoreV2", "has 5 names for 6 tensors")]


def test_slices_and_types_are_equally_many(trained: Model):
    edit(trained, "save/SaveV2/shape_and_slices", lambda specs: specs.append(b""))
    assert [(f.severity, f.message) for f in found(trained)] == [(ERROR, "has 7 slices for 6 tensors")]


@pytest.mark.parametrize("spec", [b"six", b"6 4,3", b"6 -1,2"])
def test_bad_slices(trained: Model, spec: bytes):
    for op in ("SaveV2", "RestoreV2"):
        edit(trained, f"save/{op}/shape_and_slices", lambda specs: specs.__setitem__(0, spec))
    assert [(f.rule, f.severity) for f in found(trained)] == [("saver-lists", ERROR)] * 2


def test_a_name_twice(trained: Model):
    edit(trained, "save/SaveV2/tensor_names", lambda names: names.__setitem__(1, names[0]))
    assert [f.message for f in found(trained) if f.severity == ERROR] == ["saves 'rnn/gru/candidate/bias' 2 times"]


def test_slices_of_one_name_are_no_repetition(fixtures: Path):
    model = gs.load(fixtures / "partitioned.ckpt")
    assert len(set(calls(model)[0].keys)) < len(calls(model)[0].keys)
    assert found(model) == []


def test_restored_as_another_type(trained: Model):
    types = list(trained.graph["save/RestoreV2"].attrs["dtypes"])
    trained.graph["save/RestoreV2"].attrs["dtypes"] = [dtypes.HALF, *types[1:]]
    [finding] = found(trained)
    assert finding.severity == ERROR
    assert finding.message == "restores 'rnn/gru/candidate/bias' as float16, but float32 is saved"


def test_saved_and_not_restored(trained: Model):
    edit(trained, "save/RestoreV2/tensor_names", lambda names: names.__setitem__(0, b"other"))
    assert [(f.severity, f.message) for f in found(trained)] == [
        (WARNING, "the saver saves but does not restore 'rnn/gru/candidate/bias'"),
        (WARNING, "the saver restores but does not save 'other'"),
    ]


def test_faults_of_other_savers_are_warnings(trained: Model):
    assert trained.meta is not None
    edit(trained, "save/RestoreV2/tensor_names", lambda names: names.pop())
    trained.meta.ClearField("saver_def")
    assert [(f.severity, f.node) for f in found(trained)] == [(WARNING, "save/RestoreV2")]
