"""What of a model a checkpoint, or a GraphDef, cannot hold."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.model import SavedModelParts
from graphsurgeon.rewrites.serving.limits import limits_of_checkpoint, limits_of_graph_def, may_need_saver
from graphsurgeon.rewrites.serving.servable import note_of_new_saver, restorable
from proto_utils import schema
from tests.notation import model
from tests.rewrites.serving.test_servable import NET, meta_of, two, with_old_saver, with_variable


@pytest.mark.parametrize("op", ["Restore", "RestoreSlice"])
def test_a_saver_that_reads_v1_only_is_named(op: str):
    made = with_old_saver(op)
    assert may_need_saver(made)
    assert note_of_new_saver(made) == ["'all' reads V1 checkpoints only, so there is a new saver"]
    assert note_of_new_saver(restorable(made)) == []


def test_other_savers_are_not():
    for made in (with_variable(), with_old_saver("Restore")):
        meta_of(made).saver_def.restore_op_name = ""
        assert not may_need_saver(made)
        assert note_of_new_saver(made) == []


def test_assets_and_objects_are_named():
    assert limits_of_checkpoint(model(NET)) == []
    made = two()
    made.saved_model = SavedModelParts((), 0, files={"assets/words": "w", "assets/more": "m", "keras_metadata.pb": "k"})
    assets, keys = limits_of_checkpoint(made)
    assert "'assets/words' and 1 more" in assets
    assert "object-based" in keys


def test_signatures_are_named():
    made = two()
    made.meta = schema.MetaGraphDef()
    made.meta.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name = "init"
    assert limits_of_graph_def(made) == []
    made.meta.signature_def["other"].outputs["out"].name = "y:0"
    assert limits_of_graph_def(made) == ["a GraphDef has no signatures: dropped other"]
