"""Slices of as equal a length as can be, the longer ones first."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors.divided import DividedTensor
from graphsurgeon.tensors.tensor import StringTensor, as_tensor
from proto_utils.errors import UnsupportedError
from proto_utils.files import FileSource

WHOLE = np.arange(22, dtype=np.int16).reshape(11, 2)


@pytest.mark.parametrize("count", range(1, 12))
def test_slices(count):
    made = DividedTensor(as_tensor(WHOLE), count)
    lengths = [box[0][1] - box[0][0] for box, _ in made.parts]
    assert sum(lengths) == 11
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] - lengths[-1] <= 1
    assert np.concatenate([part.numpy() for _, part in made.parts]).tolist() == WHOLE.tolist()
    assert made.numpy().tolist() == WHOLE.tolist()


def test_one_slice_verifies_all_and_the_others_read_their_rows(tmp_path, monkeypatch):
    save_checkpoint({"w": WHOLE}, tmp_path / "m")
    read: list[int] = []
    chunks = FileSource.chunks

    def counted(self, start, end, *more):
        read.append(end - start)
        return chunks(self, start, end, *more)

    monkeypatch.setattr(FileSource, "chunks", counted)
    made = DividedTensor(load_checkpoint(tmp_path / "m")["w"], 3)
    assert np.concatenate([part.numpy() for _, part in made.parts]).tolist() == WHOLE.tolist()
    assert read == [44, 16, 12]


def test_along_another_axis():
    (first, left), (second, right) = DividedTensor(as_tensor(WHOLE), 2, 1).parts
    assert (first, second) == (((0, 11), (0, 1)), ((0, 11), (1, 2)))
    assert np.hstack([left.numpy(), right.numpy()]).tolist() == WHOLE.tolist()


def test_strings():
    made = DividedTensor(StringTensor([3], [b"a", b"b", b"c"]), 2)
    assert [list(part.strings()) for _, part in made.parts] == [[b"a", b"b"], [b"c"]]
    assert list(made.strings()) == [b"a", b"b", b"c"]


@pytest.mark.parametrize(("count", "axis"), [(0, 0), (12, 0), (3, 1), (1, 2), (1, -1)])
def test_what_is_refused(count, axis):
    with pytest.raises(UnsupportedError):
        DividedTensor(as_tensor(WHOLE), count, axis)
