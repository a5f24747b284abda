"""Plans of edits: the same tensors here and there, and data files that are done once."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.formats.bundle_names import shard_path
from graphsurgeon.tools.shards import edit_plan
from graphsurgeon.tools.shards.edit_plan import is_written, let_go, made_shard, make_plan, opened, write_part
from graphsurgeon.tools.shards.results import Results


@pytest.fixture
def place(tmp_path: Path):
    gs.save_checkpoint({name: np.array([i, i], np.float32) for i, name in enumerate("abc")}, tmp_path / "m")
    Results(str(tmp_path / "parts")).make()
    yield tmp_path
    let_go()


@pytest.fixture
def plan(place: Path):
    made = make_plan("m", [{"scale": {"select": ".*", "factor": 2}}], [], str(place))
    return made._replace(results=str(place / "parts"))


def test_a_part_is_a_data_file_of_one_machine(place, plan):
    for element in ((0, [b"a", b"b"]), (1, [b"c"])):
        write_part(pickle.loads(pickle.dumps(plan)), element)
    edited, report = opened(plan)
    assert len(report.changes) == 3
    gs.save_checkpoint(edited.tensors, place / "alone", shard_nbytes=16)
    results = Results(plan.results)
    for number in (0, 1):
        made = made_shard(results, number)
        assert Path(made.path).read_bytes() == Path(shard_path(str(place / "alone"), number, 2)).read_bytes()
    assert [key for key, _ in made_shard(results, 0).entries] == [b"a", b"b"]


def test_a_part_is_written_once(place, plan, monkeypatch):
    write_part(plan, (0, [b"a"]))
    monkeypatch.setattr(edit_plan, "_rows", None)
    write_part(plan, (0, [b"a"]))
    assert is_written(Results(plan.results), 0)


def test_a_part_that_is_not_whole_is_not_written(place, plan):
    results = Results(plan.results)
    write_part(plan, (0, [b"a"]))
    Path(results.path(0, "data")).write_bytes(b"")
    assert not is_written(results, 0)
    write_part(plan, (0, [b"a"]))
    assert is_written(results, 0)


def test_a_failure_leaves_a_result_and_no_file(place, plan):
    results = Results(plan.results)
    gs.save_checkpoint({"a": np.array([1], np.float32)}, place / "m", force=True)
    write_part(plan, (0, [b"a"]))
    assert results.is_done(0)
    assert not is_written(results, 0)
    assert [path.name for path in Path(plan.results).iterdir()] == ["00000.json"]
    with pytest.raises(gs.ChangedError, match="was replaced"):
        made_shard(results, 0)


def test_digests_are_of_all_that_matters(place, plan):
    elements = [(0, [b"a"]), (1, [b"b"])]
    one = plan.digest(elements)
    assert plan._replace(results="elsewhere").digest(elements) == one
    others = [plan._replace(byteorder="big").digest(elements), plan._replace(steps="[]").digest(elements)]
    others += [plan.digest(elements[:1]), plan.digest([(0, [b"a", b"b"])])]
    assert len({one, *others}) == 5


def test_other_checkpoints_count(place):
    gs.save_checkpoint({"a": np.array([1], np.float32)}, place / "other")
    plan = make_plan("m", [{"merge": {"others": ["other"], "prefix": "b=x"}}], ["other"], str(place))
    assert [path for path, _ in plan.digests] == ["m", "other"]
    edited, _ = opened(plan)
    assert "x/a" in edited.tensors
    gs.save_checkpoint({"a": np.array([2], np.float32)}, place / "other", force=True)
    with pytest.raises(gs.ChangedError):
        opened(plan)
