"""What is gathered of real files, and what is said to be left out."""

from __future__ import annotations

import json
import re
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import CorruptionError, PassError
from graphsurgeon.tools.report import page_data as module
from graphsurgeon.tools.report.page_data import page_data
from tests.models import SHARED, shared, shared_files

GRAPHS = [*shared_files(".meta"), *(path for path in shared_files(".pb") if path.name == "saved_model.pb")]
#: The frozen graphs of one op or cell: each tenth.
FROZEN = [path for path in shared_files(".pb") if path.name.startswith("frozen")][::10]


def check(page: dict[str, Any]) -> None:
    """Every number leads somewhere, and the page is JSON."""
    assert json.loads(json.dumps(page, allow_nan=False)).keys() == page.keys()
    num_texts = len(page["strings"])
    for graph in page["graphs"]:
        nodes = graph["nodes"]
        (size,) = {len(column) for column in nodes.values()}
        attrs = chain.from_iterable(chain.from_iterable(nodes["attrs"]))
        numbers = [*nodes["op"], *nodes["device"], *chain.from_iterable(nodes["shape"]), *attrs]
        assert all(0 <= number < num_texts for number in numbers)
        for inputs in nodes["inputs"]:
            assert all(isinstance(text, str) if start < 0 else start < size for start, text in inputs)
        assert all(0 < called < len(page["graphs"]) for calls in graph["calls"].values() for called in calls)
        assert all(page["weights"][weight]["node"] == nodes["name"][node] for node, weight in graph["role"].items())
        assert all(number < size for frame in graph["frames"] for number in frame["nodes"])


def without_weights(path: Path) -> bool:
    return not [*path.parent.glob("variables/*.index"), *path.parent.glob(f"{path.stem}.index")]


@pytest.mark.parametrize("path", [*GRAPHS, *FROZEN], ids=lambda path: str(path.relative_to(SHARED)))
def test_real_graphs(path: Path):
    try:
        model = gs.load(path)
    except gs.GraphSurgeonError as error:
        with pytest.raises(type(error), match=re.escape(str(error)[:40])):
            page_data(path, values=False)
        return
    page = page_data(path, values=False)
    check(page)
    shown = [len(graph["nodes"]["name"]) - len(graph["made"]) for graph in page["graphs"]]
    assert shown == [len(graph) for _, graph in model.graphs()]
    sources = {name: node.inputs for name, node in ((node.name, node) for node in model.graph)}
    graph = page["graphs"][0]
    for name, inputs in zip(graph["nodes"]["name"], graph["nodes"]["inputs"], strict=True):
        assert len(inputs) == len(sources[name])


def test_a_checkpoint_with_its_graph(fixtures: Path):
    page = page_data(fixtures / "mobile_cnn.ckpt.index")
    check(page)
    assert (page["title"], page["v"]) == ("mobile_cnn.ckpt.index", 1)
    assert re.fullmatch(r"graphsurgeon \d+\.\d+\.\d+", page["made_by"])
    assert dict(map(tuple, page["facts"]))["format"].startswith("checkpoint")
    assert len(page["weights"]) == len(gs.load_checkpoint(fixtures / "mobile_cnn.ckpt"))


def test_functions_of_a_real_saved_model():
    page = page_data(shared("tensorflow+tfx/tfx/components/testdata/trainer/keras/Format-Serving"))
    check(page)
    assert len(page["graphs"]) == 38
    assert any(graph["calls"] for graph in page["graphs"][1:])
    assert page["signatures"]
    some = next(graph for graph in page["graphs"][1:] if "restore" not in graph["name"])
    assert any("[" in page["strings"][number] for shape in some["nodes"]["shape"] for number in shape)


def test_loops_are_frames(fixtures: Path):
    page = page_data(fixtures / "lstm_loop.pb")
    check(page)
    (frame,) = page["graphs"][0]["frames"]
    assert len(frame["nodes"]) > 20


def test_a_meta_that_is_damaged_beside_a_checkpoint(tmp_path: Path):
    gs.save_checkpoint({"a": np.zeros(3, np.float32)}, tmp_path / "c")
    (tmp_path / "c.meta").write_bytes(b"\x0a\xff\xff\xff\xff\x0fxx")
    page = page_data(tmp_path / "c")
    assert page["graphs"] == []
    assert [row["name"] for row in page["weights"]] == ["a"]
    assert page["notes"]


def test_a_data_file_that_is_not_there(tmp_path: Path, fixtures: Path):
    (tmp_path / "c.index").write_bytes((fixtures / "mobile_cnn.ckpt.index").read_bytes())
    page = page_data(tmp_path / "c")
    assert all(row["stats"] is None and row["evidence"] for row in page["weights"])
    assert any("not there" in note for note in page["notes"])


def test_values_that_do_not_match_their_checksum(tmp_path: Path):
    gs.save_checkpoint({"a": np.zeros(3, np.float32)}, tmp_path / "c")
    (data,) = tmp_path.glob("c.data*")
    data.write_bytes(b"\x01" + data.read_bytes()[1:])
    with pytest.raises(CorruptionError):
        page_data(tmp_path / "c")
    assert page_data(tmp_path / "c", values=False)["weights"][0]["stats"] is None


def test_very_many_weights_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_WEIGHTS", 2)
    gs.save_checkpoint({name: np.zeros(3, np.float32) for name in "abc"}, tmp_path / "c")
    page = page_data(tmp_path / "c")
    assert len(page["weights"]) == 2
    assert page["notes"] == ["1 weight behind the first 2 are not listed"]


def test_a_page_that_is_full_says_so(fixtures: Path, monkeypatch: pytest.MonkeyPatch):
    from graphsurgeon.tools.report import graph_columns

    monkeypatch.setattr(graph_columns, "MAX_NODES", 100)
    page = page_data(fixtures / "mobile_cnn.pb")
    check(page)
    assert len(page["graphs"][0]["nodes"]["name"]) == 100
    assert any("1 node" in note for note in page["notes"])


def test_a_model_in_memory(fixtures: Path):
    model = gs.load(fixtures / "mobile_cnn.pb")
    model.path = None
    assert page_data(model)["source"] == "a model in memory"


def test_a_plan_that_there_is_not(fixtures: Path):
    with pytest.raises(PassError, match="no plan 'freeze'"):
        page_data(fixtures / "mobile_cnn.pb", plan="freeze")
