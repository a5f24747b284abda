"""Repositories of a hub: read in the ranges that are needed, and not written to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from proto_utils.errors import ChangedError
from proto_utils.remote.source import RemoteSource
from tests.hub_server import REPOSITORY, HubServer, hub_server

URL = f"hf://{REPOSITORY}"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    with hub_server(tmp_path) as server:
        yield server


def test_one_variable_costs_its_bytes(hub: HubServer):
    values = {f"layer_{number}": np.full(1 << 18, number, np.float32) for number in range(20)}
    gs.save_checkpoint(values, hub.folder / "run" / "m.ckpt")
    with gs.load_checkpoint(f"{URL}/run/m.ckpt") as checkpoint:
        np.testing.assert_array_equal(checkpoint["layer_7"].numpy(), values["layer_7"])
    assert hub.sent < 1_500_000
    with gs.load_checkpoint(f"{URL}/run") as checkpoint:
        assert len(checkpoint) == 20


def test_a_model(hub: HubServer, fixtures: Path, tmp_path: Path):
    data = (fixtures / "mobile_cnn.pb").read_bytes()
    (hub.folder / "frozen.pb").write_bytes(data)
    gs.save(gs.load(f"{URL}/frozen.pb"), tmp_path / "back.pb", to="graph_def")
    assert (tmp_path / "back.pb").read_bytes() == data


def test_a_file_that_changes_is_noticed(hub: HubServer):
    size = 20 << 20
    (hub.folder / "x").write_bytes(bytes(size))
    source = RemoteSource(f"{URL}/x")
    assert source.read(5, 10) == bytes(5)
    (hub.folder / "x").write_bytes(bytes(size - 1) + b"1")
    with pytest.raises(ChangedError):
        source.read(size - 9, size)


def test_what_is_not_there(hub: HubServer):
    (hub.folder / "a").mkdir()
    for place in (f"{URL}/a/none.pb", f"{URL}/none/x.pb", "hf://people/others/x.pb"):
        with pytest.raises(gs.GraphSurgeonError, match=r"no file"):
            gs.load(place)


def test_writing_is_refused(hub: HubServer):
    with pytest.raises(gs.UnsupportedError, match="hf upload"):
        gs.save_checkpoint({"x": np.ones(3)}, f"{URL}/m.ckpt")
    assert [*hub.folder.iterdir()] == []
