"""Parts of tensors, as numpy indexes."""

from __future__ import annotations

import os

import numpy as np
import pytest

from graphsurgeon.edits.slice import slice as slice_edit
from graphsurgeon.errors import PassError
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from tests.edits.values import tensors

WHOLE = np.arange(4 * 5 * 3, dtype=np.int32).reshape(4, 5, 3)
PARTS = ["1:3", "..., ::2", "3", "-1, :, 0", "::-1", "3:0:-2, ..., -2:", "[0:2, 1]", "2:2"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_numpys(part):
    given = tensors(w=WHOLE)
    expected = eval(f"WHOLE[{part.strip('[]')}]")
    slice_edit(given, part=part, select=("w",))
    assert given["w"].shape == expected.shape
    assert given["w"].numpy().tolist() == expected.tolist()


def test_rows_are_linked(tmp_path):
    save_checkpoint(tensors(w=WHOLE), tmp_path / "a")
    given = dict(load_checkpoint(tmp_path / "a"))
    slice_edit(given, part="1:3", select=("w",))
    save_checkpoint(given, tmp_path / "b", links="hard")
    assert os.path.samefile(*(tmp_path / f"{name}.data-00000-of-00001" for name in "ab"))
    assert load_checkpoint(tmp_path / "b")["w"].numpy().tolist() == WHOLE[1:3].tolist()


@pytest.mark.parametrize("part", ["4", "0, 0, 0, 0", "::0", "x"])
def test_what_is_no_part(part):
    with pytest.raises(PassError, match=r"slice: w: no part .* in a tensor of shape \[4, 5, 3\]"):
        slice_edit(tensors(w=WHOLE), part=part, select=("w",))
