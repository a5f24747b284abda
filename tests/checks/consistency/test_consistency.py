"""What is around a graph, on the files of others: no false alarm, and nothing read that need not be."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.checks import ERROR
from graphsurgeon.checks.consistency import consistency_findings
from graphsurgeon.formats.load import load
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from tests.models import SHARED, frozen, meta_graph, shared_files

SAVED_MODELS = [path.parent for path in shared_files(".pb", ".pbtxt") if path.stem == "saved_model"]
META_GRAPHS = shared_files(".meta")


@pytest.mark.skipif(not SHARED.exists(), reason="the models of others are not beside the project")
def test_there_are_models_of_others():
    assert len(SAVED_MODELS) > 20
    assert len(META_GRAPHS) > 5


@pytest.mark.parametrize("path", [*SAVED_MODELS, *META_GRAPHS], ids=lambda path: str(path.relative_to(SHARED)))
def test_models_of_others_are_consistent(path: Path):
    """TensorFlow wrote them and restores them."""
    assert [finding for finding in consistency_findings(load(path)) if finding.severity == ERROR] == []


def test_fixtures_are_consistent(fixtures: Path):
    for path in fixtures.glob("*.meta"):
        assert consistency_findings(load(path)) == []


def test_what_we_unfreeze_is_consistent(fixtures: Path, tmp_path: Path):
    for name in ("mobile_cnn", "lstm_calls", "dtypes"):
        model = gs.load(fixtures / f"{name}.pb")
        gs.unfreeze(model)
        assert consistency_findings(model) == []
        gs.save(model, tmp_path / name)
        assert consistency_findings(gs.load(tmp_path / name)) == []


def test_nothing_around_nothing():
    assert consistency_findings(Model()) == []
    assert consistency_findings(Model.from_graph_def(frozen())) == []


def test_verify_asks_for_it_only_when_told():
    meta = meta_graph()
    meta.signature_def["serving_default"].inputs["feed"].name = "gone:0"
    model = Model.from_meta_graph_def(meta)
    assert gs.verify(model) == []
    assert [finding.rule for finding in gs.verify(model, consistency=True)] == ["signature"]


def test_no_value_is_read(fixtures: Path, monkeypatch: pytest.MonkeyPatch):
    model = gs.load(fixtures / "mobile_cnn.ckpt")

    class Unreadable(Tensor):
        pass

    model.variables = {name: Unreadable(dtypes.FLOAT, value.shape) for name, value in model.variables.items()}
    assert consistency_findings(model) == []
