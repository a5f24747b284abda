"""State that is no variable comes along: TensorFlow's tables and trees give what they gave, whoever wrote them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow

FEEDS = {"x": [1, 3, 9], "c": [0, 1, 2]}
ENDS = ["score", "sums", "leaves", "bounds", "product", "shared"]
SET_UP = "init_all_tables"


@pytest.fixture(scope="module")
def saved(tf1: TensorFlow, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[object]]:
    prefix = str(tmp_path_factory.mktemp("state") / "model")
    return prefix, tf1.call("state:build_v1", prefix=prefix)


@pytest.fixture(scope="module")
def modules(tf2: TensorFlow, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("modules")
    tf2.call("state:build_v2", directory=directory)
    return directory


def test_frozen_state_is_set_up_by_one_op(tf1: TensorFlow, saved: tuple[str, list[object]], tmp_path: Path):
    prefix, wanted = saved
    model = gs.load(prefix)
    report = gs.freeze(model, outputs=tuple(ENDS))
    assert report.initializer == SET_UP
    assert [row.node for row in report.state] == ["scope/counts", "dense", "words", "trees", "quantiles"]
    path, served = str(tmp_path / "frozen.pb"), str(tmp_path / "served")
    gs.save(model, path)
    gs.save(model, served, to="saved_model")
    assert tf1.call("state:run", path=path, fetches=ENDS, feeds=FEEDS, init=SET_UP) == wanted
    assert tf1.call("state:run", path=served, fetches=ENDS, feeds=FEEDS) == wanted
    # What fills it stays with it.
    cut = gs.load(path)
    gs.prune(cut, outputs=("score", "bounds"))
    assert "trees" not in cut.graph
    gs.save(cut, path, force=True)
    given = tf1.call("state:run", path=path, fetches=["score", "bounds"], feeds={"x": FEEDS["x"]}, init=SET_UP)
    assert given == [wanted[0], wanted[3]]
    gs.save(model, path, force=True)
    # What is frozen already comes along a second time, and unfreezing leaves the entries constants.
    again = gs.load(path)
    assert gs.freeze(again, outputs=tuple(ENDS)).initializer == SET_UP
    gs.save(again, path, force=True)
    assert tf1.call("state:run", path=path, fetches=ENDS, feeds=FEEDS, init=SET_UP) == wanted
    rows = gs.unfreeze(gs.load(path)).variables
    assert [row.node for row in rows if "Table" in row.node or "BoostedTrees" in row.node] == []


def test_a_saver_made_anew_saves_it(tf1: TensorFlow, saved: tuple[str, list[object]], tmp_path: Path):
    prefix, wanted = saved
    for number, kept in enumerate((["score"], ["leaves"], ["sums", "bounds"], ["shared"])):
        model = gs.load(prefix)
        assert gs.prune(model, outputs=tuple(kept)).saver == "remade"
        path = str(tmp_path / f"pruned{number}")
        gs.save(model, path)
        feeds = {key: value for key, value in FEEDS.items() if model.graph.get(key) is not None}
        given = tf1.call("state:run", path=path, fetches=kept, feeds=feeds)
        assert given == [wanted[ENDS.index(each)] for each in kept]
        assert not [key for key in gs.load_checkpoint(path) if key.startswith("trees") and kept != ["leaves"]]


def test_a_half_frozen_model_keeps_it_in_its_checkpoint(
    tf1: TensorFlow, saved: tuple[str, list[object]], tmp_path: Path
):
    prefix, wanted = saved
    model = gs.load(prefix)
    gs.freeze(model, outputs=tuple(ENDS), keep=("w",))
    path = str(tmp_path / "half")
    gs.save(model, path)
    assert tf1.call("state:run", path=path, fetches=ENDS, feeds=FEEDS) == wanted


@pytest.mark.parametrize("kind", ["ref", "resource"])
def test_unfreezing_makes_a_saver_of_all(tf1: TensorFlow, saved: tuple[str, list[object]], tmp_path: Path, kind: str):
    prefix, wanted = saved
    model = gs.load(prefix)
    gs.unfreeze(model, select=("kernel",), variables=kind)  # type: ignore[arg-type]
    path, copy = str(tmp_path / "thawed"), str(tmp_path / "copy")
    gs.save(model, path)
    assert tf1.call("state:run", path=path, fetches=ENDS, feeds=FEEDS) == wanted
    tf1.call("state:save_again", path=path, copy=copy, fill=[])
    assert tf1.call("state:run", path=copy, fetches=ENDS, feeds=FEEDS) == wanted


def test_what_savers_prepare_before_they_restore_it(tf1: TensorFlow, tmp_path: Path):
    prefix, path, pruned = (str(tmp_path / name) for name in ("model", "frozen.pb", "pruned"))
    wanted = tf1.call("state:build_contrib", prefix=prefix)
    model = gs.load(prefix)
    gs.freeze(model, outputs=("total", "stamp"))
    gs.save(model, path)
    assert tf1.call("state:run", path=path, fetches=["total", "stamp"], feeds={}, init=SET_UP) == wanted
    model = gs.load(prefix)
    gs.prune(model, outputs=("total",))
    gs.save(model, pruned)
    assert tf1.call("state:run", path=pruned, fetches=["total"], feeds={}) == wanted[:1]


def test_the_position_of_an_iterator_is_declined_by_its_key(tf1: TensorFlow, tmp_path: Path):
    prefix = str(tmp_path / "model")
    tf1.call("state:build_iterator", prefix=prefix)
    with pytest.raises(gs.PassError, match=r"'IteratorV2:0-state' would be lost"):
        gs.freeze(gs.load(prefix), outputs=("score",))
    for pattern in ("IteratorV2", "Iter.*", "IteratorV2:0-state"):
        assert gs.freeze(gs.load(prefix), outputs=("score",), drop_state=(pattern,)).constants
    with pytest.raises(gs.NotFoundError, match="state that is no variable"):
        gs.freeze(gs.load(prefix), outputs=("score",), drop_state=("counts",))


@pytest.mark.parametrize("name", ["hash", "dense", "static", "again"])
def test_a_saved_model_of_tensorflow_2(tf2: TensorFlow, modules: Path, tmp_path: Path, name: str):
    model = gs.load(modules / name)
    fed = {"serving_default_x": [1, 3, 9]}
    report = gs.freeze(model)
    (fetched,) = report.outputs
    path, served = str(tmp_path / "frozen.pb"), str(tmp_path / "served")
    gs.save(model, path)
    gs.save(model, served, to="saved_model")
    for where, init in ((path, report.initializer), (served, None)):
        assert tf2.call("state:run", path=where, fetches=[fetched], feeds=fed, init=init) == [[20.5, 60.5, -1.5]]
