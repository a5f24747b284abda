"""The bar that large models are saved under: on a terminal, and gone afterwards."""

from __future__ import annotations

import pytest

from graphsurgeon.cli import progress
from graphsurgeon.cli.progress import WatchedTensor, watching
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor
from tests.models import floats


@pytest.fixture
def tensors(monkeypatch) -> dict[str, Tensor]:
    monkeypatch.setattr(progress, "MIN_NBYTES", 1)
    return {"w": floats(1, 2), "s": StringTensor((1,), [b"x"])}


def test_bytes_are_counted():
    counted: list[int] = []
    tensor = WatchedTensor(floats(1, 2, 3), counted.append)
    assert (tensor.dtype, tensor.shape, tensor.nbytes) == (dtypes.FLOAT, (3,), 12)
    assert tensor.numpy().tolist() == [1, 2, 3]
    assert sum(counted) == 12


def test_on_a_terminal_values_are_watched_meanwhile(tensors, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    before = dict(tensors)
    with watching(tensors, links="never", quiet=False):
        assert isinstance(tensors["w"], WatchedTensor)
        assert not isinstance(tensors["s"], WatchedTensor)
        save_checkpoint(tensors, tmp_path / "m")
    assert tensors == before
    save_checkpoint(tensors, tmp_path / "n")
    assert (tmp_path / "m.index").read_bytes() == (tmp_path / "n.index").read_bytes()


@pytest.mark.parametrize(("is_terminal", "quiet"), [(False, False), (True, True)])
def test_elsewhere_nothing_shows(tensors, monkeypatch, capsys, is_terminal, quiet):
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    with watching(tensors, links="never", quiet=quiet):
        assert not isinstance(tensors["w"], WatchedTensor)
    assert capsys.readouterr() == ("", "")
