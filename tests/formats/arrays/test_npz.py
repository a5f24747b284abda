"""`.npz`: numpy reads what we write and we read what numpy writes; hostile archives."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.formats.arrays import npz
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import FillTensor, StringTensor, as_tensor
from proto_utils.errors import CorruptionError, LimitError, UnsupportedError
from tests.formats.arrays.samples import NUMERIC, ODD_NAMES, all_values, every_dtype, sample


def written(path: Path, tensors) -> Path:
    assert npz.write(npz.plan(tensors), str(path), overwrite=True) == [str(path)]
    return path


def npy(array) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def archive(path: Path, members, method: int = zipfile.ZIP_STORED) -> str:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members:
            file.writestr(name, data)
    return str(path)


def test_every_dtype_comes_back(tmp_path):
    tensors = every_dtype()
    assert all_values(npz.read(str(written(tmp_path / "x.npz", tensors)))) == all_values(tensors)


@pytest.mark.parametrize("dtype", NUMERIC, ids=lambda dtype: dtype.name)
def test_numpy_reads_what_we_write(tmp_path, dtype):
    tensor = sample(dtype, (3, 4))
    with np.load(written(tmp_path / "x.npz", {"a/w": tensor})) as loaded:
        assert loaded.files == ["a/w"]
        array = loaded["a/w"]
    assert array.shape == (3, 4)
    assert array.tobytes() == b"".join(map(bytes, tensor.chunks()))
    assert array.view(dtype.numpy()).dtype == dtype.numpy()


def test_numpy_reads_strings(tmp_path):
    with np.load(written(tmp_path / "x.npz", {"s": StringTensor((2,), [b"a", b"\xff\0x"])})) as loaded:
        assert loaded["s"].tolist() == [b"a", b"\xff\0x"]


def test_odd_names(tmp_path):
    tensors = {name: as_tensor(np.float32(n)) for n, name in enumerate(ODD_NAMES)}
    path = written(tmp_path / "x.npz", tensors)
    assert all_values(npz.read(str(path))) == all_values(tensors)
    with np.load(path) as loaded:
        assert [float(loaded[key]) for key in loaded.files] == [float(n) for n in range(len(ODD_NAMES))]
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        for name in file.namelist():
            assert not name.startswith("/")
            assert ".." not in name.split("/")


def test_plain_names_stay_plain(tmp_path):
    path = written(tmp_path / "x.npz", {"vgg_16/conv1/weights": as_tensor(1), "w:0": as_tensor(2), "é x": as_tensor(3)})
    with zipfile.ZipFile(path) as file:
        assert file.namelist() == ["vgg_16/conv1/weights.npy", "w:0.npy", "é x.npy"]


def test_members_are_what_numpy_saves(tmp_path):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array(True), "c": np.zeros((0, 2), "complex64")}
    path = written(tmp_path / "x.npz", {name: as_tensor(array) for name, array in arrays.items()})
    with zipfile.ZipFile(path) as file:
        for name, array in arrays.items():
            assert file.read(f"{name}.npy") == npy(array)
            assert (file.getinfo(f"{name}.npy").date_time, file.getinfo(f"{name}.npy").compress_type) == (
                (1980, 1, 1, 0, 0, 0),
                zipfile.ZIP_STORED,
            )


def test_same_tensors_same_bytes(tmp_path):
    first, second = (written(tmp_path / name, every_dtype()).read_bytes() for name in ("1.npz", "2.npz"))
    assert first == second


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_writes_comes_in(tmp_path, save):
    arrays = {
        "f": np.arange(6, dtype="float32").reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big": np.arange(3, dtype=">i4"),
        "bool": np.array([True, False]),
        "complex": np.array([1 + 2j]),
        "half": np.array(0.5, dtype="float16"),
        "bytes": np.array([b"a", b"bc"]),
        "text": np.array(["a", "日本"]),
        "empty": np.zeros((3, 0), "uint8"),
        "q": np.array([(1,), (-1,)], dtype=[("qint8", "i1")]),
        "bf16": np.array([1.5], dtype=ml_dtypes.bfloat16).view("V2"),
    }
    save(tmp_path / "x.npz", np.arange(2), **arrays)
    found = npz.read(str(tmp_path / "x.npz"))
    assert found.keys() == {"arr_0", *arrays}
    for name in ("f", "fortran", "big", "bool", "complex", "half", "empty"):
        assert found[name].numpy().tolist() == arrays[name].tolist(), name
    assert {name: found[name].dtype.name for name in ("f", "big", "half", "text", "q", "bf16", "arr_0")} == {
        "f": "float32",
        "big": "int32",
        "half": "float16",
        "text": "string",
        "q": "qint8",
        "bf16": "bfloat16",
        "arr_0": "int64",
    }
    assert [found[name].numpy().tolist() for name in ("bytes", "text", "q", "bf16")] == [
        [b"a", b"bc"],
        [b"a", "日本".encode()],
        [1, -1],
        [1.5],
    ]


def test_headers_are_read_and_no_values(tmp_path, monkeypatch):
    path = written(tmp_path / "x.npz", {"a": FillTensor(dtypes.FLOAT, (1 << 22,))})
    seen: list[int] = []
    read = zipfile.ZipExtFile.read

    def spy(self, nbytes=-1):
        seen.append(nbytes)
        return read(self, nbytes)

    monkeypatch.setattr(zipfile.ZipExtFile, "read", spy)
    tensor = npz.read(str(path))["a"]
    assert max(seen) < 10_001
    assert sum(len(chunk) for chunk in tensor.chunks()) == 1 << 24
    assert max(seen) == 1 << 20


def test_archive_is_read_where_it_was_opened(tmp_path):
    path = written(tmp_path / "x.npz", {"a": as_tensor([1.0])})
    found = npz.read(str(path))
    written(path, {"a": as_tensor([2.0])})
    assert found["a"].numpy().tolist() == [1]


def test_members_past_4_gib_are_zip64(tmp_path, monkeypatch):
    monkeypatch.setattr(npz, "_ZIP64_NBYTES", 100)
    path = written(tmp_path / "x.npz", {"a": as_tensor(np.zeros(100))})
    # The local header says with its extra field that sizes take eight bytes.
    assert struct.unpack("<H", path.read_bytes()[30 + 5 : 30 + 7])[0] == 1
    with np.load(path) as loaded:
        assert loaded["a"].shape == (100,)
    assert npz.read(str(path))["a"].numpy().tolist() == [0] * 100


def test_name_too_long_for_an_archive():
    assert npz.plan({"x" * 65531: as_tensor(1)})
    with pytest.raises(LimitError, match="member"):
        npz.plan({"x" * 65532: as_tensor(1)})


@pytest.mark.parametrize("array", [np.array([{}], dtype=object), np.array(["a", None])])
def test_pickles_are_refused(tmp_path, array):
    np.savez(tmp_path / "x.npz", good=np.zeros(2), bad=array)
    with pytest.raises(UnsupportedError, match=r"member 'bad.npy': .* pickled"):
        npz.read(str(tmp_path / "x.npz")).narrowed()


@pytest.mark.parametrize("name", ["a.txt", "data.pkl", "version"])
def test_archive_of_something_else(tmp_path, name):
    with pytest.raises(UnsupportedError, match=r"no \.npy array"):
        npz.read(archive(tmp_path / "x.zip", [(name, b"x")]))


def test_archive_of_keras(tmp_path):
    with pytest.raises(UnsupportedError, match=r"'metadata\.json' is no") as caught:
        npz.read(archive(tmp_path / "x.keras", [("metadata.json", b"{}"), ("model.weights.h5", b"x")]))
    assert caught.value.hint == "unpack 'model.weights.h5' and import that"


def test_member_that_is_npy_by_name_only(tmp_path):
    with pytest.raises(UnsupportedError, match=r"member 'a.npy' is no .npy array"):
        npz.read(archive(tmp_path / "x.zip", [("a.npy", b"something else")])).narrowed()


def test_directories_in_an_archive_do_not_count(tmp_path):
    path = archive(tmp_path / "x.zip", [("a/", b""), ("a/b.npy", npy(np.ones(1)))])
    assert list(npz.read(path)) == ["a/b"]


def test_names_that_lead_elsewhere_are_only_names(tmp_path):
    path = archive(tmp_path / "x.zip", [("../../b.npy", npy(np.ones(1))), ("/etc/c.npy", npy(np.ones(1)))])
    assert list(npz.read(path)) == ["../../b", "/etc/c"]


@pytest.mark.parametrize("names", [("a.npy", "a.npy"), ("50%.npy", "50%25.npy")])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_tensor_twice(tmp_path, names):
    with pytest.raises(CorruptionError, match="two members mean"):
        npz.read(archive(tmp_path / "x.zip", [(name, npy(np.ones(1))) for name in names]))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression(tmp_path, method):
    with pytest.raises(UnsupportedError, match="unusual"):
        npz.read(archive(tmp_path / "x.zip", [("a.npy", npy(np.ones(1)))], method))


@pytest.mark.parametrize("nbytes", [-1, 1])
def test_values_of_another_length(tmp_path, nbytes):
    data = npy(np.ones(2))
    data = data[:nbytes] if nbytes < 0 else data + bytes(nbytes)
    with pytest.raises(CorruptionError, match="its header asks for 144"):
        npz.read(archive(tmp_path / "x.zip", [("a.npy", data)]))


def test_flipped_value_is_noticed_when_it_is_read(tmp_path):
    path = written(tmp_path / "x.npz", {"a": as_tensor(np.zeros(10000))})
    data = bytearray(path.read_bytes())
    data[50000] ^= 1
    path.write_bytes(data)
    tensor = npz.read(str(path))["a"]
    with pytest.raises(CorruptionError, match="CRC"):
        tensor.numpy()


def test_members_that_overlap(tmp_path):
    """A bomb: every entry of the directory unpacks the same bytes."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.npy", npy(np.zeros(1000)))
        info = file.infolist()[0]
        twin = zipfile.ZipInfo("b.npy")
        twin.CRC, twin.file_size, twin.compress_size = info.CRC, info.file_size, info.compress_size
        twin.header_offset = info.header_offset
        file.filelist.append(twin)
        file.NameToInfo["b.npy"] = twin
    with pytest.raises(CorruptionError, match=r"overlaps|Overlapped"):
        npz.read(str(path))


def test_bomb_is_unpacked_in_small_pieces(tmp_path):
    header = npy(np.zeros((1 << 24,), "uint8"))[:128]
    path = archive(tmp_path / "x.zip", [("a.npy", header + bytes(1 << 24))], zipfile.ZIP_DEFLATED)
    assert Path(path).stat().st_size < 1 << 16
    assert {len(chunk) for chunk in npz.read(path)["a"].chunks()} == {1 << 20}


def test_cut_at_every_length(tmp_path):
    path = written(tmp_path / "x.npz", {"a": as_tensor([1.0]), "b": as_tensor(b"text")})
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises((CorruptionError, UnsupportedError)):
            npz.read(str(path))


@pytest.mark.parametrize("compress", [False, True])
def test_every_flipped_bit_is_an_error_or_does_no_harm(tmp_path, compress):
    path = tmp_path / "x.npz"
    (np.savez_compressed if compress else np.savez)(path, a=np.arange(20.0), b=np.array([b"xyz"]))
    whole = path.read_bytes()
    refused = 0
    for position in range(0, len(whole), 3):
        data = bytearray(whole)
        data[position] ^= 1 << position % 8
        path.write_bytes(data)
        try:
            all_values(npz.read(str(path)))
        except (CorruptionError, UnsupportedError, LimitError, OSError):
            refused += 1
    assert refused > len(whole) // 5


def test_damaged_deflate_stream(tmp_path):
    path = Path(archive(tmp_path / "x.zip", [("a.npy", npy(np.arange(1000.0)))], zipfile.ZIP_DEFLATED))
    data = bytearray(path.read_bytes())
    data[300:320] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(CorruptionError, match="damaged"):
        all_values(npz.read(str(path)))
    assert zlib.crc32(bytes(data))
