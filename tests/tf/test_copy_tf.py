"""TensorFlow restores, runs and trains copies of a part of a graph, bit for bit as the original."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow


@pytest.fixture(scope="module", params=["tf1", "tf2"])
def judge(request: pytest.FixtureRequest) -> TensorFlow:
    """Each TensorFlow; what it made is copied in many ways."""
    tensorflow = request.getfixturevalue(request.param)
    assert isinstance(tensorflow, TensorFlow)
    return tensorflow


@pytest.fixture(scope="module")
def nets(judge: TensorFlow, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Nets that name everything, by kind, and what TensorFlow makes of each."""
    prefixes = judge.call("joining:nets", directory=str(tmp_path_factory.mktemp("nets")))
    alone = {name: judge.call("joining:parts_of", prefix=prefix, scopes=[""])[""] for name, prefix in prefixes.items()}
    return {name: (prefixes[name], alone[name]) for name in prefixes}


@pytest.mark.parametrize("kind", ["ref", "resource", "functional"])
def test_a_copy_of_everything_is_the_net_once_more(judge: TensorFlow, nets: dict[str, Any], tmp_path: Path, kind: str):
    """Parts of variables, slots, averages, tables, queues, loops, branches: each copy is by itself."""
    prefix, alone = nets[kind]
    model = gs.load(f"{prefix}.meta")
    gs.copy(model, nodes=(".*",), scope="twin")
    assert [finding for finding in gs.verify(model, consistency=True) if finding.severity == "error"] == []
    gs.save(model, tmp_path / "copied.ckpt", links="hard")
    found = judge.call("joining:parts_of", prefix=str(tmp_path / "copied.ckpt"), scopes=["twin/"])
    assert found["twin/"] == alone
    stored, again, _ = judge.call("renaming:saves_again", prefix=str(tmp_path / "copied.ckpt"))
    assert again == stored


@pytest.mark.parametrize("resource", [False, True])
@pytest.mark.parametrize("share", [False, True])
def test_a_part_reads_what_the_original_does(judge: TensorFlow, tmp_path: Path, resource: bool, share: bool):
    """With variables of its own or the original ones; and freezing what was copied changes nothing."""
    prefix = judge.call("joining:deep", prefix=str(tmp_path / "deep.ckpt"), resource=resource)
    model = gs.load(prefix)
    before = list(model.variables)
    gs.copy(model, nodes=("deep/.*",), scope="twin/net", share_variables=share)
    assert len(model.variables) - len(before) == (0 if share else 5)
    gs.save(model, tmp_path / "copied.ckpt", links="hard")
    fetched = ["deep/y", "twin/net/y", "twin/net/side"]
    feeds = ["deep/x", "twin/net/x"]
    y, copied, side = judge.call("joining:runs", path=str(tmp_path / "copied.ckpt"), fed=feeds, fetched=fetched)
    assert y == copied
    gs.freeze(model, outputs=("twin/net/y", "twin/net/side"))
    gs.save(model, tmp_path / "frozen.pb")
    frozen = judge.call("joining:runs", path=str(tmp_path / "frozen.pb"), fed=feeds[1:], fetched=fetched[1:])
    assert frozen == [copied, side]
