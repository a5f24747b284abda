"""HDF5: h5py reads what we write and we read what h5py and Keras write; nothing outside a file is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.formats.arrays import hdf5
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.selection import Chosen
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor, StringTensor, as_tensor
from proto_utils.errors import CorruptionError, UnsupportedError
from tests.formats.arrays.samples import NUMERIC, ODD_NAMES, all_values, every_dtype, sample, values

h5py: Any = pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")


def written(path: Path, tensors) -> Path:
    assert hdf5.write(hdf5.plan(tensors), str(path), overwrite=True) == [str(path)]
    return path


@pytest.fixture
def h5(tmp_path):
    """A file to be made by h5py; reading it as we do closes it first."""

    class File:
        path = str(tmp_path / "x.h5")
        file = h5py.File(tmp_path / "x.h5", "w")

        def read(self) -> Chosen:
            self.file.close()
            return hdf5.read(self.path).narrowed()

    return File()


def test_every_dtype_comes_back(tmp_path):
    tensors = every_dtype()
    assert all_values(hdf5.read(str(written(tmp_path / "x.h5", tensors)))) == all_values(tensors)


@pytest.mark.parametrize("dtype", NUMERIC, ids=lambda dtype: dtype.name)
def test_h5py_reads_what_we_write(tmp_path, dtype):
    tensor = sample(dtype, (3, 4))
    with h5py.File(written(tmp_path / "x.h5", {"a/w": tensor})) as file:
        array = file["a/w"][:]
    assert array.shape == (3, 4)
    assert array.tobytes() == values(tensor)[2]  # type: ignore[index]
    assert array.view(dtype.numpy()).dtype == dtype.numpy()


def test_odd_names(tmp_path):
    tensors: dict[str, Tensor] = {name: as_tensor(np.float32(n)) for n, name in enumerate(ODD_NAMES)}
    path = written(tmp_path / "x.h5", tensors)
    assert all_values(hdf5.read(str(path))) == all_values(tensors)


@pytest.mark.parametrize(
    ("names", "paths"),
    [
        (["conv/w:0", "conv/b"], ["conv/w:0", "conv/b"]),
        (["w", "w/Adam", "w/Adam/x", "w2/y"], ["w", "w%2FAdam", "w%2FAdam%2Fx", "w2/y"]),
        (["a", "a//b", "./x", ".."], ["a", "a%2F%2Fb", "%2E/x", "%2E%2E"]),
    ],
)
def test_paths(names, paths):
    assert [member.path for member in hdf5.plan({name: as_tensor(1) for name in names})] == paths


def test_large_tensor_goes_in_boxes(tmp_path):
    array = np.arange(3 * 700 * 500, dtype="float32").reshape(3, 700, 500)
    path = written(tmp_path / "x.h5", {"w": as_tensor(array), "row": as_tensor(array.reshape(-1)[:1000003])})
    with h5py.File(path) as file:
        assert (file["w"][:] == array).all()
    found = hdf5.read(str(path))
    assert (found["w"].numpy() == array).all()
    assert max(len(chunk) for chunk in found["w"].chunks()) <= 1 << 20
    assert (found["row"].numpy() == array.reshape(-1)[:1000003]).all()


def test_tensor_is_not_made_whole(tmp_path):
    class Watched(FillTensor):
        given = 0

        def chunks(self, nbytes=0):
            for chunk in super().chunks():
                Watched.given += len(chunk)
                yield chunk

    path = written(tmp_path / "x.h5", {"w": Watched(dtypes.FLOAT, (1 << 22,))})
    chunks = hdf5.read(str(path))["w"].chunks()
    assert Watched.given == 1 << 24
    assert [len(next(chunks)), sys.getrefcount(chunks) > 0] == [1 << 20, True]


def test_what_h5py_writes_comes_in(h5):
    arrays = {
        "f": np.arange(6, dtype="float32").reshape(2, 3),
        "big": np.arange(3, dtype=">i4"),
        "half": np.array(0.5, "float16"),
        "bool": np.array([True, False]),
        "complex": np.array([1 + 2j]),
        "empty": np.zeros((3, 0), "uint8"),
    }
    for name, array in arrays.items():
        h5.file[f"scope/{name}"] = array
    h5.file.create_dataset("packed", data=np.arange(10000.0).reshape(100, 100), chunks=(7, 30), compression="gzip")
    h5.file["fixed"] = np.array([b"a", b"bc"])
    h5.file.create_dataset("text", data=["a", "日本", ""], dtype=h5py.string_dtype())
    h5.file["one"] = "scalar"
    h5.file["raw"] = np.array([1.5], ml_dtypes.bfloat16).view("V2")
    h5.file.create_group("nothing in it")
    h5.file["type"] = np.dtype("float32")
    found = h5.read()
    for name, array in arrays.items():
        assert found.pop(f"scope/{name}").numpy().tolist() == array.tolist(), name
    assert {name: tensor.numpy().tolist() for name, tensor in found.items() if name != "packed"} == {
        "fixed": [b"a", b"bc"],
        "text": [b"a", "日本".encode(), b""],
        "one": b"scalar",
        "raw": [1.5],
    }
    assert (found["packed"].numpy() == np.arange(10000.0).reshape(100, 100)).all()


def test_keras_weights(h5):
    """The layout of `Model.save_weights` up to Keras 2."""
    layer = h5.file.create_group("dense").create_group("dense")
    layer.create_dataset("kernel:0", data=np.ones((2, 3), "float32"))
    layer.create_dataset("bias:0", data=np.zeros(3, "float32"))
    h5.file.attrs["layer_names"] = [b"dense"]
    h5.file["dense"].attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
    found = h5.read()
    assert {name: tensor.shape for name, tensor in found.items()} == {"dense/bias": (3,), "dense/kernel": (2, 3)}
    assert sorted(hdf5.read(h5.path, names="paths")) == ["dense/dense/bias:0", "dense/dense/kernel:0"]


def test_enumerations_are_their_integers(h5):
    h5.file.create_dataset("e", (2,), dtype=h5py.enum_dtype({"a": 1, "b": 2}, basetype="i2"))
    assert h5.read()["e"].dtype is dtypes.INT16


def test_dataset_under_two_names(h5):
    h5.file["a"] = [1.0]
    h5.file["b"] = h5.file["a"]
    assert list(h5.read()) == ["a", "b"]


def test_links_lead_nowhere(h5, tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = [1.0]
    h5.file["a"] = [1.0]
    h5.file["link"] = h5py.ExternalLink("secret.h5", "/x")
    with pytest.raises(UnsupportedError, match="'link' is a link"):
        h5.read()


def test_soft_links_lead_nowhere(h5):
    h5.file["a"] = [1.0]
    h5.file["g/link"] = h5py.SoftLink("/a")
    with pytest.raises(UnsupportedError, match="'g/link' is a link"):
        h5.read()


def test_values_in_another_file_are_not_read(h5, tmp_path):
    (tmp_path / "secret").write_bytes(bytes(8))
    h5.file.create_dataset("a", (2,), "float32", external=[(str(tmp_path / "secret"), 0, 8)])
    with pytest.raises(UnsupportedError, match="another file"):
        h5.read()


def test_virtual_datasets_are_not_read(h5, tmp_path):
    layout = h5py.VirtualLayout((2,), "float32")
    layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "x", (2,))
    h5.file.create_virtual_dataset("a", layout)
    with pytest.raises(UnsupportedError, match="another file"):
        h5.read()


def test_group_within_itself(h5):
    group = h5.file.create_group("g")
    group["again"] = group
    with pytest.raises(UnsupportedError, match="several places"):
        h5.read()


def test_groups_within_groups(h5):
    group = h5.file
    for _ in range(2000):
        group = group.create_group("g")
    group["a"] = [1.5]
    found = h5.read()
    assert [tensor.numpy().tolist() for tensor in found.values()] == [[1.5]]
    assert list(found) == ["g/" * 2000 + "a"]


def others(file) -> dict[str, str]:
    file.create_dataset("object reference", (1,), dtype=h5py.ref_dtype)
    file.create_dataset("region reference", (1,), dtype=h5py.regionref_dtype)
    file.create_dataset("ragged", (1,), dtype=h5py.vlen_dtype("float32"))
    file.create_dataset("record", (1,), dtype=[("a", "f4"), ("b", "i4")])
    file.create_dataset("opaque", (1,), dtype="V5")
    file.create_dataset("array", (1,), dtype=("f4", (3,)))
    kind = h5py.h5t.IEEE_F16LE.copy()
    kind.set_fields(15, 7, 8, 0, 7)
    kind.set_ebias(127)
    h5py.h5d.create(file.id, b"another float", kind, h5py.h5s.create_simple((2,)))
    time = h5py.h5t.UNIX_D32LE
    h5py.h5d.create(file.id, b"time", time, h5py.h5s.create_simple((2,)))
    return dict.fromkeys(file, "")


OTHERS = [
    "another float",
    "array",
    "object reference",
    "opaque",
    "ragged",
    "record",
    "region reference",
    "time",
]


def test_what_is_empty_without_a_shape_is_skipped(h5):
    h5.file["null"] = h5py.Empty("f4")
    h5.file["a"] = [1.5]
    found = h5.read()
    assert list(found) == ["a"]
    assert [row.name for row in found.skipped] == ["null"]


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_array_is_refused(h5, name):
    assert sorted(others(h5.file)) == OTHERS
    for other in OTHERS:
        if other != name:
            del h5.file[other]
    with pytest.raises(UnsupportedError, match=f"'{name}'"):
        h5.read()


def test_damaged_chunk(h5):
    h5.file.create_dataset("a", data=np.arange(1000.0), chunks=(100,), compression="gzip", fletcher32=True)
    offset = h5.file["a"].id.get_chunk_info(3).byte_offset
    h5.file.close()
    data = bytearray(Path(h5.path).read_bytes())
    data[offset + 20 : offset + 30] = bytes(10)
    Path(h5.path).write_bytes(data)
    with pytest.raises(CorruptionError, match="dataset 'a' cannot be read"):
        hdf5.read(h5.path)["a"].numpy()


def test_cut_files(tmp_path):
    path = written(tmp_path / "x.h5", {"a": as_tensor([1.0]), "b": StringTensor((1,), [b"text"])})
    whole = path.read_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises((CorruptionError, UnsupportedError)):
            hdf5.read(str(path))


def test_one_tensor_twice(h5):
    h5.file["50%"] = [1.0]
    h5.file["50%25"] = [1.0]
    with pytest.raises(CorruptionError, match="two datasets mean"):
        h5.read()


def test_without_h5py(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    for act in (lambda: hdf5.read("x"), lambda: hdf5.plan({})):
        with pytest.raises(PassError, match="not installed") as caught:
            act()
        assert caught.value.hint == "pip install h5py"


def test_too_many_dimensions(tmp_path):
    with pytest.raises(UnsupportedError, match="tensor 'w': 33 dimensions"):
        written(tmp_path / "x.h5", {"w": sample(dtypes.FLOAT, (1,) * 33)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("data", "match"), [(b"abc", "gives fewer bytes"), (bytes(9), "gives more bytes")])
def test_tensor_that_gives_another_number_of_bytes(tmp_path, data, match):
    class Wrong(Tensor):
        def chunks(self, nbytes=0):
            yield data

    with pytest.raises(CorruptionError, match=f"tensor 'w': .*{match}"):
        written(tmp_path / "x.h5", {"w": Wrong(dtypes.FLOAT, (2,))})
    assert list(tmp_path.iterdir()) == []
