"""One tensor by whatever it is called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.find import find_tensor
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors import dtypes
from proto_utils import schema
from proto_utils.errors import CorruptionError, NotFoundError
from tests.formats.bundle_files import entry, header, write_files, write_slices
from tests.formats.v1_files import one, write_v1
from tests.models import floats, frozen, meta_graph
from tests.object_graphs import BIAS, KERNEL, SLOT, write_trained

WHOLE = np.arange(24, dtype=np.float32).reshape(4, 3, 2)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint with its .meta."""
    save_checkpoint({"w": floats(5, 6), "only_here": floats(7)}, tmp_path / "m.ckpt")
    (tmp_path / "m.ckpt.meta").write_bytes(meta_graph().SerializeToString())
    return tmp_path / "m.ckpt"


def value(path: Path, name: str) -> object:
    return find_tensor(detect(path), name)[1].numpy().tolist()


@pytest.mark.parametrize(("name", "expected"), [("w", [5, 6]), ("w:0", [5, 6]), ("only_here", [7])])
def test_values_come_from_the_checkpoint_first(checkpoint, name, expected):
    key, tensor = find_tensor(detect(checkpoint), name)
    assert (key, tensor.numpy().tolist()) == (name.removesuffix(":0"), expected)


def test_constant_of_a_graph(tmp_path):
    (tmp_path / "x.pb").write_bytes(frozen().SerializeToString())
    assert value(tmp_path / "x.pb", "w:0") == [1, 2, 3]
    assert value(tmp_path / "x.pb", "w[1:]") == [2, 3]


def test_variable_without_a_value(tmp_path):
    graph = schema.GraphDef()
    graph.node.add(name="v", op="VariableV2")
    (tmp_path / "x.pb").write_bytes(graph.SerializeToString())
    for name in ("v", "v:0", "v[0]"):
        with pytest.raises(NotFoundError, match="'v' is a VariableV2"):
            find_tensor(detect(tmp_path / "x.pb"), name)


@pytest.mark.parametrize("name", ["only_her", "only_her:0", "only_her[0]"])
def test_unknown_name_gets_its_neighbours(checkpoint, name):
    with pytest.raises(NotFoundError) as caught:
        find_tensor(detect(checkpoint), name)
    assert caught.value.near == ("only_here",)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        (KERNEL, KERNEL),
        ("net/kernel", KERNEL),
        ("net/kernel:0", KERNEL),
        ("model/layers/0/k.Sl", KERNEL),
        ("model/layers/0/b..s", BIAS),
        ("net/kernel/Adam", SLOT),
        ("model/kernel/.OPTIMIZER_SLOT/optimizer/m", SLOT),
    ],
)
def test_variables_of_objects(tmp_path, name, key):
    assert find_tensor(detect(write_trained(tmp_path / "m")), name)[0] == key


def test_part_of_a_variable_of_objects(tmp_path):
    key, tensor = find_tensor(detect(write_trained(tmp_path / "m")), "net/kernel[1:]")
    assert (key, tensor.numpy().tolist()) == (f"{KERNEL}[1:]", [2, 3])


def test_object_with_several_tensors(tmp_path):
    with pytest.raises(NotFoundError, match="no single tensor 'table'") as caught:
        find_tensor(detect(write_trained(tmp_path / "m")), "table")
    assert caught.value.near == ("table/.ATTRIBUTES/table-keys", "table/.ATTRIBUTES/table-values")


@pytest.mark.parametrize(
    ("name", "expected"), [("w[0]", [9]), ("w[0][0]", 9), ("w[0:1]", [5]), ("w[1]", 6), ("w:0[1]", 6), ("w[-1:]", [6])]
)
def test_a_name_in_brackets_is_a_name_first(tmp_path, name, expected):
    save_checkpoint({"w": floats(5, 6), "w[0]": floats(9)}, tmp_path / "m")
    assert value(tmp_path / "m", name) == expected


@pytest.mark.parametrize("index", ["", "2", "x", "0,0", "::2"])
def test_no_such_part(checkpoint, index):
    with pytest.raises(NotFoundError, match="no part"):
        find_tensor(detect(checkpoint), f"w[{index}]")


def test_rows_are_read_and_no_others(tmp_path):
    """The bytes of other rows are damaged, which the checksum of the whole would tell."""
    save_checkpoint({"a": floats(1), "w": WHOLE, "z": floats(1)}, tmp_path / "m")
    data = tmp_path / "m.data-00000-of-00001"
    raw = data.read_bytes()
    start = raw.index(WHOLE.tobytes())
    data.write_bytes(b"\xff" * (start + 24) + WHOLE[1:3].tobytes() + b"\xff" * (len(raw) - start - 72))
    with pytest.raises(CorruptionError):
        value(tmp_path / "m", "w")
    assert value(tmp_path / "m", "w[1:3]") == WHOLE[1:3].tolist()
    assert value(tmp_path / "m", "w[2, 1:, 0]") == WHOLE[2, 1:, 0].tolist()


def test_rows_of_a_partitioned_tensor(tmp_path):
    """By rows and by columns; what is outside is damaged."""
    whole = np.arange(12, dtype=np.uint8).reshape(4, 3)
    rows = {((0, 1), (0, -1)): whole[:1], ((1, 3), (0, -1)): whole[1:]}
    columns = {((0, -1), (0, 1)): whole[:, :1], ((0, -1), (1, 2)): whole[:, 1:]}
    for name, parts in (("rows", rows), ("columns", columns)):
        contents = {extents: part.tobytes() for extents, part in parts.items()}
        prefix = write_slices(tmp_path / name, "w", dtypes.UINT8, [4, 3], contents)
        assert value(prefix, "w[1:3]") == whole[1:3].tolist()
        assert value(prefix, "w[2:, 1]") == whole[2:, 1].tolist()
        data = Path(f"{prefix}.data-00000-of-00001")
        kept = np.frombuffer(data.read_bytes(), dtype=np.uint8).copy()
        kept[~np.isin(kept, whole[2])] = 99
        data.write_bytes(kept.tobytes())
        assert value(prefix, "w[2]") == whole[2].tolist()
        with pytest.raises(CorruptionError):
            value(prefix, "w")


def test_part_of_a_v1_tensor(tmp_path):
    numbers = np.arange(6, dtype=np.int32)
    tensors = {"f": one(dtypes.FLOAT, [4, 6], WHOLE.tobytes()), "i": one(dtypes.INT32, [6], numbers.tobytes())}
    path = write_v1(tmp_path / "x", tensors)
    assert value(path, "f[1:3, 2]") == WHOLE.reshape(4, 6)[1:3, 2].tolist()
    assert value(path, "i[2:4]") == [2, 3]


def test_part_of_strings(tmp_path):
    save_checkpoint({"s": np.array([[b"a", b"bc"], [b"", b"d"]], dtype=object)}, tmp_path / "m")
    assert value(tmp_path / "m", "s[:, 1]") == [b"bc", b"d"]
    assert value(tmp_path / "m", "s[1, 1]") == b"d"


def test_part_of_values_of_the_other_byte_order(tmp_path):
    content = WHOLE.astype(">f4").tobytes()
    stored = {b"w": entry(dtypes.FLOAT, WHOLE.shape, crc32c=mask(crc32c(content)))}
    prefix = write_files(tmp_path / "x", stored, content, header(big_endian=True))
    assert value(prefix, "w[1:3, 0]") == WHOLE[1:3, 0].tolist()
