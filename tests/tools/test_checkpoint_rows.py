"""Rows of checkpoints: made as they are looped over, with what else tensors are called."""

from __future__ import annotations

import pytest

from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tools.checkpoint_rows import CheckpointRows, Naming
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, ObjectGraph, read_object_graph
from proto_utils.errors import LimitError, NotFoundError
from tests.models import floats
from tests.object_graphs import BIAS, KERNEL, SLOT, message, write_trained

NOTHING = {"full_name": None, "path": None, "slot": None, "slot_of": None}


def rows_of(prefix, kind="full"):
    bundle = Bundle(prefix)
    return CheckpointRows(bundle, Naming(kind, read_object_graph(bundle)))


def names_of(row):
    return {key: row[key] for key in NOTHING}


def test_what_tensors_are_called(tmp_path):
    rows = {row["name"]: names_of(row) for row in rows_of(write_trained(tmp_path / "m"))}
    assert rows[OBJECT_GRAPH_KEY] == NOTHING
    assert rows[KERNEL] == {**NOTHING, "full_name": "net/kernel", "path": "model/kernel"}
    assert rows[BIAS] == {**NOTHING, "full_name": "net/bias", "path": "model/layers/0/b..s"}
    path = "model/kernel/.OPTIMIZER_SLOT/optimizer/m"
    assert rows[SLOT] == {"full_name": "net/kernel/Adam", "path": path, "slot": "m", "slot_of": KERNEL}
    assert rows["table/.ATTRIBUTES/table-keys"] == {**NOTHING, "path": "table"}


@pytest.mark.parametrize(("kind", "text"), [("full", "m of net/kernel"), ("path", "m of model/kernel")])
def test_slots_for_people(tmp_path, kind, text):
    headers, cells = rows_of(write_trained(tmp_path / "m"), kind).table()
    assert headers == ["name", "full_name" if kind == "full" else "path", "dtype", "shape", "nbytes", "slot"]
    assert {row[0]: row[-1] for row in cells if row[-1]} == {SLOT: text}
    assert list(cells) == list(cells)


def test_slices_of_partitioned_tensors(fixtures):
    headers, cells = CheckpointRows(Bundle(fixtures / "partitioned.ckpt")).table()
    assert headers == ["name", "dtype", "shape", "nbytes", "slices"]
    assert {row[-1] for row in cells} == {2}


def test_a_checkpoint_by_name(tmp_path):
    save_checkpoint({"w": floats(1)}, tmp_path / "m")
    rows = rows_of(tmp_path / "m")
    assert [names_of(row) for row in rows] == [{**NOTHING, "full_name": "w"}]
    assert rows.table()[0] == ["name", "full_name", "dtype", "shape", "nbytes"]


def test_a_slot_of_a_variable_that_was_not_saved():
    graph = message({"slots": [(1, "m", 2)], "children": [("v", 1)]}, {}, {"attributes": [("", "s/.ATTRIBUTES/V")]})
    naming = Naming("full", ObjectGraph(graph))
    columns = naming.columns("s/.ATTRIBUTES/V")
    assert (columns["slot"], columns["slot_of"]) == ("m", None)
    assert naming.around("s/.ATTRIBUTES/V", ["name", "dtype"]) == ["name", "", "dtype", "m of ?"]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ((KERNEL,), [KERNEL]),
        (("net/kernel.*",), [KERNEL, SLOT]),
        (("net/bias", "model/kernel"), [KERNEL, BIAS]),
        (("net/kernel:0",), []),
    ],
)
def test_patterns_are_about_any_name(tmp_path, patterns, expected):
    rows = rows_of(write_trained(tmp_path / "m"))
    if not expected:
        with pytest.raises(NotFoundError):
            rows.choose(patterns, "x")
        return
    rows.choose(patterns, "x")
    assert [row["name"] for row in rows] == expected
    assert (len(rows), rows.num_elements()) == (len(expected), sum(row["shape"][0] for row in rows))
    assert rows.nbytes() == 4 * rows.num_elements()


def test_a_path_of_no_program_is_said_before_the_first_row():
    depth = 20_000
    chain = [{"children": [("x", number + 1)]} for number in range(depth)]
    graph = message(*chain, {"attributes": [("", "k/.ATTRIBUTES/V")]})
    with pytest.raises(LimitError):
        Naming("path", ObjectGraph(graph)).check()
