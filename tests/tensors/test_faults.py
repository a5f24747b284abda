"""What is wrong with values is told, by reading where nothing tells it sooner."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.tensors.boxes import whole
from graphsurgeon.tensors.cast import CastTensor
from graphsurgeon.tensors.dtypes import FLOAT
from graphsurgeon.tensors.faults import faults_in, find_fault
from graphsurgeon.tensors.joined import JoinedTensor
from graphsurgeon.tensors.rearranged import TransposedTensor
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.values import as_tensor
from proto_utils.errors import CorruptionError
from tests.formats.bundle_files import save


@pytest.fixture
def bundle(tmp_path):
    prefix = save(tmp_path / "x", {"a": as_tensor(np.ones((2, 3))), "b": as_tensor(np.ones((2, 3)))})
    return prefix, tmp_path / "x.data-00000-of-00001"


def test_of_a_sound_tensor(bundle):
    assert find_fault(Bundle(bundle[0])["a"]) is None
    assert find_fault(as_tensor([b"x"])) is None


def test_of_strings_in_a_file(tmp_path):
    prefix = save(tmp_path / "x", {"a": as_tensor([b"x", b"yz"])})
    assert find_fault(Bundle(prefix)["a"]) is None
    data = tmp_path / "x.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-1] + b"!")
    assert "checksum" in str(find_fault(Bundle(prefix)["a"]))


def test_a_flipped_bit_is_found_by_reading(bundle):
    prefix, data = bundle
    content = bytearray(data.read_bytes())
    content[3] ^= 1
    data.write_bytes(content)
    tensor = Bundle(prefix)["a"]
    assert tensor.fault is None
    assert "checksum" in str(find_fault(tensor))


def test_what_is_made_of_a_lost_tensor_is_lost(bundle):
    prefix, data = bundle
    data.write_bytes(data.read_bytes()[:50])
    opened = Bundle(prefix)
    lost = opened["b"]
    for made in (
        ReshapedTensor(lost, [6]),
        TransposedTensor(lost, (1, 0)),
        CastTensor(lost, FLOAT, name="b"),
        JoinedTensor([2, 3], [(whole([2, 3]), lost)]),
    ):
        assert isinstance(find_fault(made), CorruptionError), made
        assert str(made.fault) == str(lost.fault)
    assert find_fault(ReshapedTensor(opened["a"], [6])) is None


def test_of_many_those_are_told_that_cannot_be_read_in_order(tmp_path):
    tensors = {name: as_tensor(np.ones(40)) for name in ("a", "b", "c", "d")}
    prefix = save(tmp_path / "x", {**tensors, "e": as_tensor([b"x"]), "f": as_tensor(np.ones(40))})
    data = tmp_path / "x.data-00000-of-00001"
    content = bytearray(data.read_bytes()[:-5])
    content[3] ^= 1
    content[2 * 320 + 3] ^= 1
    data.write_bytes(content)
    opened = Bundle(prefix)
    mixed = {"f": opened["f"], "made": ReshapedTensor(opened["c"], [5, 8]), **opened.tensors()}
    found = faults_in(mixed)
    assert list(found) == ["f", "made", "a", "c"]
    assert {name: str(fault) for name, fault in found.items()} == {name: str(find_fault(mixed[name])) for name in found}
    opened.close()
    whole = {name: opened[name] for name in ("b", "a")}
    assert ["was closed" in str(fault) for fault in faults_in(whole).values()] == [True, True]
