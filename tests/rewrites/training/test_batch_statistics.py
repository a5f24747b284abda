"""Batch norms take the statistics of the batch: in place, guarded, written out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from graphsurgeon.meta_graph.contexts import contexts
from graphsurgeon.rewrites.training.batch_statistics import NormTrainer, axes_of
from graphsurgeon.rewrites.training.inference_norms import NormFinder, UntrainableError
from graphsurgeon.rewrites.training.moving_averages import MovingAverages
from proto_utils import schema
from tests.passes.harness import model, shown
from tests.rewrites.training.norms import FUSED, UNDER_A_PREDICATE, WRITTEN_OUT

FLAG = "t = Placeholder {dtype: bool, shape: shape[]}\n"


def trained(
    text: str, training: str = "", axes: Sequence[int] = (0, 1, 2)
) -> tuple[dict[str, str], schema.MetaGraphDef]:
    """What nodes are and read after a norm was put into training mode, but for the updates; and the contexts."""
    of, meta = model(text), schema.MetaGraphDef()
    (norm,) = NormFinder(of, of.graph.index).found
    NormTrainer(of.graph, MovingAverages(of.graph), meta, training).train(norm, 0.9, axes)
    lines = [line.partition(" = ") for line in shown(of)]
    return {name: what for name, _, what in lines if "/AssignMovingAvg" not in name}, meta


def test_a_fused_norm_in_place():
    found, _ = trained(FUSED)
    assert found["bn/norm"] == "FusedBatchNorm(x, bn/gamma/read, bn/beta/read, bn/Const, bn/Const_1)"


def test_a_fused_norm_that_is_guarded():
    found, meta = trained(FLAG + FUSED, "t")
    serve, train = "bn/cond/FusedBatchNorm_1", "bn/cond/FusedBatchNorm"
    assert found["bn/norm"] == f"Merge({serve}, {train})"
    assert found["y"] == "Relu(bn/norm)"
    assert found[train].startswith("FusedBatchNorm(bn/cond/FusedBatchNorm/Switch:1, ")
    assert found["bn/cond/Merge"] == f"Merge({serve}/Switch_3, {train}:1)"
    assert found["bn/cond/Const"] == "Const(^bn/cond/switch_t)"
    assert sorted(each.branch for each in contexts(meta)) == [0, 1]


@pytest.mark.parametrize("training", ["", "t"])
def test_a_norm_that_is_written_out(training: str):
    found, _ = trained(FLAG + WRITTEN_OUT, training)
    assert found["bn/moments/SquaredDifference"] == "SquaredDifference(x, bn/moments/StopGradient)"
    reads = [found[f"bn/batchnorm/{name}"] for name in ("add", "mul_2")]
    if not training:
        assert reads == ["Add(bn/moments/Squeeze_1, bn/batchnorm/y)", "Mul(bn/moments/Squeeze, bn/batchnorm/mul)"]
    else:
        assert reads == ["Add(bn/Select, bn/batchnorm/y)", "Mul(bn/Select_1, bn/batchnorm/mul)"]
        assert found["bn/Select_1"] == "Select(t, bn/moments/Squeeze, bn/mean/read)"


@pytest.mark.parametrize("training", ["", "t"])
def test_a_factor_of_averages_is_not_that_of_training(training: str):
    text = FUSED.replace("FusedBatchNorm(", "FusedBatchNormV3(")
    of = model(text.replace("{is_training: false}", "{is_training: false, U: f32, exponential_avg_factor: 0.5}"))
    of.graph.add("Placeholder", name="t", dtype="bool", shape=[])
    (norm,) = NormFinder(of, of.graph.index).found
    NormTrainer(of.graph, MovingAverages(of.graph), None, training).train(norm, 0.9, ())
    for node in of.graph.nodes_of({"FusedBatchNormV3"}):
        assert node.attrs.get("exponential_avg_factor") == (None if node.attrs["is_training"] else 0.5)


def test_under_a_predicate_the_statistics_are_merged():
    found, _ = trained(UNDER_A_PREDICATE, "p")
    assert found["bn/cond/Merge_1"] == "Merge(m1, bn/cond/train:1)"
    assert found["bn/cond/Merge_2"] == "Merge(v1, bn/cond/train:2)"


@pytest.mark.parametrize(
    ("rank", "shape", "axes"),
    [(4, (3,), (0, 1, 2)), (2, (3,), (0,)), (4, (1, 3, 1, 1), (0, 2, 3)), (3, (1, 1, 3), (0, 1)), (2, (1,), (0,))],
)
def test_axes(rank: int, shape: tuple[int, ...], axes: tuple[int, ...]):
    of = model(WRITTEN_OUT)
    (norm,) = NormFinder(of, of.graph.index).found
    assert axes_of(norm, rank, shape) == axes


@pytest.mark.parametrize(
    ("rank", "shape"), [(None, (3,)), (4, None), (4, (1, 1, 1, 1)), (4, (2, 3)), (1, (1, 3)), (1, (3,))]
)
def test_axes_that_are_not_known(rank: int | None, shape: tuple[int, ...] | None):
    of = model(WRITTEN_OUT)
    (norm,) = NormFinder(of, of.graph.index).found
    with pytest.raises(UntrainableError):
        axes_of(norm, rank, shape)
