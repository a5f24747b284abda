"""What a recipe makes runs in TensorFlow, which takes its record along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import graphsurgeon as gs
from graphsurgeon.tools.recipe.record import read_records
from tests.tf.judge import TensorFlow

RECIPE: list[Any] = [{"set_inputs": {"set": {"is_training": "${training}"}}}, {"prune": {"outputs": "output"}}]


def test_a_run_and_its_record(tf: TensorFlow, tmp_path: Path):
    before, after, again = (str(tmp_path / f"{name}.ckpt") for name in ("before", "after", "again"))
    frozen = tmp_path / "frozen.pb"
    tf.call("setting_inputs:make", net="batch_norm", prefix=before, resource=False, v2=False)
    model = gs.load(before + ".meta")
    gs.run(model, RECIPE, set={"training": False}, record=True)
    gs.save(model, after)
    wanted = tf.call("setting_inputs:run", prefix=before, feeds={"is_training": False})
    assert tf.call("setting_inputs:run", prefix=after, feeds={}) == wanted
    tf.call("setting_inputs:again", prefix=after, other=again)
    (record,) = read_records(gs.load(again + ".meta"))
    assert [source["name"] for source in record["sources"]] == ["before.ckpt.meta", "before.ckpt.index"]
    model = gs.load(again + ".meta")
    gs.run(model, [{"freeze": {"outputs": "output"}}])
    model = gs.Model.from_graph_def(model.to_graph_def())
    gs.run(model, ["fix"], record=True)
    gs.save(model, frozen)
    assert [each["steps"] for each in read_records(gs.load(frozen))] == [["fix"]]
    judged = tf.call("judging:accepts", path=str(frozen))
    assert (judged["outputs"], judged["errors"]) == (["output:0"], {})
