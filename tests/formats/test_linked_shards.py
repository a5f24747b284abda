"""Data files are shared where they can be, and never written into."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from graphsurgeon.formats import linked_shards
from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor
from proto_utils import disk
from proto_utils.errors import NotFoundError, OutputExistsError, UnsupportedError


def vector(length: int) -> np.ndarray:
    return np.arange(length, dtype=np.float32)


def shards(prefix: object) -> list[Path]:
    path = Path(str(prefix))
    return sorted(path.parent.glob(f"{path.name}.data-*"))


def values(prefix: object) -> dict[str, bytes]:
    return {
        name: tensor.numpy().tobytes() if tensor.dtype.itemsize else b"".join(tensor.strings())
        for name, tensor in Bundle(str(prefix)).items()
    }


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three tensors in two data files."""
    save_checkpoint(
        {"a": vector(5), "b": vector(7), "s": StringTensor([], [b"text"])}, tmp_path / "src", shard_nbytes=40
    )
    assert len(shards(tmp_path / "src")) == 2
    return tmp_path / "src"


@pytest.fixture
def no_hard_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "another device")

    monkeypatch.setattr(disk, "_link", refuse)


def test_a_rename_writes_an_index(source, tmp_path):
    tensors = Bundle(source)
    paths = save_checkpoint(
        {f"my/{name}": tensor for name, tensor in tensors.items()}, tmp_path / "out" / "x", links="hard"
    )
    assert [os.path.samefile(a, b) for a, b in zip(shards(source), shards(tmp_path / "out" / "x"), strict=True)] == [
        True
    ] * 2
    assert [Path(path).name for path in paths[-2:]] == ["x.index", "checkpoint"]
    assert values(tmp_path / "out" / "x") == {f"my/{name}": value for name, value in values(source).items()}


def test_without_leave_everything_is_copied(source, tmp_path):
    save_checkpoint(Bundle(source), tmp_path / "out")
    assert len(shards(tmp_path / "out")) == 1
    assert shards(tmp_path / "out")[0].stat().st_nlink == 1
    assert values(tmp_path / "out") == values(source)


def test_only_shards_that_are_used_are_linked(source, tmp_path):
    tensors = Bundle(source)
    for name in tensors:
        save_checkpoint({name: tensors[name]}, tmp_path / "out", links="hard", force=True)
        assert len(shards(tmp_path / "out")) == 1
        assert values(tmp_path / "out") == {name: values(source)[name]}


def test_what_is_new_goes_into_one_more_shard(source, tmp_path):
    tensors: dict[str, Tensor] = dict(Bundle(source))
    save_checkpoint({**tensors, "b": np.arange(4), "z": np.arange(5)}, tmp_path / "out", links="hard")
    files = shards(tmp_path / "out")
    assert len(files) == 3
    assert [path.stat().st_nlink for path in files] == [2, 2, 1]
    assert files[-1].read_bytes() == np.arange(4).tobytes() + np.arange(5).tobytes()
    assert values(tmp_path / "out")["a"] == values(source)["a"]


def test_checkpoints_are_put_together(source, tmp_path):
    save_checkpoint({"c": vector(3)}, tmp_path / "other")
    save_checkpoint({**Bundle(source), **Bundle(tmp_path / "other")}, tmp_path / "out", links="hard")
    assert {os.path.samefile(shards(tmp_path / "out")[2], path) for path in shards(tmp_path / "other")} == {True}
    assert values(tmp_path / "out") == {**values(source), **values(tmp_path / "other")}


def test_one_tensor_under_two_names(source, tmp_path):
    a = Bundle(source)["a"]
    save_checkpoint({"x": a, "y": a}, tmp_path / "out", links="hard")
    assert values(tmp_path / "out") == dict.fromkeys(["x", "y"], values(source)["a"])


class TestInPlace:
    def test_a_rename_replaces_the_index_and_nothing_else(self, source):
        before = [path.stat().st_ino for path in shards(source)]
        wanted = {f"my/{name}": value for name, value in values(source).items()}
        save_checkpoint(
            {f"my/{name}": tensor for name, tensor in Bundle(source).items()}, source, links="hard", force=True
        )
        assert [path.stat().st_ino for path in shards(source)] == before
        assert [path.stat().st_nlink for path in shards(source)] == [1, 1]
        assert values(source) == wanted

    def test_an_edit_adds_a_shard_and_the_old_names_go(self, source):
        before = values(source)
        save_checkpoint({**Bundle(source), "b": np.arange(4)}, source, links="hard", force=True)
        assert [path.name[-14:] for path in shards(source)] == ["00000-of-00003", "00001-of-00003", "00002-of-00003"]
        assert values(source) == {**before, "b": np.arange(4).tobytes()}
        assert sorted(path.name for path in source.parent.iterdir() if path.name.startswith(".")) == []

    def test_existing_files_are_refused_unless_told(self, source):
        before = values(source)
        with pytest.raises(OutputExistsError):
            save_checkpoint({"x": Bundle(source)["a"]}, source, links="hard")
        assert values(source) == before


@pytest.mark.parametrize("links", ["hard", "never"])
def test_an_edit_of_the_output_never_reaches_the_source(source, tmp_path, links):
    """The output shares its files with the source; whatever is then done to it, the source keeps its bytes."""
    before = values(source)
    save_checkpoint(Bundle(source), tmp_path / "out", links="hard")
    save_checkpoint(
        {"a": np.zeros(5, np.float32), "b": Bundle(tmp_path / "out")["b"]}, tmp_path / "out", links=links, force=True
    )
    assert values(source) == before
    assert values(tmp_path / "out")["b"] == before["b"]


def test_a_symbolic_link_to_the_source_is_replaced_not_followed(source, tmp_path, no_hard_links):
    before = values(source)
    save_checkpoint(Bundle(source), tmp_path / "out" / "x", links="always")
    assert all(path.is_symlink() for path in shards(tmp_path / "out" / "x"))
    assert values(tmp_path / "out" / "x") == before
    save_checkpoint({"a": np.zeros(5, np.float32)}, tmp_path / "out" / "x", shard_nbytes=4, force=True)
    assert not any(path.is_symlink() for path in shards(tmp_path / "out" / "x"))
    assert values(source) == before


@pytest.mark.parametrize("values_after", [{"b": None}, {"a": [9.0], "b": None}], ids=["removed", "replaced"])
def test_no_symbolic_link_leads_to_a_file_that_goes(source, no_hard_links, values_after):
    """In place, where there are no hard links: the new name of a data file cannot lead to the old one."""
    before = values(source)
    tensors = Bundle(source)
    wanted = {name: tensors[name] if value is None else np.float32(value) for name, value in values_after.items()}
    with pytest.raises(UnsupportedError, match="would be a symbolic link to"):
        save_checkpoint(wanted, source, links="always", force=True)
    assert values(source) == before
    assert sorted(path.name for path in source.parent.iterdir() if path.name.startswith(".")) == []
    save_checkpoint({f"my/{name}": tensor for name, tensor in tensors.items()}, source, links="always", force=True)
    assert list(values(source).values()) == list(before.values())


def test_where_no_link_can_be_made_values_are_copied(source, tmp_path, no_hard_links):
    save_checkpoint(Bundle(source), tmp_path / "out", links="hard")
    assert values(tmp_path / "out") == values(source)
    assert not any(path.is_symlink() for path in shards(tmp_path / "out"))


def test_where_no_link_at_all_can_be_made_it_is_refused_if_copying_was(source, tmp_path, monkeypatch, no_hard_links):
    monkeypatch.setattr(disk, "_symlink", None)
    with pytest.raises(UnsupportedError, match="neither a hard nor a symbolic link") as caught:
        save_checkpoint(Bundle(source), tmp_path / "out" / "x", links="always")
    assert 'links="never"' in str(caught.value.hint)
    assert not (tmp_path / "out").exists()


def test_a_missing_shard_is_named(source, tmp_path):
    tensors = dict(Bundle(source))
    shards(source)[0].rename(tmp_path / "elsewhere")
    fresh = dict(Bundle(source))
    with pytest.raises(NotFoundError, match="data-00000-of-00002"):
        save_checkpoint(fresh, tmp_path / "out", links="hard")
    # Those who had it open still have it, and it is copied: its name is gone.
    save_checkpoint(tensors, tmp_path / "out", links="hard", force=True)
    assert values(tmp_path / "out")["a"] == vector(5).tobytes()


def test_entries_keep_what_this_version_does_not_know(source, tmp_path):
    tensor = Bundle(source)["a"]
    stored = tensor.stored
    assert stored is not None
    later = stored._replace(unknown=b"\xa2\x06\x03abc")

    class Later(Tensor):
        @property
        def stored(self):
            return later

    save_checkpoint({"a": Later(tensor.dtype, tensor.shape)}, tmp_path / "out", links="hard")
    assert Bundle(tmp_path / "out").entries["a"].unknown == b"\xa2\x06\x03abc"
    save_checkpoint({"b": Bundle(tmp_path / "out")["a"]}, tmp_path / "again", links="hard")
    assert Bundle(tmp_path / "again").entries["b"].unknown == b"\xa2\x06\x03abc"


class TestByteOrder:
    @pytest.fixture
    def big(self, source: Path, tmp_path: Path) -> Path:
        save_checkpoint(Bundle(source), tmp_path / "big", byteorder="big")
        assert Bundle(tmp_path / "big").is_big_endian
        return tmp_path / "big"

    def test_values_are_turned_around_and_read_the_same(self, source, big):
        assert shards(big)[0].read_bytes()[:20] == vector(5).astype(">f4").tobytes()
        assert values(big) == values(source)

    def test_a_big_endian_checkpoint_is_linked_as_it_is(self, big, tmp_path):
        save_checkpoint({f"my/{name}": tensor for name, tensor in Bundle(big).items()}, tmp_path / "out", links="hard")
        assert Bundle(tmp_path / "out").is_big_endian
        assert os.path.samefile(*shards(big), *shards(tmp_path / "out"))
        assert list(values(tmp_path / "out").values()) == list(values(big).values())

    def test_beside_other_values_it_is_turned_around(self, source, big, tmp_path):
        save_checkpoint({"x": Bundle(big)["a"], "y": Bundle(source)["b"]}, tmp_path / "out", links="hard")
        assert not Bundle(tmp_path / "out").is_big_endian
        assert values(tmp_path / "out") == {"x": values(source)["a"], "y": values(source)["b"]}

    def test_and_back(self, source, big, tmp_path):
        save_checkpoint(Bundle(big), tmp_path / "out", links="hard", byteorder="little")
        save_checkpoint(Bundle(source), tmp_path / "wanted")
        assert shards(tmp_path / "out")[0].read_bytes() == shards(tmp_path / "wanted")[0].read_bytes()


def test_checkpoints_are_in_the_order_of_their_first_use(source, tmp_path):
    save_checkpoint({"0": vector(3)}, tmp_path / "zzz")
    save_checkpoint({**Bundle(source), **Bundle(tmp_path / "zzz")}, tmp_path / "out", links="hard")
    assert os.path.samefile(shards(tmp_path / "out")[0], shards(tmp_path / "zzz")[0])


def test_a_shard_that_nothing_is_left_of_goes(source):
    save_checkpoint({"a": Bundle(source)["a"]}, source, links="hard", force=True)
    assert [path.name for path in shards(source)] == ["src.data-00000-of-00001"]


@pytest.mark.parametrize(("links", "is_shared"), [("hard", False), ("always", True)])
def test_a_large_file_is_not_kept_for_a_crumb(tmp_path, links, is_shared):
    save_checkpoint({"step": np.int64(7), "w": vector(1 << 19)}, tmp_path / "src")
    save_checkpoint({"step": Bundle(tmp_path / "src")["step"], "v": vector(3)}, tmp_path / "out", links=links)
    assert any(os.path.samefile(shards(tmp_path / "src")[0], shard) for shard in shards(tmp_path / "out")) == is_shared
    assert values(tmp_path / "out")["step"] == np.int64(7).tobytes()


def test_a_ninth_of_a_large_file_keeps_it(tmp_path):
    save_checkpoint({"v": vector(1 << 15), "w": vector(1 << 18)}, tmp_path / "src")
    save_checkpoint({"v": Bundle(tmp_path / "src")["v"]}, tmp_path / "out", links="hard")
    assert os.path.samefile(*shards(tmp_path / "src"), *shards(tmp_path / "out"))


def test_an_empty_checkpoint_is_no_big_endian_one():
    assert not linked_shards.all_big_endian([])


def test_more_shards_than_stay_open(tmp_path, monkeypatch):
    monkeypatch.setattr("graphsurgeon.formats.bundle_shards._MAX_OPEN_SHARDS", 2)
    tensors = {f"w{number}": np.full(3, number) for number in range(9)}
    save_checkpoint(tensors, tmp_path / "src", shard_nbytes=24)
    before = len(os.listdir("/dev/fd"))
    bundle = Bundle(tmp_path / "src")
    assert len(os.listdir("/dev/fd")) == before + 2
    save_checkpoint({f"my/{name}": tensor for name, tensor in bundle.items()}, tmp_path / "out", links="hard")
    assert len(shards(tmp_path / "out")) == 9
    assert values(tmp_path / "out") == {f"my/{name}": array.tobytes() for name, array in tensors.items()}
