"""Parts by index text: numpy is the judge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.tensors.index_syntax import parse_index, split_index, take_part
from graphsurgeon.tensors.values import as_tensor
from proto_utils.errors import NotFoundError

WHOLE = np.arange(60, dtype=np.int32).reshape(5, 4, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("w[0:10, :]", ("w", "0:10, :")),
        ("a/b[c][1]", ("a/b[c]", "1")),
        ("w[]", ("w", "")),
        ("w\n[1]", ("w\n", "1")),
        ("w", None),
        ("[1]", None),
        ("w[1]x", None),
    ],
)
def test_split(text, expected):
    assert split_index(text) == expected


INDEXES = ["2", "-1", "1:3", ":", "...", ":2", "3:", "-2:", ":-1", "1:99", "-99:2", "4:1", "0:2:", "0:2:1", "::", "+1"]
INDEXES += ["1, 2", "1,:,2", "..., 1", "1, ...", "..., 1:2, :", "1,", "1, 2, 0", "1, 2, 0, ...", " 1 : 3 "]


@pytest.mark.parametrize("text", INDEXES)
def test_a_part_is_numpys(text):
    expected = eval(f"WHOLE[{text}]")
    part = take_part(as_tensor(WHOLE), text)
    assert part.shape == expected.shape
    assert part.numpy().tolist() == expected.tolist()


@given(st.lists(st.one_of(st.integers(-3, 2), st.tuples(*[st.none() | st.integers(-7, 7)] * 2)), max_size=3))
def test_any_part_is_numpys(items):
    items = items or [(None, None)]
    spell = ["" if end is None else str(end) for item in items if isinstance(item, tuple) for end in item]
    pairs = iter(zip(spell[::2], spell[1::2], strict=True))
    text = ",".join(":".join(next(pairs)) if isinstance(item, tuple) else str(item) for item in items)
    expected = WHOLE[tuple(slice(*item) if isinstance(item, tuple) else item for item in items)]
    part = take_part(as_tensor(WHOLE), text)
    assert part.shape == expected.shape
    assert part.numpy().tolist() == expected.tolist()


@pytest.mark.parametrize(
    "text",
    ["", "5", "-6", "0,4", "x", "1.0", "::0", "1:2:3:4", "0,0,0,0", "..., ...", "9" * 30, "0,,1", "- 1"],
)
def test_no_part(text):
    with pytest.raises(NotFoundError, match=r"no part .* in a tensor of shape \[5, 4, 3\]") as caught:
        take_part(as_tensor(WHOLE), text)
    assert "a part is written" in str(caught.value.hint)


@pytest.mark.parametrize("text", ["0:4:2", "::-1", "4:0:-3, ::2, 1"])
def test_steps(text):
    ranges, shape = parse_index(text, WHOLE.shape)
    expected = eval(f"WHOLE[{text}]")
    assert WHOLE[np.ix_(*ranges)].reshape(shape).tolist() == expected.tolist()
    with pytest.raises(NotFoundError) as caught:
        take_part(as_tensor(WHOLE), text)
    assert "steps of 1" in str(caught.value.hint)


def test_scalars_have_one_part():
    assert take_part(as_tensor(7), "...").numpy().tolist() == 7
    with pytest.raises(NotFoundError):
        take_part(as_tensor(7), "0")
