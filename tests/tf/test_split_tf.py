"""TensorFlow runs the halves of split models one after the other, bit for bit as the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.errors import PassError
from tests.models import shared_files
from tests.tf.judge import JudgeError, TensorFlow


@pytest.fixture(scope="module", params=["tf1", "tf2"])
def judge(request: pytest.FixtureRequest) -> TensorFlow:
    """Each TensorFlow; what it made is split in many ways."""
    tensorflow = request.getfixturevalue(request.param)
    assert isinstance(tensorflow, TensorFlow)
    return tensorflow


@pytest.fixture(scope="module", params=["ref", "resource"])
def deep(request: pytest.FixtureRequest, judge: TensorFlow, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The prefix of a net to cut."""
    prefix = tmp_path_factory.mktemp("deep") / "net.ckpt"
    return str(judge.call("joining:deep", prefix=str(prefix), resource=request.param == "resource"))


def split(path: str, directory: Path, at: str) -> dict[str, Any]:
    """Split a model; what the judge needs to run the halves."""
    model = gs.load(path)
    report = gs.split(model, at=(at,), outputs=("deep/y", "deep/side"))
    halves = {}
    for name, half in (("front", model), ("back", report.back)):
        assert [finding for finding in gs.verify(half, consistency=True) if finding.severity == "error"] == []
        halves[name] = str(directory / (f"{name}.pb" if path.endswith(".pb") else f"{name}.ckpt"))
        gs.save(half, halves[name], links="hard")
    rows = [(row.tensor, row.input) for row in report.at]
    outputs = [[name for name in half.outputs if name in ("deep/y", "deep/side")] for half in report.halves]
    return {"whole": path, **halves, "at": rows, "outputs": outputs}


@pytest.mark.parametrize("suffix", ["", ".pb"])
@pytest.mark.parametrize("at", ["deep/cut", "deep/x, deep/cut", "deep/parts,deep/parts:1", "deep/parts:0"])
def test_halves_compute_what_the_whole_did(judge: TensorFlow, deep: str, tmp_path: Path, suffix: str, at: str):
    """The shared variable is in both; a loop lies in front, a cond behind; a second output of a node is an input."""
    given = split(deep + suffix, tmp_path, at)
    assert judge.call("joining:composed", **given) == {"equal": 2, "differ": {}}


def test_values_go_where_they_are_used(deep: str, tmp_path: Path):
    model = gs.load(deep)
    report = gs.split(model, at=("deep/cut",), outputs=("deep/y", "deep/side"))
    assert sorted(model.variables) == ["deep/kernel0", "deep/kernel1", "deep/shared"]
    assert sorted(report.back.variables) == ["deep/kernel2", "deep/shared"]
    assert report.shared == ["deep/shared"]


@pytest.mark.parametrize(
    ("ending", "match"),
    [
        ("/Tanh", "inside of the while loop"),
        ("/cond/mul", "inside of a branch of the cond"),
        ("/parts", "no output depends on"),
        ("/kernel0", "gives a handle"),
    ],
)
def test_where_it_cannot_be_cut(deep: str, ending: str, match: str):
    model = gs.load(f"{deep}.meta")
    node = next((node.name for node in model.graph if node.name.endswith(ending)), None)
    if node is None:
        pytest.skip("this TensorFlow has loops and branches in functions")
    with pytest.raises(PassError, match=match):
        gs.split(model, at=(f"{node}:1" if ending == "/parts" else node,), outputs=("deep/y",))


def cuts(path: Path) -> list[str]:
    """Nodes of a frozen graph at which it can be cut alone: one early, one late."""
    model = gs.load(path)
    found: list[str] = []
    names = [node.name for node in model.graph if node.op not in ("Const", "Placeholder", "Identity")]
    for candidates in (names[len(names) // 3 :], names[len(names) * 2 // 3 :]):
        for name in candidates[:5]:
            try:
                gs.split(model.copy(), at=(name,))
            except gs.GraphSurgeonError:
                continue
            found.append(name)
            break
    return list(dict.fromkeys(found))


def test_other_peoples_graphs(tf2: TensorFlow, tmp_path: Path):
    """Where they can be cut at one tensor, the halves compute what they did."""
    files = [path for path in shared_files(".pb") if path.name != "saved_model.pb" and path.stat().st_size < 1e6][::9]
    if not files:
        pytest.skip("real TensorFlow files (../shared/models) are not beside this checkout")
    compared = 0
    for number, path in enumerate(files):
        try:
            names = cuts(path)
        except gs.GraphSurgeonError:
            continue
        for name in names:
            model = gs.load(path)
            report = gs.split(model, at=(name,))
            places = [str(tmp_path / f"{number}-{half}.pb") for half in ("front", "back")]
            gs.save(model, places[0], to="graph_def", force=True)
            gs.save(report.back, places[1], to="graph_def", force=True)
            outputs = [[n for n in half.outputs if n != name] for half in report.halves]
            whole = tmp_path / "whole.pb"
            gs.save(gs.load(path), whole, to="graph_def", force=True)
            rows = [(row.tensor, row.input) for row in report.at]
            try:
                found = tf2.call(
                    "joining:composed", whole=str(whole), front=places[0], back=places[1], at=rows, outputs=outputs
                )
            except JudgeError as error:
                raise AssertionError(f"{path} at {name}") from error
            assert found["differ"] == {}, (path, name)
            compared += found["equal"]
    assert compared > 20
