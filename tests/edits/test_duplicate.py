"""One more name for a tensor."""

from __future__ import annotations

import pytest

from graphsurgeon.edits.duplicate import duplicate
from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor


@pytest.fixture
def given() -> dict[str, Tensor]:
    return {name: as_tensor([number]) for number, name in enumerate(("a/w", "a/b", "c"))}


def test_the_same_tensor_stands_under_both(given):
    report = duplicate(given, map=(r"a/(.*)=two/\1",))
    assert list(given) == ["a/w", "a/b", "c", "two/w", "two/b"]
    assert given["two/w"] is given["a/w"]
    assert [(row.name, row.action, row.was) for row in report.changes] == [
        ("two/w", "copied", "a/w"),
        ("two/b", "copied", "a/b"),
    ]


def test_one_tensor_under_several_names(given):
    duplicate(given, map=("c=d", "c=e"))
    assert given["d"] is given["e"] is given["c"]


def test_it_takes_no_room(given, tmp_path):
    save_checkpoint(given, tmp_path / "x")
    tensors = dict(load_checkpoint(tmp_path / "x"))
    duplicate(tensors, map="c=d")
    save_checkpoint(tensors, tmp_path / "y", links="hard")
    assert (tmp_path / "y.data-00000-of-00001").stat().st_size == 24
    assert load_checkpoint(tmp_path / "y")["d"].numpy().tolist() == [2]


@pytest.mark.parametrize(
    ("entries", "error", "message"),
    [
        (["c=a/w"], PassError, "duplicate: 'c' cannot be 'a/w' too: that name is taken"),
        (["a/.=x"], PassError, "duplicate: 'a/b' cannot be 'x' too"),
        (["c=d", "a/w=d"], PassError, "cannot be 'd' too"),
        (["nothing=d"], NotFoundError, "nothing"),
        (["c"], PassError, "duplicate: map 'c' has no '='"),
        (["c="], PassError, "duplicate: map 'c=': the new name is empty"),
    ],
)
def test_refusals_leave_everything(given, entries, error, message):
    before = dict(given)
    with pytest.raises(error) as caught:
        duplicate(given, map=tuple(entries))
    assert message in caught.value.message
    assert given == before
