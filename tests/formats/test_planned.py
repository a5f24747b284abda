"""What a dry run lists is what saving writes, file for file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graphsurgeon.formats.load import load, load_checkpoint
from graphsurgeon.formats.planned import planned_checkpoint, planned_outputs
from graphsurgeon.formats.save import save, save_checkpoint
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import CorruptionError
from tests.models import floats, meta_graph


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    path = tmp_path / "a" / "m"
    save_checkpoint({"w": floats(5, 6), "dense/kernel": floats(7), "big": floats(*range(99))}, path, shard_nbytes=200)
    path.with_name("m.meta").write_bytes(meta_graph().SerializeToString())
    return path


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"shard_nbytes": 8},
        {"links": "hard"},
        {"links": "always", "update_state": False},
        {"links": "hard", "byteorder": "big"},
    ],
    ids=str,
)
@pytest.mark.parametrize("where", ["a/new", "b/c/new", "a/m"])
def test_a_checkpoint(prefix: Path, tmp_path: Path, how: dict[str, Any], where: str):
    tensors: dict[str, Tensor] = {**load_checkpoint(prefix), "more": floats(1, 2, 3)}
    path = str(tmp_path / where)
    before = sorted(tmp_path.rglob("*"))
    planned = planned_checkpoint(tensors, path, **how)
    assert sorted(tmp_path.rglob("*")) == before
    assert planned == list(save_checkpoint(tensors, path, **how, force=True))


@pytest.mark.parametrize(
    ("to", "name"),
    [("checkpoint", "x"), ("saved_model", "x/"), ("meta_graph", "x.pb"), ("graph_def_text", "x.pbtxt")],
)
def test_a_model(prefix: Path, tmp_path: Path, to: Any, name: str):
    model = load(prefix)
    planned = planned_outputs(model, f"{tmp_path}/{name}", to)
    written = save(model, f"{tmp_path}/{name}", to=to, drop_values=True)
    assert [Path(path) for path in planned] == [Path(path) for path in written]


def test_what_cannot_be_written_is_refused(prefix: Path, tmp_path: Path):
    data = sorted(prefix.parent.glob("m.data-*"))[0]
    data.write_bytes(data.read_bytes()[:4])
    with pytest.raises(CorruptionError, match="truncated"):
        planned_checkpoint(load_checkpoint(prefix), str(tmp_path / "new"))
