"""Other people's graphs: each that TensorFlow accepts unfreezes and runs equal, or is declined with a reason."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from tests.tf.judge import JudgeError, TensorFlow
from tests.tf.thawing import thaw

CHUNKS = 12
NOT_GRAPHS = ("saved_model.pb", "saved_model.pbtxt")
TWIN, BINARY = "frozen_graph.pbtxt", "frozen_model.pb"


def graphs(directory: Path, chunk: int) -> list[Path]:
    """A chunk's share of the files that may be graphs, text twins of binary ones aside."""
    files = [path for path in directory.rglob("*") if path.suffix in (".pb", ".pbtxt") and path.name not in NOT_GRAPHS]
    alone = [path for path in files if not (path.name == TWIN and path.with_name(BINARY).exists())]
    return sorted(path for path in alone if path.is_file())[chunk::CHUNKS]


def recorded_feeds(graph: Path, target: Path) -> Path | None:
    """The inputs recorded beside a graph, `name.placeholder.csv` with its `.shape`, as one archive by tensor name."""
    feeds = {}
    for path in graph.parent.glob("*.placeholder.csv"):
        name = path.name.removesuffix(".placeholder.csv").replace("____", "/")
        shape_file = path.with_suffix(".shape")
        shape = [int(size) for size in shape_file.read_text().replace(",", " ").split()] if shape_file.exists() else []
        values = [float(text) for text in path.read_text().replace(",", " ").split()]
        feeds[f"{name}:0"] = np.array(values).reshape(() if shape == [0] and values else shape)  # how a scalar is noted
    if not feeds:
        return None
    with zipfile.ZipFile(target, "w") as archive:  # what numpy.savez writes, whose keywords these names may not be
        for name, value in feeds.items():
            with archive.open(f"{name}.npy", "w") as file:
                np.save(file, value)
    return target


def outcome(tf: TensorFlow, path: Path, directory: Path, kind: str) -> tuple[str, str]:
    """``("equal" | "declined" | "refused" | "wrong", why)``; refused is TensorFlow's word on the frozen graph."""
    prefix = directory / "thawed.ckpt"
    verdict: Any = None
    try:
        thaw(path, prefix, variables=kind)
    except gs.GraphSurgeonError as error:
        verdict = error
    try:
        feeds = recorded_feeds(path, directory / "feeds.npz")
        thawed = None if verdict else str(prefix)
        answer = tf.call("judging:judge_file", pb=str(path), prefix=thawed, feeds=feeds, timeout=120)
    except JudgeError as error:
        return "wrong", str(error)[:1500]
    if "refused" in answer:
        return "refused", answer["refused"]
    if verdict is not None:
        return ("declined" if isinstance(verdict, gs.PassError) else "wrong"), f"{type(verdict).__name__}: {verdict}"
    return ("wrong", str(answer["differ"])) if answer["differ"] else ("equal", "")


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_unfreezes_and_runs_equal_or_is_declined(tf: TensorFlow, shared_models: Path, tmp_path: Path, chunk: int):
    """Half of them as ref and half as resource variables; the other TensorFlow gets the other halves."""
    found: dict[str, dict[str, str]] = {"equal": {}, "declined": {}, "refused": {}, "wrong": {}}
    for number, path in enumerate(graphs(shared_models, chunk)):
        directory = tmp_path / str(number)
        directory.mkdir()
        kind = ("ref", "resource")[(number + tf.is_v1) % 2]
        verdict, why = outcome(tf, path, directory, kind)
        found[verdict][f"{path.relative_to(shared_models)} ({kind})"] = why
    assert found["wrong"] == {}
    assert len(found["equal"]) > 5


def test_text_twins_are_the_same_graphs(shared_models: Path):
    """A text graph gives the report of the binary one beside it."""
    twins = [path for path in sorted(shared_models.rglob(TWIN)) if path.with_name(BINARY).exists()]
    different = [str(path) for path in twins if plan(path) != plan(path.with_name(BINARY))]
    assert len(twins) > 400
    assert different == []


def test_no_file_of_any_kind_crashes(shared_models: Path):
    """Whatever a user hands in, TensorFlow's or not, is taken or refused in words."""
    refusals = {}
    for path in sorted(path for path in shared_models.rglob("*") if path.is_file()):
        try:
            gs.unfreeze(gs.load(str(path)))
        except gs.GraphSurgeonError as error:
            refusals[str(path)] = str(error)
        except Exception as error:
            raise AssertionError(f"{path} is not refused but crashes") from error
    assert len(refusals) > 1000
    assert all(refusals.values())


def plan(path: Path) -> Any:
    """What `unfreeze` says of a graph."""
    try:
        return gs.unfreeze(gs.load(str(path))).to_json()
    except gs.GraphSurgeonError as error:
        return str(error).replace(str(path), "")
