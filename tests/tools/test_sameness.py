"""Whether two files hold the same model."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.checks import ERROR, WARNING
from graphsurgeon.errors import PassError
from graphsurgeon.tools.sameness import compare
from graphsurgeon.tools.verify_source import verify_source
from tests.models import frozen


@pytest.mark.parametrize("name", ["cond", "lstm_loop", "mobile_cnn", "partitioned", "resource_cnn"])
def test_the_same_model(fixtures: Path, name: str):
    pair = fixtures / f"{name}.pb", fixtures / f"{name}.ckpt"
    for one, other in (pair, pair[::-1]):
        report = verify_source(one, against=other)
        assert (report.same, report.num_errors) == (True, 0)


def test_the_same_model_as_a_saved_model(fixtures: Path, tmp_path: Path):
    model = gs.load(fixtures / "mobile_cnn.pb")
    gs.unfreeze(model)
    gs.save(model, tmp_path / "saved", to="saved_model")
    assert verify_source(tmp_path / "saved", against=fixtures / "mobile_cnn.pb").same


def test_another_value(fixtures: Path, tmp_path: Path):
    prefix = fixtures / "mobile_cnn.ckpt"
    values = dict(gs.load_checkpoint(prefix))
    changed = values["Logits/biases"].numpy().copy()
    changed[3] = np.nextafter(changed[3], np.float32(9))
    values["Logits/biases"] = changed
    gs.save_checkpoint(values, tmp_path / "y" / "m")
    shutil.copy(f"{prefix}.meta", tmp_path / "y" / "m.meta")
    report = verify_source(fixtures / "mobile_cnn.pb", against=tmp_path / "y" / "m")
    assert not report.same
    assert [(f.rule, f.node) for f in report.findings if f.severity == ERROR] == [("value", "Logits/biases")]


def test_two_frozen_graphs(tmp_path: Path):
    (tmp_path / "a.pb").write_bytes(frozen().SerializeToString())
    changed = frozen()
    changed.node[3].op = "Add"
    del changed.node[2]
    changed.node[2].input[1] = "w"
    (tmp_path / "b.pb").write_bytes(changed.SerializeToString())
    assert verify_source(tmp_path / "a.pb", against=tmp_path / "a.pb").same
    report = verify_source(tmp_path / "a.pb", against=tmp_path / "b.pb")
    assert not report.same
    assert {(f.rule, f.node) for f in report.findings} == {("differs", "w/read"), ("differs", "out")}


def test_two_graphs_with_variables(fixtures: Path):
    one = gs.load(fixtures / "cond.ckpt")
    assert compare(one, gs.load(fixtures / "cond.ckpt")) == []
    found = compare(one, gs.load(fixtures / "resource_cnn.ckpt"))
    assert any(f.severity == ERROR and f.node for f in found)
    assert any("value " in f.message for f in found)


def test_only_what_is_around_differs(fixtures: Path):
    one, other = gs.load(fixtures / "cond.ckpt"), gs.load(fixtures / "cond.ckpt")
    assert other.meta is not None
    other.meta.saver_def.max_to_keep = 77
    [finding] = compare(one, other)
    assert (finding.severity, finding.rule) == (WARNING, "differs")
    assert finding.message == "around the graph differs: 'saver_def/max_to_keep'"


def test_two_checkpoints(fixtures: Path):
    a, b = gs.Model(), gs.Model()
    a.variables = dict(gs.load_checkpoint(fixtures / "cond.ckpt"))
    assert [f.rule for f in compare(a, b)] == ["differs"] * len(a.variables)
    assert compare(a, a) == []


def test_a_graph_and_a_bare_checkpoint(fixtures: Path, tmp_path: Path):
    gs.save_checkpoint(gs.load_checkpoint(fixtures / "cond.ckpt"), tmp_path / "x")
    with pytest.raises(PassError, match="the other has no graph"):
        verify_source(fixtures / "cond.pb", against=tmp_path / "x")


def test_nothing_of_it_is_loaded_when_nothing_is_compared(root: Path, fixtures: Path):
    code = (
        "import sys, graphsurgeon.tools.verify_source as v; v.verify_source(sys.argv[1])\n"
        "print([name for name in sys.modules if name.startswith(('graphsurgeon.compare', 'hashlib'))])"
    )
    command = [sys.executable, "-c", code, str(fixtures / "mobile_cnn.ckpt")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
