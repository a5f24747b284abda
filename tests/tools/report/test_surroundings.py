"""What is around a graph: facts, collections, signatures, the saver."""

from __future__ import annotations

from pathlib import Path

import graphsurgeon as gs
from graphsurgeon.formats.detect import detect
from graphsurgeon.ir.model import Model
from graphsurgeon.tools.checkpoint_summary import summarize_checkpoint
from graphsurgeon.tools.report import surroundings
from tests import notation
from tests.models import meta_graph


def facts_of(model: Model) -> dict[str, str]:
    return {label: text for label, text in surroundings.graph_facts(gs.inspect(model))}  # noqa: C416 -- lists of two


def test_facts_are_those_of_inspect(fixtures: Path):
    facts = facts_of(gs.load(fixtures / "mobile_cnn.pb"))
    assert facts["nodes"] == "101 of 11 ops"
    assert facts["variables"] == "0, 0 B"
    assert facts["inputs"].startswith("input float32 [?, 32, 32, 3] (")
    assert facts["outputs"].startswith("Predictions float32 [?, ")


def test_facts_of_a_checkpoint(fixtures: Path):
    (first, *_) = surroundings.checkpoint_facts(summarize_checkpoint(detect(fixtures / "mobile_cnn.ckpt")))
    assert first[0] == "checkpoint"
    assert first[1].endswith("in 1 shard")
    assert list(surroundings.checkpoint_facts(None)) == []


def test_collections_show_messages_by_their_fields(fixtures: Path):
    found = {row["name"]: row for row in surroundings.collection_rows(gs.load(fixtures / "mobile_cnn.ckpt"))}
    assert found["trainable_variables"]["kind"] == "VariableDef"
    assert '"variable_name": "Logits/weights:0"' in "".join(found["trainable_variables"]["items"])


def test_long_collections_are_counted():
    model = Model.from_meta_graph_def(meta_graph())
    assert model.meta is not None
    model.meta.collection_def["many"].int64_list.value.extend(range(1500))
    (row,) = surroundings.collection_rows(model)
    assert (row["kind"], len(row["items"]), row["items"][-1]) == ("int64_list", 1001, "... 500 more")


def test_signatures():
    found = gs.inspect(Model.from_meta_graph_def(meta_graph()))
    assert list(surroundings.signature_rows(found.signatures)) == [
        {
            "key": "serving_default",
            "method": "",
            "inputs": [["feed", "x:0", "float32 []"]],
            "outputs": [["fetch", "out:0", "float32 []"]],
        }
    ]


def test_saver(fixtures: Path):
    found = surroundings.saver_facts(gs.load(fixtures / "mobile_cnn.ckpt"))
    assert found is not None
    assert (found["filename_tensor"], found["restore_op"], found["version"]) == (
        "save/Const:0",
        "save/restore_all",
        "V2",
    )
    assert surroundings.saver_facts(notation.model("a = NoOp")) is None
