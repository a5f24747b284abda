"""Files: what is missing beside them, and what is damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.checks import ERROR, WARNING
from graphsurgeon.errors import CorruptionError, NotFoundError
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tools.verify_source import verify_source
from tests.models import floats, meta_graph, saved_model, shared

V1 = "uve+tensorflow/tensorflow/contrib/session_bundle/testdata/half_plus_two/00000123"
SHARDLESS = "dotnet+machinelearning-testdata/Microsoft.ML.TensorFlow.TestModels/mnist_model"


def rows(path: Path, against: Path | None = None) -> list[tuple[str, str]]:
    return [(f.severity, f.rule) for f in verify_source(path, against=against).findings]


def copied(fixtures: Path, name: str, to: Path) -> Path:
    """A copy of a checkpoint with its graph and a state file."""
    to.mkdir()
    for path in fixtures.glob(f"{name}.ckpt.*"):
        shutil.copy(path, to)
    (to / "checkpoint").write_text(f'model_checkpoint_path: "{name}.ckpt"\n')
    return to / f"{name}.ckpt"


def test_fixtures_are_sound(fixtures: Path):
    for path in (*fixtures.glob("*.pb"), *fixtures.glob("*.meta")):
        report = verify_source(path)
        assert (report.num_errors, report.same) == (0, None)
        assert report.num_nodes > 0


def test_reports_of_the_same_are_equal(fixtures: Path):
    report = verify_source(fixtures / "mobile_cnn.ckpt")
    assert report == verify_source(fixtures / "mobile_cnn.ckpt")
    assert report != verify_source(fixtures / "cond.pb")
    assert report != report.to_json()


def test_each_missing_shard_is_named_once():
    report = verify_source(shared(SHARDLESS))
    errors = [f for f in report.findings if f.severity == ERROR]
    assert [f.rule for f in errors] == ["missing-shard"]
    assert "variables.data-00000-of-00001" in errors[0].message


def test_a_graph_that_is_cut_is_a_finding_beside_values_that_are_whole(tmp_path: Path, fixtures: Path):
    prefix = copied(fixtures, "mobile_cnn", tmp_path / "c")
    meta = prefix.with_name("mobile_cnn.ckpt.meta")
    meta.write_bytes(meta.read_bytes()[:20000])
    report = verify_source(prefix)
    assert [(f.rule, report.num_tensors, report.num_lost) for f in report.findings] == [("graph-file", 37, 0)]
    assert report.findings[0].message.endswith("truncated: 20000 of 61786 bytes or more")
    for path in (meta, prefix):
        with pytest.raises(CorruptionError, match="truncated") as caught:
            gs.load(path)
        assert ("moved away" in str(caught.value.hint)) == (path == prefix)


def test_what_a_truncated_file_costs_is_counted(tmp_path: Path):
    save_checkpoint({"a": floats(1, 2), "b": floats(3), "c": floats(4)}, tmp_path / "x")
    data = tmp_path / "x.data-00000-of-00001"
    data.write_bytes(b"\xff" + data.read_bytes()[1:10])
    report = verify_source(tmp_path / "x")
    assert [(f.severity, f.rule) for f in report.findings] == [(ERROR, "truncated-shard"), (ERROR, "checksum")]
    assert f"{data} is truncated: 10 of 16 bytes: 2 of 3 tensors are lost (b, c)" == report.findings[0].message
    assert (report.num_tensors, report.num_lost) == (3, 3)


def test_missing_shard_of_v1(tmp_path: Path):
    shutil.copytree(shared(V1), tmp_path / "v1")
    first = tmp_path / "v1" / "export-00000-of-00001"
    first.rename(first.with_name("export-00000-of-00002"))
    assert (ERROR, "missing-shard") in rows(tmp_path / "v1" / "export.meta")


def test_a_state_file_that_leads_nowhere(tmp_path: Path):
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "m.ckpt"\n')
    for path in (tmp_path, tmp_path / "checkpoint"):
        [finding] = verify_source(path).findings
        assert (finding.severity, finding.rule) == (ERROR, "state-file")
        assert "m.ckpt" in finding.message


def test_older_checkpoints_that_are_gone(fixtures: Path, tmp_path: Path):
    prefix = copied(fixtures, "cond", tmp_path / "x")
    assert rows(prefix.parent) == []
    with (prefix.parent / "checkpoint").open("a") as file:
        file.write('all_model_checkpoint_paths: "old-1"\nall_model_checkpoint_paths: "cond.ckpt"\n')
    [finding] = verify_source(prefix.parent).findings
    assert (finding.severity, finding.rule) == (WARNING, "state-file")
    assert "old-1" in finding.message
    assert rows(prefix) == []


def test_nothing_there(tmp_path: Path):
    with pytest.raises(NotFoundError):
        verify_source(tmp_path / "x.pb")


def test_parts_of_one_model_that_do_not_fit(fixtures: Path, tmp_path: Path):
    prefix = copied(fixtures, "cond", tmp_path / "x")
    values = dict(gs.load_checkpoint(prefix))
    values.pop(next(iter(values)))
    gs.save_checkpoint({**values, "extra": np.float32(1)}, tmp_path / "y" / "cond.ckpt")
    shutil.copy(f"{prefix}.meta", tmp_path / "y")
    assert rows(tmp_path / "y" / "cond.ckpt") == [(ERROR, "missing-value"), (WARNING, "extra-value")]


def test_every_meta_graph_of_a_saved_model(tmp_path: Path):
    train = meta_graph()
    train.meta_info_def.tags[:] = ["train", "gpu"]
    train.signature_def["serving_default"].inputs["feed"].name = "gone:0"
    (tmp_path / "saved_model.pb").write_bytes(saved_model(meta_graph(), train).SerializeToString())
    gs.save_checkpoint({"of_another": np.float32(1)}, tmp_path / "variables" / "variables")
    [finding] = verify_source(tmp_path).findings
    assert (finding.severity, finding.rule) == (ERROR, "signature")
    assert finding.message.startswith("meta graph tagged 'train,gpu': signature 'serving_default', input 'feed'")
