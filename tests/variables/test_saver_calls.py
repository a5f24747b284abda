"""The ops that save and restore, and the lists they are given."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.formats.load import load
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.variables.saver_calls import SaverCall, saver_calls
from tests.models import shared

KERAS = "tensorflow+tfx/tfx/components/testdata/trainer/keras/Format-Serving"
SHARDED = "uve+tensorflow/tensorflow/contrib/session_bundle/testdata/half_plus_two_ckpt_v2/00000123/export.meta"


@pytest.fixture
def trained(fixtures: Path) -> Model:
    return gs.load(fixtures / "lstm_loop.ckpt")


def calls(model: Model) -> list[SaverCall]:
    return saver_calls(model, Index(model.graph))


def test_calls(trained: Model):
    save, restore = calls(trained)
    assert (save.node.name, save.is_restore, save.is_main) == ("save/SaveV2", False, True)
    assert (restore.node.name, restore.is_restore, restore.is_main) == ("save/RestoreV2", True, True)
    assert save.keys == restore.keys == sorted(trained.variables)


def test_calls_in_functions():
    model = load(shared(KERAS))
    restore = next(call for call in calls(model) if call.is_restore)
    assert restore.is_main
    assert restore.function is not None
    assert set(restore.arguments.values()) > {node.name for node in model.graph if node.op == "VarHandleOp"} - {""}


def test_savers_in_pieces():
    assert sum(call.is_restore for call in calls(load(shared(SHARDED)))) == 2
