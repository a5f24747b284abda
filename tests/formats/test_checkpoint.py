"""What checkpoints of all formats have in common."""

from __future__ import annotations

import copy

import pytest

import graphsurgeon as gs
from graphsurgeon.errors import NotFoundError
from graphsurgeon.formats.checkpoint import Checkpoint
from graphsurgeon.formats.v1_list import V1Entry
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import FillTensor


class Made(Checkpoint[V1Entry]):
    """A checkpoint of zeros."""

    prefix, num_shards, is_closed = "x", 2, False
    entries = {"a": V1Entry(dtypes.FLOAT, (2,)), "b/w": V1Entry(dtypes.INT32, ())}  # noqa: RUF012 -- not changed

    def stored_nbytes(self, name: str, entry: V1Entry) -> int:
        return self[name].nbytes

    def close(self) -> None:
        self.is_closed = True

    def _tensor_of(self, name: str, entry: V1Entry) -> FillTensor:
        return FillTensor(entry.dtype, entry.shape)


def test_it_is_a_mapping():
    made = Made()
    assert (list(made), len(made), "a" in made, "c" in made) == (["a", "b/w"], 2, True, False)
    assert made["a"].shape == (2,)
    assert [made.stored_nbytes(*each) for each in made.entries.items()] == [8, 4]
    assert repr(made) == "Made('x', 2 tensors, 2 shards)"
    assert made.missing_shards() == []


def test_near_names_are_in_the_error():
    with pytest.raises(NotFoundError, match="no tensor 'w' in x") as caught:
        Made()["w"]
    assert caught.value.near == ("b/w",)


def test_it_is_closed_behind_a_with():
    with Made() as made:
        assert not made.is_closed
    assert made.is_closed


def test_a_copy_is_a_dict_to_be_edited():
    made = Made()
    copied = made.copy()
    copied["c"] = 3
    assert (list(copied), list(made)) == (["a", "b/w", "c"], ["a", "b/w"])
    assert copy.copy(made) is copy.deepcopy(made) is made


def test_equality_is_left_to_diff():
    made, other = Made(), Made()
    same = made
    assert made == same
    assert made != None  # noqa: E711 -- that is what is tested
    with pytest.raises(TypeError, match=r"gs\.diff"):
        _ = made == other
    assert not gs.diff(made, other)


def test_keys_are_completed_and_notebooks_show_a_table():
    made = Made()
    made.prefix = "<x>"
    assert made._ipython_key_completions_() == ["a", "b/w"]
    html = made._repr_html_()
    assert "<strong>Made &lt;x&gt;: 2 tensors</strong>" in html
    assert "<tr><td>a</td><td>float32</td><td>[2]</td></tr>" in html
