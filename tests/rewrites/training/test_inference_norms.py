"""Batch norms at inference are found by their ops, and the others say why they stay."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.training.inference_norms import NormFinder
from tests.passes.harness import model
from tests.rewrites.training.norms import FUSED, UNDER_A_PREDICATE, WRITTEN_OUT, with_variables


def find(text: str) -> NormFinder:
    of = model(text)
    return NormFinder(of, of.graph.index)


@pytest.mark.parametrize(
    ("text", "node", "predicate"),
    [
        (FUSED, "bn/norm", ""),
        (WRITTEN_OUT, "bn/batchnorm/add_1", ""),
        (UNDER_A_PREDICATE, "bn/cond/serve", "p:0"),
    ],
)
def test_what_is_found(text: str, node: str, predicate: str):
    found = find(text)
    assert found.kept == {}
    (norm,) = found.found
    assert (norm.node.name, norm.scope, norm.predicate) == (node, "bn", predicate)
    assert (norm.mean.variable, norm.variance.variable) == ("bn/mean", "bn/var")
    assert norm.mean.read == "bn/mean/read"


def test_what_lowered_conditions_hand_on():
    text = UNDER_A_PREDICATE.replace("Merge(bn/cond/serve, bn/cond/train)", "Merge(s, t)").replace(
        "bn/cond/Merge =",
        "s = Identity(bn/cond/serve)\nm = Identity(bn/cond/serve:1)\nt = Identity(bn/cond/train)\nbn/cond/Merge =",
    )
    (norm,) = find(text).found
    assert (norm.predicate, norm.trained) == ("p:0", "bn/cond/train")


def test_without_offset_the_statistics_tell():
    text = WRITTEN_OUT.replace("Mul(bn/mean/read, bn/batchnorm/mul)", "Mul(minus, bn/batchnorm/mul)").replace(
        "    bn/batchnorm/sub = Sub(bn/beta/read, bn/batchnorm/mul_2)\n", ""
    )
    text = text.replace("bn/batchnorm/y =", "minus = Neg(bn/mean/read)\n    bn/batchnorm/y =").replace(
        "bn/batchnorm/sub)", "bn/batchnorm/mul_2)"
    )
    (norm,) = find(text).found
    assert (norm.x, norm.mean.reader, norm.mean.position) == ("x", "minus", 0)


def test_a_statistic_that_a_predicate_chooses():
    text = WRITTEN_OUT
    for name in ("mean", "var"):
        text = text.replace(f"(bn/{name}/read, bn/batch", f"({name}, bn/batch")
    choice = "\n".join(
        f"""
    s/{name} = Switch(bn/{name}/read, p)
    b/{name} = Switch(batch, p)
    {name} = Merge(s/{name}, b/{name}:1)"""
        for name in ("mean", "var")
    )
    given = "p = Placeholder {dtype: bool, shape: shape[]}\n    batch = Const {f32 [3]}"
    text = text.replace("bn/batchnorm/y =", f"{given}{choice}\n    bn/batchnorm/y =")
    (norm,) = find(text).found
    assert (norm.predicate, norm.mean.merged, norm.mean.value) == ("p:0", "mean", "s/mean")


READS = ("x", *(f"bn/{name}/read" for name in ("gamma", "beta", "mean", "var")))
ENTERS = "\n".join(f'in/{name} = Enter({name}) {{frame_name: "f", is_constant: true}}' for name in READS)
IN_A_LOOP = FUSED.replace(f"({', '.join(READS)})", f"({', '.join(f'in/{name}' for name in READS)})").replace(
    "bn/norm =", f"{ENTERS}\n    bn/norm ="
)
COMPUTED = FUSED.replace("bn/mean/read, bn/var/read)", "m, bn/var/read)").replace(
    "bn/norm =", "m = Relu(bn/mean/read)\nbn/norm ="
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (FUSED.replace("is_training: false", "is_training: true"), "is in training mode already"),
        (FUSED + "z = Relu(bn/norm:1)", "more than its first output is read"),
        (FUSED.replace("bn/mean/read, bn/var/read)", "bn/mean/zeros, bn/var/read)"), "are constants"),
        (COMPUTED, "is computed"),
        (IN_A_LOOP, "is in the loop with frame 'f'"),
        (FUSED + "u = AssignSub(bn/mean, bn/mean/zeros)", "updated already, as by 'u'"),
        (UNDER_A_PREDICATE.replace("bn/cond/train)", "x1:1)"), "in a branch of a condition: 'p:0' is false"),
        (WRITTEN_OUT.replace("bn/var/read, ", "bn/var/zeros, "), "are constants"),
    ],
)  # fmt: skip
def test_what_stays_says_why(text: str, reason: str):
    found = find(text)
    assert found.found == []
    assert any(reason in each for each in found.kept.values()), found.kept


def test_statistics_that_a_signature_gives():
    of = with_variables(FUSED)
    assert of.meta is not None
    of.meta.signature_def["serving_default"].outputs["mean"].name = "bn/norm:1"
    assert NormFinder(of, of.graph.index).kept == {"bn/norm": "a signature gives more than its first output"}


def test_layer_norms_are_none():
    found = find("""
        x = Placeholder {dtype: f32, shape: shape[?,3]}
        axis = Const {i32 [1]}
        e = Const {f32 [] 0.001}
        m = Mean(x, axis) {keep_dims: true}
        v = Mean(x, axis) {keep_dims: true}
        a = Add(v, e)
        r = Rsqrt(a)
        s = Mul(x, r)
        t = Mul(m, r)
        u = Sub(e, t)
        y = Add(s, u)
    """)
    assert (found.found, found.kept) == ([], {})
