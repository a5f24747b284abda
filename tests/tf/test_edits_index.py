"""Edits that only touch the index: TensorFlow reads and restores every value, and the source keeps its bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphsurgeon.edits.merge import merge
from graphsurgeon.edits.select import select
from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.formats.saved import Saved
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.sliced import SlicedTensor
from graphsurgeon.tensors.values import TensorDict
from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint
from proto_utils import disk
from tests.formats import v1_files
from tests.tf.bundle_specs import STORABLE, STORABLE_V1, Spec, by_name, digest_of, digests, spec
from tests.tf.editing import SLICED, contents, edited, everything, files, read, scoped, written
from tests.tf.judge import TensorFlow


@pytest.fixture
def source(tf: TensorFlow, tmp_path: Path) -> Path:
    return written(tf, tmp_path / "src" / "m")


def listing(prefix: Path) -> dict[str, Any]:
    return {name: [t.dtype.number, list(t.shape)] for name, t in load_checkpoint(prefix).items()}


def _selected(tensors: TensorDict) -> dict[str, str]:
    select(tensors, keep=("part/.*", "(b?float16|float32|q.*|string|complex.*)/.*"), drop=(".*_0", "part/b.*"))
    return {name: name for name in tensors}


def _swapped(tensors: TensorDict) -> dict[str, str]:
    names = list(tensors)
    values = dict(zip(reversed(names), list(tensors.values()), strict=True))
    tensors.update(values)
    return dict(zip(reversed(names), names, strict=True))


def _doubled(tensors: TensorDict) -> dict[str, str]:
    tensors.update({f"twin/{name}": tensor for name, tensor in list(tensors.items())})
    return {name: name.removeprefix("twin/") for name in tensors}


def _reshaped(tensors: TensorDict) -> dict[str, str]:
    for name, tensor in list(tensors.items()):
        if tensor.parts is None:
            tensors[name] = ReshapedTensor(tensor, [3, 8] if tensor.shape == (4, 6) else [1, tensor.size])
    return {name: name for name in tensors}


EDITS = {"selected": _selected, "scoped": scoped, "swapped": _swapped, "doubled": _doubled, "reshaped": _reshaped}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_values_of_an_edit(tf, reader, source, tmp_path, edit):
    before, values = files(tmp_path / "src"), read(tf, source)
    origins, saved = edited(source, edit, tmp_path / "out" / "x")
    assert [Path(path).name for path in saved.linked] == [f"x.data-0000{n}-of-00003" for n in range(3)]
    assert contents(tmp_path / "out") == contents(tmp_path / "src")
    assert read(reader, tmp_path / "out" / "x") == {new: values[old] for new, old in origins.items()}
    assert reader.call("bundles:listing", prefix=str(tmp_path / "out" / "x")) == listing(tmp_path / "out" / "x")
    assert files(tmp_path / "src") == before


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_in_place(tf, source, tmp_path, edit):
    before, values = files(tmp_path / "src"), read(tf, source)
    origins, _ = edited(source, edit, source, force=True)
    after = files(tmp_path / "src")
    assert {**before, "m.index": after["m.index"]} == after
    assert after["m.index"] != before["m.index"]
    assert read(tf, source) == {new: values[old] for new, old in origins.items()}


def test_dtypes_of_later_tensorflows(tf2, tmp_path):
    specs = by_name([spec(f"{t.name}/{len(shape)}", t, shape, t.number) for t in STORABLE for shape in ([], [4, 6])])
    tf2.call("bundles:save", prefix=str(tmp_path / "src"), specs=specs)
    for name, edit in list(EDITS.items())[1:]:
        origins, saved = edited(tmp_path / "src", edit, tmp_path / name)
        assert len(saved.linked) == 1
        wanted = digests(specs)
        assert read(tf2, tmp_path / name) == {new: wanted[old] for new, old in origins.items()}


@pytest.mark.parametrize("destination", ["x", "src"], ids=["elsewhere", "in place"])
def test_a_v1_checkpoint_is_copied(tf, reader, tmp_path, destination):
    """In place the V1 file stays, and neither TensorFlow nor we read it any more."""
    stored = {dtype.name for dtype in v1_files.STORED}
    specs = [of for of in everything() if of["dtype"] in stored]
    tf.call("v1_checkpoints:save", path=str(tmp_path / "src"), specs=specs)
    before = (tmp_path / "src").read_bytes()
    origins, saved = edited(tmp_path / "src", scoped, tmp_path / destination)
    assert saved.linked == []
    wanted = {new: digests(specs)[old] for new, old in origins.items()}
    assert read(reader, tmp_path / destination) == wanted
    assert {name: digest_of(value) for name, value in load_checkpoint(tmp_path / destination).items()} == wanted
    assert (tmp_path / "src").read_bytes() == before


def test_slices_of_a_partitioned_tensor_that_was_renamed(tf, reader, source, tmp_path):
    wanted = {f"part/{dtype.name}": "4 6 1,2:3,3" for dtype in SLICED}
    values = tf.call("bundles:read", prefix=str(source), slices=wanted)
    edited(source, scoped, tmp_path / "out" / "x")
    renamed = {f"my/own/{name}": text for name, text in wanted.items()}
    found = reader.call("bundles:read", prefix=str(tmp_path / "out" / "x"), slices=renamed)
    assert found == {f"my/own/{name}": value for name, value in values.items()}


def test_rows(tf, reader, source, tmp_path):
    before = files(tmp_path / "src")
    checkpoint = EditedCheckpoint(source)
    matrices = {name: tensor for name, tensor in checkpoint.tensors.items() if tensor.shape == (4, 6)}
    checkpoint.tensors.clear()
    for name, tensor in matrices.items():
        checkpoint.tensors[name] = SlicedTensor(tensor, [range(1, 3), range(6)])
    assert len(checkpoint.tensors) == len(STORABLE_V1) + len(SLICED)
    checkpoint.save(str(tmp_path / "out" / "x"))
    whole = {name: digest_of(SlicedTensor(tensor, [range(1, 3), range(6)])) for name, tensor in matrices.items()}
    assert read(reader, tmp_path / "out" / "x") == whole
    assert {tuple(shape) for _, shape in listing(tmp_path / "out" / "x").values()} == {(2, 6)}
    # And they are what TensorFlow calls rows of the source, where it has slices.
    rows = {f"{t.name}/of_4_6": "4 6 1,2:-" for t in SLICED} | {f"part/{t.name}": "4 6 1,2:-" for t in SLICED}
    sliced = tf.call("bundles:read", prefix=str(source), slices=rows)
    assert {name: sliced[name] for name in rows} == {name: whole[name] for name in rows}
    assert files(tmp_path / "src") == before


LAYOUTS: dict[str, dict[str, Any]] = {
    "compacted": {"links": "never"},
    "in many data files": {"links": "never", "shard_nbytes": 200},
    "big-endian": {"links": "never", "byteorder": "big"},
    "big-endian in many data files": {"links": "hard", "byteorder": "big", "shard_nbytes": 300},
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_layouts(tf, reader, source, tmp_path, layout):
    before, values = files(tmp_path / "src"), read(tf, source)
    save_checkpoint(Bundle(source), tmp_path / "out" / "x", **layout)
    save_checkpoint(Bundle(source), tmp_path / "plain" / "x")
    assert read(reader, tmp_path / "out" / "x") == values
    # An edit of that again only touches the index.
    origins, saved = edited(tmp_path / "out" / "x", scoped, tmp_path / "again" / "x")
    assert len(saved.linked) == Bundle(tmp_path / "out" / "x").num_shards
    assert read(reader, tmp_path / "again" / "x") == {new: values[old] for new, old in origins.items()}
    # And back.
    save_checkpoint(Bundle(tmp_path / "out" / "x"), tmp_path / "back" / "x", byteorder="little")
    assert contents(tmp_path / "back") == contents(tmp_path / "plain")
    assert files(tmp_path / "back")["x.index"][1] == files(tmp_path / "plain")["x.index"][1]
    assert files(tmp_path / "src") == before


class TestMerge:
    @pytest.fixture
    def second(self, tf: TensorFlow, tmp_path: Path) -> Path:
        """Other values under the same names."""
        return written(tf, tmp_path / "second" / "m", seed=7)

    def merged(self, sources: list[Path], destination: Path, force: bool = False, **options: Any) -> Saved:
        checkpoint = EditedCheckpoint(sources[0])
        merge(checkpoint.tensors, [load_checkpoint(other) for other in sources[1:]], **options)
        return checkpoint.save(str(destination), force=force)

    def test_under_scopes(self, tf, reader, source, second, tmp_path):
        before = files(tmp_path / "src"), files(tmp_path / "second")
        tf.call("bundles:save", prefix=str(tmp_path / "third" / "m"), specs=everything(9))
        values = {"": read(tf, source), "b/": read(tf, second), "c/": digests(everything(9))}
        sources = [source, second, tmp_path / "third" / "m"]
        saved = self.merged(sources, tmp_path / "out" / "x", prefix=("b=b", "c=c"))
        assert len(saved.linked) == 7
        wanted = {scope + name: value for scope, of in values.items() for name, value in of.items()}
        assert read(reader, tmp_path / "out" / "x") == wanted
        assert (files(tmp_path / "src"), files(tmp_path / "second")) == before

    def test_one_is_preferred(self, tf, source, second, tmp_path):
        self.merged([source, second], tmp_path / "out" / "x", prefer="b")
        assert read(tf, tmp_path / "out" / "x") == read(tf, second)

    def test_what_is_identical_is_no_conflict(self, tf, source, tmp_path):
        save_checkpoint({**Bundle(source), "more": np.arange(3)}, tmp_path / "copy")
        self.merged([source, tmp_path / "copy"], tmp_path / "out" / "x")
        assert read(tf, tmp_path / "out" / "x") == read(tf, tmp_path / "copy")

    @pytest.mark.parametrize("which", [0, 1])
    def test_into_one_of_them(self, tf, source, second, tmp_path, which):
        values = read(tf, source), read(tf, second)
        other = [tmp_path / "second", tmp_path / "src"][which]
        before = files(other)
        self.merged([source, second], [source, second][which], force=True, prefix=("b=b",))
        wanted = {**values[0], **{f"b/{name}": value for name, value in values[1].items()}}
        assert read(tf, [source, second][which]) == wanted
        assert files(other) == before


class TestAfterwards:
    """What is done to the result never reaches the source, and the other way round."""

    def test_tensorflow_saves_over_the_result(self, tf, reader, source, tmp_path):
        before = files(tmp_path / "src")
        edited(source, _doubled, tmp_path / "out" / "x")
        specs = [spec("w", dtypes.FLOAT, [5], 3), spec("v", dtypes.INT64, [2, 3], 4)]
        assert reader.call("index_edits:save_over", prefix=str(tmp_path / "out" / "x"), specs=specs) == digests(specs)
        assert files(tmp_path / "src") == before

    def test_tensorflow_saves_over_the_source(self, tf, source, tmp_path):
        values = read(tf, source)
        origins, _ = edited(source, scoped, tmp_path / "out" / "x")
        before = files(tmp_path / "out")
        tf.call("index_edits:save_over", prefix=str(source), specs=[spec("w", dtypes.FLOAT, [5], 3)])
        assert files(tmp_path / "out") == before
        assert read(tf, tmp_path / "out" / "x") == {new: values[old] for new, old in origins.items()}

    def test_links_that_are_symbolic(self, tf, reader, source, tmp_path, monkeypatch):
        before, values = files(tmp_path / "src"), read(tf, source)
        monkeypatch.setattr(disk, "_link", None)
        origins, saved = edited(source, scoped, tmp_path / "out" / "x", links="always")
        assert [Path(path).is_symlink() for path in saved] == [True, True, True, False, False]
        assert read(reader, tmp_path / "out" / "x") == {new: values[old] for new, old in origins.items()}
        tf.call("index_edits:save_over", prefix=str(tmp_path / "out" / "x"), specs=[spec("w", dtypes.FLOAT, [5], 3)])
        assert files(tmp_path / "src") == before

    @pytest.mark.parametrize("layout", [*LAYOUTS.values(), {"links": "hard"}], ids=[*LAYOUTS, "linked"])
    def test_later_edits_of_the_result(self, tf, source, tmp_path, layout):
        before, values = files(tmp_path / "src"), read(tf, source)
        out = tmp_path / "out" / "x"
        edited(source, scoped, out)
        _, saved = edited(out, lambda tensors: tensors.update({"my/own/new": np.arange(7)}), out, force=True)
        assert len(saved) == 6
        save_checkpoint(Bundle(out), out, force=True, **layout)
        wanted = {f"my/own/{name}": value for name, value in values.items()}
        assert {**wanted, "my/own/new": digest_of(Bundle(out)["my/own/new"])} == read(tf, out)
        assert files(tmp_path / "src") == before
        assert [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith(".")] == []

    def test_the_result_stays_when_the_source_goes(self, tf, source, tmp_path):
        values = read(tf, source)
        edited(source, scoped, tmp_path / "out" / "x")
        for path in (tmp_path / "src").iterdir():
            if path.is_file():
                path.unlink()
        assert read(tf, tmp_path / "out" / "x") == {f"my/own/{name}": value for name, value in values.items()}


def variables(**more: Any) -> list[Spec]:
    """Variables of many dtypes and kinds on two devices, three of them partitioned."""
    kinds = [dtypes.FLOAT, dtypes.HALF, dtypes.BFLOAT16, dtypes.COMPLEX64, dtypes.INT64, dtypes.BOOL, dtypes.STRING]
    kinds += [dtypes.QINT8, dtypes.QUINT8, dtypes.QINT32]
    specs = [
        {**spec(f"v{number}", dtype, [3, 2], number), "device": number % 2, "resource": number % 3 == 0}
        for number, dtype in enumerate(kinds)
    ]
    whole = [("rows", dtypes.FLOAT, [7, 3]), ("columns", dtypes.DOUBLE, [2, 9]), ("planes", dtypes.INT32, [3, 4, 5])]
    for axis, (name, dtype, shape) in enumerate(whole):
        specs.append({**spec(f"layer/{name}", dtype, shape, axis), "axis": axis, "parts": 2, **more})
    return specs


@pytest.mark.parametrize(
    "more",
    [{}, {"axis": None}, {"axis": 1, "parts": 3}, {"resource": True}],
    ids=["as they were", "whole", "otherwise", "as resources"],
)
def test_a_saver_restores_what_was_edited(tf, reader, tmp_path, more):
    """Partitioned variables from their slices, whole ones from slices, and slices from whole ones and other slices."""
    (tmp_path / "src").mkdir()
    tf.call("index_edits:save_sharded", prefix=str(tmp_path / "src" / "m"), specs=variables())
    assert Bundle(tmp_path / "src" / "m").num_shards == 2
    edited(tmp_path / "src" / "m", scoped, tmp_path / "out" / "x")
    wanted = [{**of, "name": f"my/own/{of['name']}"} for of in variables(**more)]
    assert reader.call("index_edits:restore", prefix=str(tmp_path / "out" / "x"), specs=wanted) == digests(wanted)


def test_a_saver_partitions_what_was_whole(tf, tmp_path):
    (tmp_path / "src").mkdir()
    tf.call("index_edits:save_sharded", prefix=str(tmp_path / "src" / "m"), specs=variables(axis=None))
    edited(tmp_path / "src" / "m", scoped, tmp_path / "out" / "x")
    wanted = [{**of, "name": f"my/own/{of['name']}"} for of in variables()]
    assert tf.call("index_edits:restore", prefix=str(tmp_path / "out" / "x"), specs=wanted) == digests(wanted)


@pytest.mark.parametrize("destination", ["src/m", "out/x"], ids=["in place", "elsewhere"])
@pytest.mark.parametrize("options", [{}, {"links": "never"}, {"byteorder": "big"}], ids=["linked", "copied", "big"])
def test_the_graph_goes_along(tf, tmp_path, destination, options):
    """Its own saver restores what was edited: all that it wants is still there."""
    specs = [of for of in variables() if of["dtype"] != "string"]
    (tmp_path / "src").mkdir()
    prefix = tmp_path / destination
    tf.call("index_edits:save_sharded", prefix=str(tmp_path / "src" / "m"), specs=specs, write_meta_graph=True)
    wanted = tf.call("v1_checkpoints:restored", prefix=str(tmp_path / "src" / "m"))
    assert len(wanted) > len(specs)
    checkpoint = EditedCheckpoint(tmp_path / "src" / "m")
    _doubled(checkpoint.tensors)
    model, note = checkpoint.fitting_graph()
    assert note is None
    checkpoint.save(str(prefix), model=model, force=True, **options)
    assert tf.call("v1_checkpoints:restored", prefix=str(prefix)) == wanted
    # Without a tensor that it wants the graph stays behind.
    checkpoint = EditedCheckpoint(prefix)
    select(checkpoint.tensors, drop=("layer/.*",))
    assert checkpoint.fitting_graph()[0] is None
