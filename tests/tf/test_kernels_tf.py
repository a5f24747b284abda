"""What numpy computes exactly is what both TensorFlows compute; the rest is as near to the true value as is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import PassError
from graphsurgeon.evaluator import evaluate
from graphsurgeon.ir.exact_ops import APPROXIMATE_ULP, exactness, is_peculiar, value_refusal
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.values import as_tensor
from tests.tf import kernel_cases
from tests.tf.judge import TensorFlow
from tests.tf.kernel_cases import Case, Cases

#: Where terms may cancel, or TensorFlow itself is not exact.
CANCELLING = frozenset(
    ("Sum", "Mean", "MatMul", "BatchMatMul", "BatchMatMulV2", "Conv2D", "DepthwiseConv2dNative", "LogSoftmax")
    + ("Softplus", "L2Loss")
)


@pytest.fixture(scope="module")
def cases() -> Cases:
    return kernel_cases.cases()


@pytest.fixture(scope="module")
def graph(cases: Cases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kernels") / "cases.pb"
    gs.save(cases.model(), path)
    return path


def computed(tf: TensorFlow, graph: Path, tmp_path: Path) -> dict[str, Any]:
    """What TensorFlow computes, by case: its error, or arrays."""
    told = tf.call("kernels:run", pb=str(graph), values=str(tmp_path / "values.npz"), timeout=600)
    return read(told, tmp_path / "values.npz")


def read(told: dict[str, Any], path: Path) -> dict[str, Any]:
    """Arrays of what TensorFlow told."""
    found: dict[str, Any] = {}
    with np.load(path) as archive:
        for case, outputs in told.items():
            if isinstance(outputs, str):
                found[case] = outputs
                continue
            found[case] = []
            for number, (name, shape) in enumerate(outputs):
                raw, dtype = archive[f"{case}:{number}"], DType.from_name(name)
                if dtype is dtypes.STRING:
                    array = np.empty(shape, object)
                    array.reshape(-1)[:] = [bytes.fromhex(each) for each in raw.tolist()][: array.size]
                else:
                    array = raw.view(dtype.numpy()).reshape(shape)
                found[case].append(array)
    return found


def differences(case: Case, wanted: list[Any]) -> str:
    """How what is exact differs from what TensorFlow computes; empty if it does not."""
    try:
        found = [each.numpy() for each in evaluate(case.node, case.operands)]
    except PassError as error:
        return "" if "releases differ" in error.reason else f"{case.title}: {error.reason}"
    if [(each.dtype, each.shape) for each in found] != [(each.dtype, each.shape) for each in wanted]:
        return f"{case.title}: {[(each.dtype, each.shape) for each in found]}"
    if not case.is_elementwise:
        results = [as_tensor(each) for each in found]
        if value_refusal(case.node, case.operands, results):
            return ""
    for ours, theirs in zip(found, wanted, strict=True):
        equal = (ours == theirs) | ((ours != ours) & (theirs != theirs))
        if ours.dtype.kind in "fV":
            equal &= (np.signbit(ours) == np.signbit(theirs)) | (ours != ours)
        if case.is_elementwise:
            for each in (*(operand.numpy() for operand in case.operands), ours):
                mask = is_peculiar(case.node, each)
                equal = equal | mask if mask.shape in ((), equal.shape) else equal
        if not np.all(equal):
            where = np.flatnonzero(~np.asarray(equal).reshape(-1))
            shown = [
                ([each.numpy().reshape(-1)[i] if each.size == ours.size else "-" for each in case.operands],
                 ours.reshape(-1)[i], theirs.reshape(-1)[i])
                for i in where[:4]
            ]  # fmt: skip
            return f"{case.title} {case.node.attrs.get('DstT')}: {len(where)} of {ours.size}: {shown}"
    return ""


def distance(ours: Any, truth: Any) -> float:
    """The greatest distance from the truth, in units in the last place of the type that ours are of."""
    if ours.size == 0:
        return 0.0
    wide, info = kernel_cases.widened(ours), ml_dtypes.finfo(ours.real.dtype)
    with np.errstate(all="ignore"):
        exponent = np.floor(np.log2(np.maximum(np.abs(truth), float(info.smallest_normal))))
        apart = np.where((wide == truth) | (np.isnan(wide) & np.isnan(truth)), 0, np.abs(wide - truth))
        return float(np.max(np.where(np.abs(truth) > float(info.max), 0, apart / 2.0 ** (exponent - info.nmant))))


def judged(wanted: dict[str, Any], cases: Cases) -> dict[str, tuple[float, float]]:
    """By op, how far results are at most: ours, and TensorFlow's own; where it has a kernel of double precision."""
    found: dict[str, tuple[float, float]] = {}
    for name, case in cases.all.items():
        truth = wanted.get(f"{name}w")
        if name.endswith("w") or truth is None or isinstance(truth, str):
            continue
        (ours,) = [each.numpy() for each in evaluate(case.node, case.operands)]
        theirs = wanted[name]
        key = f"{case.node.op} {ours.dtype.name}"
        far = distance(ours, truth[0]), 0.0 if isinstance(theirs, str) else distance(theirs[0], truth[0])
        found[key] = tuple(map(max, zip(found.get(key, (0.0, 0.0)), far, strict=True)))  # type: ignore[assignment]
    return found


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    """What each TensorFlow computes, by its version: it is asked once."""
    return {}


@pytest.fixture
def wanted(tf: TensorFlow, graph: Path, tmp_path: Path, answers: dict[str, Any]) -> dict[str, Any]:
    if tf.version not in answers:
        answers[tf.version] = computed(tf, graph, tmp_path)
    found: dict[str, Any] = answers[tf.version]
    return found


def test_exact(wanted: dict[str, Any], cases: Cases):
    wrong: list[str] = []
    num_compared = 0
    for name, case in cases.all.items():
        is_exact = exactness(case.node.op, [each.dtype for each in case.operands]) == "exact"
        # Without an answer TensorFlow has no kernel of that type, or refuses the values.
        if is_exact and not isinstance(wanted[name], str):
            num_compared += 1
            wrong += filter(None, [differences(case, wanted[name])])
    assert not wrong
    assert num_compared > 3000


def test_approximate(wanted: dict[str, Any], cases: Cases):
    far = judged(wanted, cases)
    assert len(far) > 150
    doubles = ("float64", "complex128")
    past = {key: each for key, each in far.items() if each[0] > (APPROXIMATE_ULP if key.endswith(doubles) else 0.51)}
    # Of complex numbers each part is rounded, and TensorFlow's are no truth to the last bits.
    assert [key for key in past if key.split()[0] not in CANCELLING and "complex" not in key] == []
    assert [key for key in past if not key.endswith(doubles) and past[key][0] > 1] == []
