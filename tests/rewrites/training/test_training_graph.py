"""A graph that is put into training mode: its guard, its updates, what is listed."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.rewrites.training.training_graph import TrainingGraph
from graphsurgeon.rewrites.training.training_options import TrainingOptions
from proto_utils.errors import NotFoundError
from tests.passes.harness import listed, model
from tests.rewrites.training.norms import FUSED, WRITTEN_OUT, with_variables


def made(text: str, *, is_guarded: bool = True, **options: Any) -> TrainingGraph:
    given: dict[str, Any] = {"momentum": (), "dropout": (), "seed": None, "select": (), "exclude": (), **options}
    graph = TrainingGraph(with_variables(text), TrainingOptions.parse(**given, operation="x"), is_guarded=is_guarded)
    graph.train()
    return graph


def test_updates_are_grouped_and_listed():
    of = with_variables(FUSED, "var")
    graph = TrainingGraph(of, TrainingOptions.parse((), (), None, (), (), operation="x"), is_guarded=True)
    graph.train()
    assert graph.finish() == []
    assert of.meta is not None
    updates = [*of.meta.collection_def["update_ops"].node_list.value]
    assert updates == ["bn/AssignMovingAvg", "bn/AssignMovingAvg_1"]
    assert of.graph["update_op"].inputs == ("^bn/AssignMovingAvg", "^bn/AssignMovingAvg_1")
    assert of.graph["training"].op == "PlaceholderWithDefault"
    assert listed(of, "trainable_variables") == ["bn/gamma", "bn/beta"]


def test_a_flag_of_that_name_guards():
    assert (
        made("training = Placeholder {dtype: bool, shape: shape[]}\nz = Identity(training)\n" + FUSED).training
        == "training"
    )
    assert made("training = Placeholder {dtype: f32, shape: shape[]}\n" + FUSED).training == "training_1"
    assert made(FUSED, is_guarded=False).training == ""


@pytest.mark.parametrize("options", [{"select": "other"}, {"exclude": "other"}, {"momentum": "other=0.5"}])
def test_a_pattern_that_means_none(options: dict[str, Any]):
    with pytest.raises(NotFoundError, match="no batch norm"):
        made(FUSED, **options)


def test_which_are_trained():
    assert made(FUSED, exclude="bn/.*").kept == {"bn/norm": "excluded"}
    assert [row.momentum for row in made(FUSED, select="bn", momentum=("bn/mean=0.5", "0.25")).norms] == [0.5]


def test_axes_that_are_not_known():
    graph = made(WRITTEN_OUT.replace("shape[?,4,4,3]", "shape[]").replace("dtype: f32, shape: shape[]", "dtype: f32"))
    assert "how many axes 'x' has is not known" in graph.kept["bn/batchnorm/add_1"]


def test_updates_that_are_there_are_listed():
    graph = made(FUSED + "u = AssignSub(bn/mean, bn/mean/zeros)")
    assert (graph.listed, graph.update_op, graph.norms) == (["u"], "update_op", [])


def test_updates_that_are_listed_are_grouped_once():
    of = with_variables(FUSED + "u = AssignSub(bn/mean, bn/mean/zeros)")
    assert of.meta is not None
    of.meta.collection_def["update_ops"].node_list.value.append("u:0")
    for wanted in ("update_op", ""):
        graph = TrainingGraph(of, TrainingOptions.parse((), (), None, (), (), operation="x"), is_guarded=True)
        graph.train()
        assert (graph.listed, graph.update_op) == ([], wanted)
    assert [*of.meta.collection_def["update_ops"].node_list.value] == ["u:0"]


def test_biases_that_may_hide_batch_norms():
    of = model("""
        x = Placeholder {dtype: f32}
        w = Const {f32 [1,1,3,3]}
        b = Const {f32 [3]}
        c = Conv2D(x, w) {strides: [1,1,1,1], padding: "SAME"}
        y = BiasAdd(c, b)
    """)
    graph = TrainingGraph(of, TrainingOptions.parse((), (), None, (), (), operation="x"), is_guarded=True)
    graph.train()
    assert graph.biases == ["y"]
