"""Some of the tensors, and nothing else."""

from __future__ import annotations

import pytest

from graphsurgeon.edits.select import select
from graphsurgeon.errors import CorruptionError, NotFoundError, PassError
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY


@pytest.fixture
def given() -> dict[str, Tensor]:
    return {name: as_tensor(1) for name in ("conv/w", "conv/b", "fc/w", "step")}


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({"keep": ("conv/.*",)}, ["conv/w", "conv/b"]),
        ({"drop": ("conv/.*",)}, ["fc/w", "step"]),
        ({"keep": ("conv/.*", "step"), "drop": (".*/b",)}, ["conv/w", "step"]),
    ],
)
def test_what_is_left(given, options, left):
    objects = dict(given)
    report = select(given, **options)
    assert list(given) == left
    assert all(given[name] is objects[name] for name in left)
    assert {row.action for row in report.changes} == {"dropped"}


def test_the_object_graph_is_no_tensor_to_choose(given):
    given[OBJECT_GRAPH_KEY] = as_tensor("")
    select(given, keep=("step",))
    assert list(given) == ["step", OBJECT_GRAPH_KEY]


@pytest.mark.parametrize(
    ("options", "error"),
    [({}, PassError), ({"drop": (".*",)}, PassError), ({"keep": ("conv",)}, NotFoundError)],
    ids=["nothing asked", "nothing left", "no match"],
)
def test_refusals_leave_everything(given, options, error):
    before = dict(given)
    with pytest.raises(error):
        select(given, **options)
    assert given == before


@pytest.fixture
def damaged(tmp_path) -> dict[str, Tensor]:
    """The first of four is whole, the second has a flipped bit, the others are lost with the end of the file."""
    tensors = {name: as_tensor([float(number)] * 4) for number, name in enumerate("abc")}
    save_checkpoint({**tensors, OBJECT_GRAPH_KEY: as_tensor("")}, tmp_path / "x")
    data = tmp_path / "x.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    start = load_checkpoint(tmp_path / "x").entries["b"].offset
    content[start] ^= 1
    data.write_bytes(content[: start + 40])
    return dict(load_checkpoint(tmp_path / "x"))


def test_what_can_be_read_is_kept(damaged, tmp_path):
    report = select(damaged, readable=True)
    assert list(damaged) == [OBJECT_GRAPH_KEY, "a"]
    reasons = {row.name: row.reason or "" for row in report.changes}
    assert "checksum" in reasons["b"]
    assert "truncated" in reasons["c"]
    save_checkpoint(damaged, tmp_path / "y")
    assert load_checkpoint(tmp_path / "y")["a"].numpy().tolist() == [0, 0, 0, 0]


def test_what_is_lost_is_no_obstacle_to_the_rest(damaged, tmp_path):
    kept = dict(damaged)
    select(kept, keep=("a",))
    save_checkpoint(kept, tmp_path / "y")
    select(damaged, keep=("a", "c"))
    with pytest.raises(CorruptionError, match="'c'"):
        save_checkpoint(damaged, tmp_path / "z")


def test_an_object_graph_that_is_lost_does_not_stay(tmp_path):
    save_checkpoint(iter([("a", as_tensor([1.0, 2.0])), (OBJECT_GRAPH_KEY, as_tensor("g" * 9))]), tmp_path / "x")
    data = tmp_path / "x.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-1])
    for options in ({"keep": ("a",)}, {"readable": True}):
        tensors = dict(load_checkpoint(tmp_path / "x"))
        report = select(tensors, **options)
        assert list(tensors) == ["a"]
        assert "object graph is lost" in report.notes[0]


def test_nothing_that_can_be_read(damaged):
    with pytest.raises(PassError, match="no tensor would be left") as caught:
        select(damaged, drop=("a",), readable=True)
    assert caught.value.hint == "none of them can be read"
