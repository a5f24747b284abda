"""TensorFlow restores, runs and trains what is renamed, bit for bit as under the old names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from tests.models import shared_files
from tests.tf.judge import JudgeError, TensorFlow
from tests.tf.test_saved_model_tf import CHUNKS, saved_models

MAPS: dict[str, dict[str, Any]] = {
    "scope": {"add_scope": "my/net"},
    "patterns": {"map": (r"tower/first/(.*)=entry/\1", r"tower/(.*)=body/\1", "output=probabilities", "loss=cost")},
    "exchange": {"map": {"tower/second/kernel": "tower/second/bias", "tower/second/bias": "tower/second/kernel"}},
    "parts": {"map": {"tower/first/embeddings": "table", "tower/second/norm/gamma": "scale"}},
    "keys only": {"map": (r"tower/other/(.*)=named/\1",)},
}
KINDS = {
    "ref": {},
    "resource": {"resource": True},
    "functional": {"resource": True, "control_flow_v2": True, "sharded": True},
}


@pytest.fixture(scope="module", params=["tf1", "tf2"])
def judge(request: pytest.FixtureRequest) -> TensorFlow:
    """Each TensorFlow; what it trained once is renamed in many ways."""
    tensorflow = request.getfixturevalue(request.param)
    assert isinstance(tensorflow, TensorFlow)
    return tensorflow


@pytest.fixture(scope="module", params=KINDS)
def net(request: pytest.FixtureRequest, judge: TensorFlow, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A trained net of one kind, and what TensorFlow makes of it."""
    directory = tmp_path_factory.mktemp("net")
    made: dict[str, Any] = judge.call("renaming:make", directory=str(directory), **KINDS[request.param])
    made["trained"] = judge.call("renaming:trained", prefix=made["prefix"], names={})
    assert made["trained"]["gradients"] == []
    assert made["trained"]["losses"][1] < made["trained"]["losses"][0]
    return made


def renamed(source: str, prefix: Path, **options: Any) -> dict[str, str]:
    """Rename a file into a checkpoint; the new names of nodes."""
    model = gs.load(source)
    report = gs.rename(model, **options)
    assert [finding for finding in gs.verify(model, consistency=True) if finding.severity == "error"] == []
    gs.save(model, prefix, links="hard")
    return {row.was: row.name for row in report.renamed if row.kind != "key"}


@pytest.mark.parametrize("way", MAPS)
def test_restores_and_trains(judge: TensorFlow, net: dict[str, Any], tmp_path: Path, way: str):
    """Variables, outputs, queue, losses and trained variables are bit for bit the same; every weight has a gradient."""
    names = renamed(f"{net['prefix']}.meta", tmp_path / "new.ckpt", **MAPS[way])
    expected = dict(net["trained"])
    for key in ("restored", "trained"):
        expected[key] = {names.get(name, name): bits for name, bits in expected[key].items()}
    expected["names_of_outputs"] = [f"{names.get('output', 'output')}:0"]
    assert judge.call("renaming:trained", prefix=str(tmp_path / "new.ckpt"), names=names) == expected


@pytest.mark.parametrize("way", ["scope", "parts"])
def test_saves_under_the_new_keys(judge: TensorFlow, net: dict[str, Any], tmp_path: Path, way: str):
    """The model's own saver, and one that TensorFlow makes of its variables, save what the checkpoint has."""
    renamed(f"{net['prefix']}.meta", tmp_path / "new.ckpt", **MAPS[way])
    stored, again, new = judge.call("renaming:saves_again", prefix=str(tmp_path / "new.ckpt"))
    assert again == stored
    # A new saver goes by names, and one variable is saved under another.
    assert len(set(new) ^ set(stored)) == 2


def test_there_and_back(judge: TensorFlow, net: dict[str, Any], tmp_path: Path):
    original = f"{net['prefix']}.meta"
    renamed(original, tmp_path / "there.ckpt", add_scope="my")
    renamed(str(tmp_path / "there.ckpt.meta"), tmp_path / "back.ckpt", strip_scope="my")
    assert gs.diff(gs.load(original), gs.load(tmp_path / "back.ckpt")).is_equal
    assert judge.call("renaming:trained", prefix=str(tmp_path / "back.ckpt"), names={}) == net["trained"]


@pytest.mark.parametrize("path", shared_files(".meta"), ids=lambda path: "-".join(path.parts[-4:]))
def test_other_peoples_models(tf: TensorFlow, tmp_path: Path, path: Path):
    """What TensorFlow restores of theirs it restores under the new names, to the same values."""
    if not path.with_suffix(".index").is_file():
        pytest.skip("its checkpoint was not kept")
    prefix = str(path).removesuffix(".meta")
    if tf.call("restoring:outcome", meta=str(path), prefix=prefix) != ["", ""]:
        pytest.skip("this TensorFlow does not restore the original")
    renamed(str(path), tmp_path / "new.ckpt", add_scope="my")
    new = str(tmp_path / "new.ckpt")
    assert tf.call("restoring:outcome", meta=f"{new}.meta", prefix=new) == ["", ""]
    before, after = (tf.call("judging:variables", prefix=each) for each in (prefix, new))
    assert after["variables"] == {f"my/{name}": facts for name, facts in before["variables"].items()}
    assert after["saver"]["restore_op_name"] == f"my/{before['saver']['restore_op_name']}"
    assert tf.call("judging:checkpoint", prefix=new) == {
        f"my/{key}": bits for key, bits in tf.call("judging:checkpoint", prefix=prefix).items()
    }


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_saved_models_serve_the_same(tf2: TensorFlow, shared_models: Path, tmp_path: Path, chunk: int):
    """Signatures, tables, assets, functions, objects: the same outputs in a session and as TensorFlow 2 loads them."""
    compared = 0
    for number, path in enumerate(saved_models(shared_models)[chunk::CHUNKS]):
        model = gs.load(path)
        gs.rename(model, add_scope="my")
        try:
            gs.save(model, tmp_path / str(number), to="saved_model")
        except gs.NotFoundError:
            continue  # its checkpoint was not kept
        assert model.meta is not None
        tags = list(model.meta.meta_info_def.tags)
        new = str(tmp_path / str(number))
        found = tf2.call("renaming:serves_equal", first=str(path), second=new, tags=tags)
        assert found["differ"] == {}, path
        compared += found["equal"]
    assert compared > 0


def test_an_object_based_checkpoint(tf2: TensorFlow, tmp_path: Path):
    """tf.train.Checkpoint restores it by the objects' new names, a saver of TensorFlow 1 by the new full names."""
    prefix = tf2.call("renaming:make_objects", directory=str(tmp_path))
    model = gs.load(prefix)
    report = gs.rename(model, map=(r"layer/(.*)=dense/\1", r"first/(.*)=second/\1"))
    assert report.num_keys == 2
    gs.save(model, tmp_path / "new", links="hard")
    found = tf2.call("renaming:restore_objects", prefix=str(tmp_path / "new"), scope="second", layer="dense")
    assert found["by objects"] == found["by full names"]
    before = tf2.call("renaming:restore_objects", prefix=prefix, scope="first", layer="layer")
    assert found["by objects"] == before["by objects"]
    assert "dense/kernel/.ATTRIBUTES/VARIABLE_VALUE" in found["keys"]


def test_the_judge_sees_a_name_that_is_left_behind(tf2: TensorFlow, fixtures: Path, tmp_path: Path):
    """Renaming the checkpoint alone gives a model that TensorFlow refuses."""
    model = gs.load(fixtures / "mobile_cnn.ckpt")
    gs.rename(model, map=("Logits/weights=w",))
    half = gs.load(fixtures / "mobile_cnn.ckpt.meta")
    half.variables = model.variables
    gs.save(half, tmp_path / "half.ckpt")
    with pytest.raises(JudgeError):
        tf2.call("judging:variables", prefix=str(tmp_path / "half.ckpt"))
