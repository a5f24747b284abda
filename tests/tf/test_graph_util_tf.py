"""The drop-ins for graph_util and strip_unused_lib give what TensorFlow's own give."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from graphsurgeon.compat import graph_util, strip_unused_lib
from graphsurgeon.errors import UnsupportedError
from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.load import load_graph
from graphsurgeon.names import node_of_input
from proto_utils import schema
from tests.tf.judge import TensorFlow

CHUNKS = 4
SWAPPED = Path(__file__).parent / "scripts" / "swapped.py"


def graph_defs(files: Iterable[Path]) -> dict[Path, schema.GraphDef]:
    """The GraphDefs among files, as they are in them."""
    found = {}
    for path in files:
        with contextlib.suppress(UnsupportedError):  # what is no GraphDef at all
            detected = detect(path)
            if detected.kind == "graph_def":
                found[path] = load_graph(detected).to_graph_def()
    return found


def fixture_graphs(fixtures: Path) -> dict[Path, schema.GraphDef]:
    return graph_defs(sorted([*fixtures.glob("*.pb"), *fixtures.glob("*.pbtxt")]))


def shared_graphs(directory: Path, chunk: int) -> dict[Path, schema.GraphDef]:
    """A chunk's share of other people's graphs."""
    names = sorted(
        path for path in directory.rglob("*.pb*") if path.is_file() and not path.stem.startswith("saved_model")
    )
    return graph_defs(names[chunk::CHUNKS])


def some_nodes(graph: schema.GraphDef, count: int = 3) -> list[str]:
    """A few nodes spread over a graph, the last among them."""
    return [node.name for node in graph.node][:: -max(1, len(graph.node) // count)]


def theirs(tf: TensorFlow, tool: str, jobs: list[dict[str, Any]], directory: Path) -> list[schema.GraphDef | str]:
    """TensorFlow's result of each job, or what it raised."""
    for number, job in enumerate(jobs):
        job["out"] = str(directory / f"{tool}_{number}.pb")
    errors = tf.call(f"graph_tools:{tool}", jobs=jobs, timeout=600)
    return [
        error or schema.parse(schema.GraphDef, Path(job["out"]).read_bytes())
        for error, job in zip(errors, jobs, strict=True)
    ]


def check_extract(tf: TensorFlow, graphs: dict[Path, schema.GraphDef], directory: Path) -> None:
    jobs: list[dict[str, Any]] = [{"path": path, "outputs": some_nodes(graph)[::2]} for path, graph in graphs.items()]
    assert jobs
    for job, expected in zip(jobs, theirs(tf, "extract_sub_graph", jobs, directory), strict=True):
        graph = graphs[job["path"]]
        if isinstance(expected, str):
            # TensorFlow looks a colocation target up that is not there.
            assert expected.startswith("KeyError")
            graph_util.extract_sub_graph(graph, job["outputs"])
        else:
            assert graph_util.extract_sub_graph(graph, job["outputs"]) == expected, job


def check_strip(tf: TensorFlow, graphs: dict[Path, schema.GraphDef], directory: Path) -> None:
    jobs: list[dict[str, Any]] = []
    for path, graph in graphs.items():
        inputs, outputs = some_nodes(graph)[1:], some_nodes(graph)[:1]
        jobs.append({"path": path, "inputs": inputs, "outputs": outputs, "types": list(range(1, 1 + len(inputs)))})
    for job, expected in zip(jobs, theirs(tf, "strip_unused", jobs, directory), strict=True):
        ours = strip_unused_lib.strip_unused(graphs[job["path"]], job["inputs"], job["outputs"], job["types"])
        assert not isinstance(expected, str), (job, expected)
        assert list(ours.node) == list(expected.node), job
        assert ours.versions == graphs[job["path"]].versions


def reads_checks(graph: schema.GraphDef) -> bool:
    """Whether TensorFlow would take inputs away: who reads a CheckNumerics, or an Identity as ``name:0``."""
    ops = {node.name: node.op for node in graph.node}
    return any(
        (ops.get(node_of_input(text)) == "CheckNumerics" and text[:1] != "^") or text.endswith(":0")
        for node in graph.node
        for text in node.input
    )


def unread_nodes(graph: schema.GraphDef) -> list[str]:
    read = {node_of_input(text) for node in graph.node for text in node.input}
    return [node.name for node in graph.node if node.name not in read]


def check_training(tf: TensorFlow, graphs: dict[Path, schema.GraphDef], directory: Path) -> None:
    sound = {path: graph for path, graph in graphs.items() if not reads_checks(graph)}
    # Ours keep what nobody reads.
    jobs: list[dict[str, Any]] = [
        {"path": path, "protected": [*some_nodes(graph), *unread_nodes(graph)]} for path, graph in sound.items()
    ]
    assert jobs
    for job, expected in zip(jobs, theirs(tf, "remove_training_nodes", jobs, directory), strict=True):
        graph = sound[job["path"]]
        assert not isinstance(expected, str), (job, expected)
        assert list(graph_util.remove_training_nodes(graph, job["protected"]).node) == list(expected.node), job


@pytest.mark.parametrize("check", [check_extract, check_strip])
def test_fixtures_are_equal(tf: TensorFlow, fixtures: Path, tmp_path: Path, check: Any):
    check(tf, fixture_graphs(fixtures), tmp_path)


def test_training_nodes_of_fixtures_are_equal(tf2: TensorFlow, fixtures: Path, tmp_path: Path):
    check_training(tf2, fixture_graphs(fixtures), tmp_path)


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("check", [check_extract, check_strip, check_training])
def test_other_peoples_graphs_are_equal(tf2: TensorFlow, shared_models: Path, tmp_path: Path, check: Any, chunk: int):
    check(tf2, shared_graphs(shared_models, chunk), tmp_path)


def test_swapped_on_tensorflows_own_objects(tf2: TensorFlow, root: Path, fixtures: Path):
    """In TensorFlow's process, on its messages and graphs: same results, same types, same exceptions."""
    answer = tf2.run(SWAPPED, root, *sorted(fixtures.glob("*.pb")))
    assert answer["failed"] == []
    assert answer["compared"] > 100
