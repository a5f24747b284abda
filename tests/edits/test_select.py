"""Some of the tensors, and nothing else."""

from __future__ import annotations

import pytest

from graphsurgeon.edits.select import select
from graphsurgeon.errors import NotFoundError, PassError
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
