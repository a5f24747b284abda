"""TensorFlow restores, runs, trains and serves the parts of joined models, bit for bit as each alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from tests.models import shared_files
from tests.tf.judge import TensorFlow


@pytest.fixture(scope="module", params=["tf1", "tf2"])
def judge(request: pytest.FixtureRequest) -> TensorFlow:
    """Each TensorFlow; what it made is joined in many ways."""
    tensorflow = request.getfixturevalue(request.param)
    assert isinstance(tensorflow, TensorFlow)
    return tensorflow


@pytest.fixture(scope="module")
def nets(judge: TensorFlow, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Nets that name everything, by kind, and what TensorFlow makes of each."""
    prefixes = judge.call("joining:nets", directory=str(tmp_path_factory.mktemp("nets")))
    alone = {name: judge.call("joining:parts_of", prefix=prefix, scopes=[""])[""] for name, prefix in prefixes.items()}
    return {name: (prefixes[name], alone[name]) for name in prefixes}


@pytest.fixture(scope="module")
def small(judge: TensorFlow, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Prefixes of two nets of which one's outputs are the other's inputs."""
    directory = tmp_path_factory.mktemp("small")
    made = [judge.call("joining:small", prefix=str(directory / str(n)), seed=n, resource=n > 1) for n in (1, 2)]
    return [str(each) for each in made]


def sound(model: gs.Model) -> None:
    assert [finding for finding in gs.verify(model, consistency=True) if finding.severity == "error"] == []


@pytest.mark.parametrize(("one", "other"), [("ref", "functional"), ("functional", "functional"), ("resource", "ref")])
def test_each_part_restores_and_trains_as_alone(
    judge: TensorFlow, nets: dict[str, Any], tmp_path: Path, one: str, other: str
):
    """One saver restores both; queues, tables, loops, slots, functions and gradients are each part's own."""
    model = gs.load(f"{nets[one][0]}.meta")
    gs.join(model, gs.load(f"{nets[other][0]}.meta"), prefixes=("a", "b"))
    sound(model)
    gs.save(model, tmp_path / "joined.ckpt", links="hard")
    found = judge.call("joining:parts_of", prefix=str(tmp_path / "joined.ckpt"), scopes=["a/", "b/"])
    assert found == {"a/": nets[one][1], "b/": nets[other][1]}
    stored, again, _ = judge.call("renaming:saves_again", prefix=str(tmp_path / "joined.ckpt"))
    assert again == stored


@pytest.mark.parametrize("suffixes", [("", ""), (".pb", ".pb"), (".pb", ""), ("", ".pb"), ("_served", "")])
def test_a_chain_is_one_after_the_other(judge: TensorFlow, small: list[str], tmp_path: Path, suffixes: tuple[str, str]):
    """Of checkpoints, frozen graphs and SavedModels; and freezing what was joined changes nothing."""
    paths = [prefix + suffix for prefix, suffix in zip(small, suffixes, strict=True)]
    model = gs.load(paths[0])
    report = gs.join(model, gs.load(paths[1]), prefixes=("a", "b"), connect=("b/net/x=a/net/y",))
    sound(model)
    assert [(row.input, row.tensor, row.dtype) for row in report.connections] == [("b/net/x", "a/net/y", "float32")]
    path = tmp_path / ("joined.pb" if suffixes == (".pb", ".pb") else "joined.ckpt")
    gs.save(model, path)
    (middle,) = judge.call("joining:runs", path=small[0], fed=["net/x"], fetched=["net/y"])
    (last,) = judge.call("joining:runs", path=small[1], fed=["net/x"], fetched=["net/y"], rows=middle)
    fetched = ["a/net/y", "b/net/y"]
    assert judge.call("joining:runs", path=str(path), fed=["a/net/x"], fetched=fetched) == [middle, last]
    if model.variables:
        gs.freeze(model, outputs=("b/net/y",))
        gs.save(model, tmp_path / "frozen.pb")
        frozen = str(tmp_path / "frozen.pb")
        assert judge.call("joining:runs", path=frozen, fed=["a/net/x"], fetched=["b/net/y"]) == [last]


def test_three_nets_in_one_file(judge: TensorFlow, tmp_path: Path):
    """As a cascade of detectors has them: each computes what it did alone, from one checkpoint."""
    prefixes = [str(judge.call("joining:small", prefix=str(tmp_path / str(n)), seed=n)) for n in range(3)]
    model, *others = map(gs.load, prefixes)
    gs.join(model, *others, prefixes=("pnet", "rnet", "onet"))
    gs.save(model, tmp_path / "all.ckpt", links="hard")
    nets = ("pnet", "rnet", "onet")
    fed, fetched = [f"{net}/net/x" for net in nets], [f"{net}/net/y" for net in nets]
    alone = [judge.call("joining:runs", path=prefix, fed=["net/x"], fetched=["net/y"])[0] for prefix in prefixes]
    assert judge.call("joining:runs", path=str(tmp_path / "all.ckpt"), fed=fed, fetched=fetched) == alone


def test_nets_of_both_tensorflows_in_one(tf1: TensorFlow, tf2: TensorFlow, tmp_path: Path):
    """The older one says how its ops are meant, and the newer TensorFlow runs both."""
    made = [str(tf.call("joining:small", prefix=str(tmp_path / str(n)), seed=n)) for n, tf in enumerate((tf1, tf2))]
    model = gs.load(made[1])
    report = gs.join(model, gs.load(made[0]), prefixes=("a", "b"), connect=("b/net/x=a/net/y",))
    assert any(note.startswith("the graphs are of the versions 134, ") for note in report.notes)
    gs.save(model, tmp_path / "both.ckpt")
    (middle,) = tf2.call("joining:runs", path=made[1], fed=["net/x"], fetched=["net/y"])
    wanted = tf2.call("joining:runs", path=made[0], fed=["net/x"], fetched=["net/y"], rows=middle)
    assert tf2.call("joining:runs", path=str(tmp_path / "both.ckpt"), fed=["a/net/x"], fetched=["b/net/y"]) == wanted


@pytest.mark.parametrize("path", shared_files(".meta"), ids=lambda path: "-".join(path.parts[-4:]))
def test_other_peoples_models(tf2: TensorFlow, tmp_path: Path, path: Path):
    """What TensorFlow restores of theirs it restores twice, to the same values."""
    prefix = str(path).removesuffix(".meta")
    if not path.with_suffix(".index").is_file():
        pytest.skip("its checkpoint was not kept")
    if tf2.call("restoring:outcome", meta=str(path), prefix=prefix) != ["", ""]:
        pytest.skip("this TensorFlow does not restore the original")
    model = gs.load(path)
    try:
        gs.join(model, gs.load(path), prefixes=("a", "b"))
    except gs.PassError as error:
        pytest.skip(str(error))
    gs.save(model, tmp_path / "joined.ckpt", links="hard")
    before, after = (tf2.call("judging:variables", prefix=p)["variables"] for p in (prefix, f"{tmp_path}/joined.ckpt"))
    for facts in [*before.values(), *after.values()]:
        # A graph has one global step.
        facts["collections"] = [key for key in facts["collections"] if key != "global_step"]
    assert after == {f"{scope}/{name}": facts for scope in "ab" for name, facts in before.items()}


def test_functions_of_one_name_compute_what_they_did(judge: TensorFlow, tmp_path: Path):
    """Calls by op, calls within functions, branches and gradients lead to each model's own."""
    paths = [judge.call("joining:functions", path=str(tmp_path / f"{n}.pb"), factor=float(n)) for n in (2, 3)]
    model = gs.load(paths[0])
    report = gs.join(model, gs.load(paths[1]), prefixes=("a", "b"))
    assert {"gradient", "scaled", "outer"} <= {row.was for row in report.functions}
    gs.save(model, tmp_path / "joined.pb")
    alone = [judge.call("joining:runs", path=path, fed=["x"], fetched=["y", "dy"]) for path in paths]
    fetched = ["a/y", "a/dy", "b/y", "b/dy"]
    found = judge.call("joining:runs", path=str(tmp_path / "joined.pb"), fed=["a/x", "b/x"], fetched=fetched)
    assert found == [*alone[0], *alone[1]]
    assert alone[0] != alone[1]


def test_a_chain_of_saved_models_is_served(judge: TensorFlow, small: list[str], tmp_path: Path):
    """The signature of the second takes what the first is fed."""
    model = gs.load(f"{small[0]}_served")
    gs.join(model, gs.load(f"{small[1]}_served"), prefixes=("a", "b"), connect=("b/rows=a/scores",))
    gs.save(model, tmp_path / "joined", to="saved_model")
    assert model.meta is not None
    signature = model.meta.signature_def["b/serving_default"]
    assert {name: info.name for name, info in signature.inputs.items()} == {"rows": "a/net/x:0"}
    found = judge.call("joining:serves", directory=str(tmp_path / "joined"))
    for way in found.values():
        assert sorted(way) == [f"{key}serving_default/scores" for key in ("a/", "b/", "")]


def test_objects_are_found_below_the_prefixes(tf2: TensorFlow, tmp_path: Path):
    """What tf.train.Checkpoint restores, and what is served, of SavedModels of TensorFlow 2."""
    paths = [tf2.call("joining:module", directory=str(tmp_path / str(n)), factor=float(n)) for n in (1, 2)]
    model = gs.load(paths[0])
    gs.join(model, gs.load(paths[1]), prefixes=("one", "two"))
    gs.save(model, tmp_path / "joined", to="saved_model")
    found = tf2.call("joining:restored_below", directory=str(tmp_path / "joined"), scopes=["one", "two"])
    assert found == {"one": [[[1, 1]] * 3, [1, 2]], "two": [[[2, 2]] * 3, [2, 2]]}
    served = tf2.call("joining:serves", directory=str(tmp_path / "joined"))
    alone = [tf2.call("joining:serves", directory=path) for path in paths]
    for way, values in served.items():
        keys = [f"{scope}/serving_default/y" for scope in ("one", "two")]
        assert values == dict(zip(keys, (each[way]["serving_default/y"] for each in alone), strict=True))


def test_saved_models_with_tables_are_served(tf2: TensorFlow, tmp_path: Path):
    """Of TensorFlow 1 and 2, with assets of one name and other words, and functions of one name and other bodies."""
    for kind in ("v1", "v2", "single"):
        (tmp_path / kind).mkdir()
        tf2.call("table_models:make", kind=kind, directory=str(tmp_path / kind / "model"))
    other = tmp_path / "single" / "model" / "assets" / "vocabulary.txt"
    other.write_text("c\nb\na\n")
    shutil.copytree(tmp_path / "v2" / "model", tmp_path / "again")
    model = gs.load(tmp_path / "v1" / "model")
    others = [gs.load(tmp_path / name) for name in ("v2/model", "single/model", "again")]
    report = gs.join(model, *others, prefixes=("one", "two", "single", "again"))
    sound(model)
    gs.save(model, tmp_path / "joined", to="saved_model")
    assert sorted(path.name for path in (tmp_path / "joined" / "assets").rglob("*.txt")) == ["vocabulary.txt"] * 2
    assert {row.prefix for row in report.functions} <= {"single", "again"}
    found = tf2.call("joining:serves", directory=str(tmp_path / "joined"))
    for way, values in found.items():
        expected: dict[str, Any] = {}
        for prefix, name in {"one": "v1/model", "two": "v2/model", "single": "single/model", "again": "again"}.items():
            alone = tf2.call("joining:serves", directory=str(tmp_path / name))[way]
            expected |= {f"{prefix}/{key}": bits for key, bits in alone.items()}
        assert values == expected, way
    assert model.meta is not None
    info = model.meta.signature_def["single/serving_default"]
    tensors = [info.inputs["words"].name, info.outputs["ids"].name]
    found = tf2.call(
        "joining:words",
        directory=str(tmp_path / "joined"),
        inputs=tensors[:1],
        outputs=tensors[1:],
        texts=["a", "b", "c"],
    )
    assert found == [[2, 1, 0]]
