"""A checkpoint is edited and saved, with its graph as long as that fits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graphsurgeon.formats.load import load, load_checkpoint
from graphsurgeon.formats.save import save
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.unfreeze import unfreeze
from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint, EditedConstants, existing, open_edited, tensors_at
from proto_utils.errors import NotFoundError, OutputExistsError, UnsupportedError
from tests.models import frozen


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A model with one variable, `w`."""
    model = Model.from_graph_def(frozen())
    unfreeze(model)
    save(model, tmp_path / "src" / "m.ckpt")
    return str(tmp_path / "src" / "m.ckpt")


def saved(checkpoint: EditedCheckpoint, prefix: Path, **options: object) -> list[str]:
    model, _ = checkpoint.fitting_graph()
    return [Path(path).name for path in checkpoint.save(str(prefix), model=model, **options)]  # type: ignore[arg-type]


def test_a_graph_that_fits_goes_along(source, tmp_path):
    checkpoint = EditedCheckpoint(source)
    checkpoint.tensors["w"] = checkpoint.tensors["w"].numpy() * 2
    checkpoint.tensors["more"] = 1
    assert checkpoint.fitting_graph()[1] is None
    assert saved(checkpoint, tmp_path / "x") == ["x.data-00000-of-00001", "x.index", "x.meta", "checkpoint"]
    assert load(tmp_path / "x").variables["w"].numpy().tolist() == [2, 4, 6]
    assert len(load(tmp_path / "x").graph) == len(load(source).graph)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "'w' is not in the checkpoint"),
        (np.array([1, 2, 3], np.float16), "is restored as float32, 'w' in the checkpoint is float16"),
        (np.array([[1, 2, 3]], np.float32), "[1, 3]"),
    ],
    ids=["gone", "dtype", "shape"],
)
def test_a_graph_that_does_not_fit_stays_behind(source, tmp_path, value, why):
    checkpoint = EditedCheckpoint(source)
    del checkpoint.tensors["w"]
    checkpoint.tensors["other"] = 1
    if value is not None:
        checkpoint.tensors["w"] = value
    model, note = checkpoint.fitting_graph()
    assert model is None
    assert note is not None
    assert why in note
    assert saved(checkpoint, tmp_path / "x") == ["x.data-00000-of-00001", "x.index", "checkpoint"]


def test_the_meta_may_be_the_source(source, tmp_path):
    assert "x.meta" in saved(EditedCheckpoint(f"{source}.meta"), tmp_path / "x")


def test_a_graph_without_a_checkpoint_is_none(tmp_path):
    (tmp_path / "frozen.pb").write_bytes(frozen().SerializeToString())
    with pytest.raises(Exception, match="without a checkpoint"):
        EditedCheckpoint(tmp_path / "frozen.pb")
    with pytest.raises(NotFoundError):
        EditedCheckpoint(tmp_path / "nothing")


def test_what_is_shared_is_told(source, tmp_path):
    linked = EditedCheckpoint(source).save(str(tmp_path / "x"))
    assert linked.linked == [f"{tmp_path}/x.data-00000-of-00001"]
    assert EditedCheckpoint(source).save(str(tmp_path / "y"), links="never").linked == []


def test_existing_output(source, tmp_path):
    assert existing(str(tmp_path / "x")) == []
    assert existing(source) == [f"{source}.data-00000-of-00001", f"{source}.index", f"{source}.meta"]
    with pytest.raises(OutputExistsError):
        EditedCheckpoint(source).save(source)


def test_in_place(source):
    checkpoint = EditedCheckpoint(source)
    checkpoint.tensors["u"] = checkpoint.tensors.pop("w")
    saved = checkpoint.save(source, force=True)
    assert list(load_checkpoint(source)) == ["u"]
    assert (saved.linked, saved.kept) == ([], [f"{source}.data-00000-of-00001"])


def test_constants_of_a_frozen_graph(tmp_path):
    path = tmp_path / "f.pb"
    path.write_bytes(frozen().SerializeToString())
    constants = open_edited(path)
    assert isinstance(constants, EditedConstants)
    assert list(tensors_at(path)) == list(constants.tensors)
    name = next(iter(constants.tensors))
    constants.tensors[name] = constants.tensors[name].numpy() * 2
    made = constants.edited_graph("scale")
    assert made.graph[name].tensor.numpy().tolist() == (tensors_at(path)[name].numpy() * 2).tolist()


def test_a_graph_with_variables_alone_has_no_values(source, tmp_path):
    assert isinstance(open_edited(source), EditedCheckpoint)
    assert list(tensors_at(source)) == ["w"]
    (tmp_path / "alone.meta").write_bytes(Path(f"{source}.meta").read_bytes())
    with pytest.raises(UnsupportedError, match="no checkpoint beside it"):
        open_edited(tmp_path / "alone.meta")
