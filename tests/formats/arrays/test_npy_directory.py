"""Directories of `.npy`: numpy reads them, every file system can hold them, nothing else is replaced."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.formats.arrays import npy_directory
from graphsurgeon.formats.arrays.transfer import export_tensors
from graphsurgeon.tensors.values import as_tensor
from proto_utils.errors import CorruptionError, LimitError, OutputExistsError, UnsupportedError
from proto_utils.files import FileSource
from tests.formats.arrays.samples import ODD_NAMES, all_values, every_dtype, names


def written(path: Path, tensors, *, overwrite: bool = False) -> Path:
    assert npy_directory.write(npy_directory.plan(tensors), str(path), overwrite=overwrite) == [str(path)]
    return path


def paths(*tensor_names: str) -> list[str]:
    return [member.path for member in npy_directory.plan({name: as_tensor(1) for name in tensor_names})]


def test_every_dtype_comes_back(tmp_path):
    tensors = every_dtype()
    assert all_values(npy_directory.read(str(written(tmp_path / "d", tensors)))) == all_values(tensors)


def test_numpy_reads_what_we_write(tmp_path):
    directory = written(tmp_path / "d", {"conv/w": as_tensor([1.5]), "conv/w/Adam": as_tensor([2])})
    assert np.load(directory / "conv" / "w.npy").tolist() == [1.5]
    assert np.load(directory / "conv" / "w" / "Adam.npy").tolist() == [2]


def test_odd_names(tmp_path):
    tensors = {name: as_tensor(np.float32(n)) for n, name in enumerate(ODD_NAMES)}
    directory = written(tmp_path / "d", tensors)
    assert all_values(npy_directory.read(str(directory))) == all_values(tensors)
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("vgg_16/conv1/weights", "vgg_16/conv1/weights.npy"),
        ("dense/kernel:0", "dense/kernel%3A0.npy"),
        ("../x", "%2E%2E/x.npy"),
        ("con/aux.x", "%63on/%61ux.x.npy"),
        ("a.npy/b", "a%2Enpy/b.npy"),
        (".hidden", "%2Ehidden.npy"),
        ("x.", "x%2E.npy"),
        ("日", "%E6%97%A5.npy"),
    ],
)
def test_paths(name, path):
    assert paths(name) == [path]


def test_names_that_differ_in_capitals_only():
    assert paths("w", "W", "Ab/x") == ["w.npy", "%57.npy", "Ab/x.npy"]
    assert paths("Ab/x", "aB/y", "Ac/z") == ["%41b/x.npy", "a%42/y.npy", "Ac/z.npy"]


@given(st.lists(names() | st.text("aAbB/.%", min_size=1), min_size=2, max_size=6, unique=True))
def test_no_two_files_are_one_where_case_does_not_matter(tensor_names):
    found = [path.removesuffix(".npy") for path in paths(*tensor_names)]
    prefixes = {"/".join(path.split("/")[:end]) for path in found for end in range(1, path.count("/") + 1)}
    assert len({path.lower() for path in found}) == len(tensor_names)
    assert len({prefix.lower() for prefix in prefixes}) == len(prefixes)
    assert max(len(part) for path in found for part in path.split("/")) <= 210
    for path, name in zip(found, tensor_names, strict=True):
        assert npy_directory.ESCAPING.decode(path.replace("%/", "")) == name


def test_path_too_long_for_a_file_system():
    with pytest.raises(LimitError, match="path"):
        paths("x" * 4000)


def test_directory_of_arrays_is_replaced_as_a_whole(tmp_path):
    directory = written(tmp_path / "d", {"old/x": as_tensor(1)})
    with pytest.raises(OutputExistsError):
        written(directory, {"new": as_tensor(2)})
    assert list(npy_directory.read(str(directory))) == ["old/x"]
    written(directory, {"new": as_tensor(2)}, overwrite=True)
    assert [path.name for path in directory.rglob("*")] == ["new.npy"]


def test_directory_of_other_things_is_not_replaced(tmp_path):
    directory = written(tmp_path / "d", {"w": as_tensor(1)})
    (directory / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputExistsError) as caught:
        written(directory, {"w": as_tensor(2)}, overwrite=True)
    assert "thesis.tex" in str(caught.value.hint)
    assert (directory / "thesis.tex").read_text() == "years of work"
    assert list(npy_directory.read(str(directory))) == ["w"]


def test_failure_leaves_nothing(tmp_path):
    class Broken(type(as_tensor(1))):  # type: ignore[misc]
        def chunks(self, nbytes=0):
            raise CorruptionError("cannot be read")

    with pytest.raises(CorruptionError):
        written(tmp_path / "new" / "d", {"a": as_tensor(1), "b": Broken(np.zeros(2))})
    assert list(tmp_path.iterdir()) == []


def test_headers_are_read_and_no_file_stays_open(tmp_path, monkeypatch):
    directory = written(tmp_path / "d", {"a": as_tensor(np.zeros(1 << 20)), "b": as_tensor(1)})
    opened = []

    class Spy(FileSource):
        def __init__(self, path):
            super().__init__(path)
            opened.append(self)

        def read(self, start, end):
            assert end - start <= 1 << 13
            return super().read(start, end)

    monkeypatch.setattr(npy_directory, "open_source", Spy)
    found = npy_directory.read(str(directory))
    assert [each._file.closed for each in opened] == [True, True]
    assert found["b"].numpy() == 1


def test_other_files_are_not_looked_at(tmp_path):
    directory = written(tmp_path / "d", {"w": as_tensor(1)})
    (directory / "README").write_text("x")
    assert list(npy_directory.read(str(directory))) == ["w"]


def test_directory_without_arrays(tmp_path):
    with pytest.raises(UnsupportedError, match=r"without \.npy files"):
        npy_directory.read(str(tmp_path)).narrowed()


def test_what_numpy_saves_comes_in(tmp_path):
    np.save(tmp_path / "a.npy", np.asfortranarray(np.arange(6.0).reshape(2, 3)))
    np.save(tmp_path / "50%.npy", np.array(["é"]))
    found = npy_directory.read(str(tmp_path))
    assert {name: tensor.numpy().tolist() for name, tensor in found.items()} == {
        "a": [[0, 1, 2], [3, 4, 5]],
        "50%": ["é".encode()],
    }


def test_directories_of_others_that_end_in_a_percent_sign(tmp_path):
    (tmp_path / "50%").mkdir()
    np.save(tmp_path / "50%" / "a.npy", np.ones(1))
    np.save(tmp_path / "50a.npy", np.zeros(1))
    assert all_values(npy_directory.read(str(tmp_path))) == all_values(
        {"50%/a": as_tensor(np.ones(1)), "50a": as_tensor(np.zeros(1))}
    )


def test_one_tensor_twice(tmp_path):
    np.save(tmp_path / "50%.npy", np.ones(1))
    np.save(tmp_path / "50%25.npy", np.ones(1))
    with pytest.raises(CorruptionError, match="two files mean"):
        npy_directory.read(str(tmp_path)).narrowed()


def test_pickles_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(UnsupportedError, match="pickled"):
        npy_directory.read(str(tmp_path)).narrowed()


def test_cut_at_every_length(tmp_path):
    path = written(tmp_path / "d", {"a": as_tensor([1.0, 2.0])}) / "a.npy"
    whole = path.read_bytes()
    for data in [*(whole[:length] for length in range(len(whole))), whole + b"x"]:
        path.write_bytes(data)
        with pytest.raises((CorruptionError, UnsupportedError)):
            npy_directory.read(str(tmp_path / "d")).narrowed()


def test_file_that_became_shorter_since(tmp_path):
    path = written(tmp_path / "d", {"a": as_tensor([1.0, 2.0])}) / "a.npy"
    found = npy_directory.read(str(tmp_path / "d"))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CorruptionError):
        found["a"].numpy()


def test_a_name_of_very_many_components_is_refused_soon(tmp_path: Path):
    """To copy what is before each of its slashes would take an hour."""
    with pytest.raises(LimitError, match="the path"):
        export_tensors({"n/" * (1 << 20) + "w": as_tensor([1.0])}, f"{tmp_path}/d/")
