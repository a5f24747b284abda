"""Models of Keras 3 in one file."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphsurgeon.formats.arrays import keras_archive
from graphsurgeon.formats.arrays.transfer import detect, import_tensors
from proto_utils.errors import CorruptionError, UnsupportedError

h5py: Any = pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
KERNEL = np.arange(200_000, dtype=np.float32)


def archive(path: Path, compression: int = zipfile.ZIP_STORED, member: str = keras_archive.WEIGHTS) -> str:
    with h5py.File(path.with_suffix(".h5"), "w") as file:
        file["layers/dense/vars/0"] = KERNEL
        file["layers/dense/vars"].attrs["name"] = "head"
    with zipfile.ZipFile(path, "w", compression) as made:
        made.writestr("metadata.json", "{}")
        made.writestr("config.json", "{}")
        made.write(path.with_suffix(".h5"), member)
    return str(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_weights_are_read_where_they_lie_or_unpacked(tmp_path, compression):
    path = archive(tmp_path / "m.keras", compression)
    assert detect(path) == "keras"
    assert keras_archive.is_archive(path)
    found = import_tensors(path)
    assert list(found) == ["head/0"]
    assert found["head/0"].numpy().tobytes() == KERNEL.tobytes()
    assert list(import_tensors(path, names="paths")) == ["layers/dense/vars/0"]


def test_damage(tmp_path):
    path = Path(archive(tmp_path / "m.keras"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(CorruptionError, match="a zip archive that is damaged"):
        import_tensors(path)


def test_other_weights(tmp_path):
    with pytest.raises(UnsupportedError, match=r"its weights are in model\.weights\.npz"):
        import_tensors(archive(tmp_path / "m.keras", member="model.weights.npz"))
    with zipfile.ZipFile(tmp_path / "n.keras", "w") as made:
        made.writestr("config.json", "{}")
    with pytest.raises(UnsupportedError, match="it has no weights"):
        import_tensors(tmp_path / "n.keras")


def test_other_archives(tmp_path):
    np.savez(tmp_path / "x.npz", a=KERNEL)
    assert detect(str(tmp_path / "x.npz")) == "npz"
    (tmp_path / "x").write_bytes(b"PK\x03\x04 damaged")
    assert not keras_archive.is_archive(str(tmp_path / "x"))
