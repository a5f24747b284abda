"""The library function: it sets values, or leaves the model as it was."""

from __future__ import annotations

import random

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import GraphSurgeonError, PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.tools.fit import fit
from graphsurgeon.tools.fit.fit import apply, choices, refusal
from graphsurgeon.tools.fit.plan import make_plan
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from tests.models import SHARED, shared_files
from tests.tools.fit.targets import arrays, target


def test_values_are_set():
    of = target({"my/w": (6,), "b": (2,)})
    report = fit(
        of, {"w": np.arange(6.0).reshape(2, 3)}, map={"w": "my/w"}, mismatch="reshape", cast=".*", missing="init"
    )
    assert {name: tensor.numpy().tolist() for name, tensor in of.variables.items()} == {
        "b": [1, 1], "my/w": [0, 1, 2, 3, 4, 5],
    }  # fmt: skip
    assert [row.action for row in report.rows] == ["init", "change"]


def test_what_the_model_had_is_dropped_and_the_object_graph_is_kept():
    of = target({"w": (2,)})
    of.variables = {"w": np.zeros(2, np.float32), "old": np.zeros(2), OBJECT_GRAPH_KEY: as_tensor(b"")}
    fit(of, arrays({"w": (2,)}))
    assert set(of.variables) == {"w", OBJECT_GRAPH_KEY}
    assert of.variables["w"].numpy().tolist() == [0, 1]


def test_a_dry_run_only_reports():
    of = target({"w": (2,)})
    assert fit(of, arrays({"w": (2,)}), dry_run=True).unresolved == []
    assert fit(of, {}, dry_run=True).counts == {"missing": 1}
    assert of.variables == {}


def test_a_refusal_lists_and_advises_and_changes_nothing():
    of = target({"a/w": (2,), "b/w": (3,), "c": (2,), "d": (2,)})
    of.variables = {"c": np.zeros(1)}
    with pytest.raises(PassError, match="4 of 4 tensors have no value that fits") as caught:
        fit(of, arrays({"x/a/w": (2,), "b/w": (4,)}))
    assert "'a/w' (missing; suggested: 'x/a/w')" in caught.value.reason
    assert "'b/w' (name; is [4], wanted is [3])" in caught.value.reason
    assert "and 1 more" in caught.value.reason
    for word in ("`map=", "`accept_suggestions=", "`mismatch="):
        assert word in str(caught.value.hint)
    assert list(of.variables) == ["c"]
    assert caught.value.report == fit(of, arrays({"x/a/w": (2,), "b/w": (4,)}), dry_run=True)


@pytest.mark.parametrize("option", [{"map": "a"}, {"mismatch": "flip"}, {"missing": "ones"}, {"transform": "cast"}])
def test_options_that_are_not_understood(option):
    with pytest.raises(PassError):
        fit(target({"w": (2,)}), arrays({"w": (2,)}), **option)


def test_partitioned_variables_get_the_whole():
    saved = {"w/part_0": ("w", "5 2 0,3:0,2"), "w/part_1": ("w", "5 2 3,2:0,2")}
    of = target({"w/part_0": (3, 2), "w/part_1": (2, 2)}, saved=saved)
    fit(of, arrays({"w": (5, 2)}))
    assert of.variables["w"].shape == (5, 2)
    fit(of, arrays({}), missing="init")
    assert of.variables["w"].numpy().tolist() == [[1, 1]] * 5


def test_the_result_is_checked_against_the_graph():
    plan = make_plan(target({"w": (2,)}), arrays({"w": (2,)}), choices())
    plan.tensors["w"] = as_tensor(np.zeros(3, np.float32))
    with pytest.raises(PassError, match=r"'w' is ArrayTensor\(float32, \[3\]\)"):
        apply(plan)
    assert plan.model.variables == {}


def test_a_saver_that_is_broken_in_itself_is_told():
    of = target({"w": (2,)})
    names = of.graph["save/RestoreV2/tensor_names"]
    names.attrs["value"] = as_tensor(np.array([b"w", b"v"], dtype=object))
    plan = make_plan(of, arrays({"w": (2,)}), choices())
    with pytest.raises(PassError, match="what was fitted is not restored: has 2 names for 1 tensors"):
        apply(plan)


def test_a_checkpoint_can_be_the_target():
    of = Model()
    of.variables = arrays({"a": (2,), "b": (2, 2)})
    fit(of, arrays({"x": (2,), "y": (4,)}), map=("x=a", "y=b"), mismatch="reshape")
    assert of.variables["b"].numpy().tolist() == [[100, 101], [102, 103]]


@pytest.mark.parametrize("name", ["mobile_cnn", "lstm_loop", "partitioned", "resource_cnn", "dtypes"])
def test_what_was_saved_for_a_graph_fits_it(fixtures, name):
    of = gs.load(fixtures / f"{name}.ckpt")
    weights = dict(of.variables)
    of.variables = {}
    report = fit(of, weights)
    assert report.counts == {"copy": len(weights)}
    assert dict(of.variables) == weights


@pytest.mark.parametrize("name", ["mobile_cnn", "lstm_loop", "partitioned", "resource_cnn"])
def test_initializers_of_real_graphs(fixtures, name):
    of = gs.load(fixtures / f"{name}.ckpt")
    wanted = {key: (tensor.dtype, tensor.shape) for key, tensor in of.variables.items()}
    fit(of, {}, missing="init")
    assert {key: (tensor.dtype, tensor.shape) for key, tensor in of.variables.items()} == wanted
    for tensor in of.variables.values():
        assert np.isfinite(tensor.numpy().astype(np.float64)).all()


@pytest.mark.parametrize("path", shared_files(".meta"), ids=lambda path: str(path.relative_to(SHARED)))
def test_graphs_of_others_take_their_own_checkpoints(path):
    of = gs.load(path)
    weights = dict(of.variables)
    if not weights:
        pytest.skip("there is no checkpoint beside it")
    report = fit(of, weights)
    assert set(report.counts) == {"copy"}
    assert all(of.variables[key] is weights[key] for key in of.variables)


def damaged(of: Model, seed: int) -> Model:
    """Change some nodes of the saver, variables and initializers in ways that no file excludes."""
    chance = random.Random(seed)
    parts = [node for node in of.graph if node.name.startswith("save") or "/Initializer" in node.name]
    parts += [node for node in of.graph if node.op in ("VariableV2", "VarHandleOp", "Assign", "AssignVariableOp")]
    for node in chance.sample(parts, 12):
        how = chance.randrange(4)
        if how == 0 and node.inputs:
            node.inputs = (*node.inputs[:-1], chance.choice(parts).name + chance.choice(["", ":1", ":7", ":a:0"]))
        elif how == 1 and len(node.attrs):
            del node.attrs[chance.choice(list(node.attrs))]
        elif how == 2 and "shape" in node.attrs:
            node.attrs["shape"] = chance.choice([Shape(None), Shape([None, 3]), Shape([10**12, 10**6])])
        elif how == 3 and node.inputs:
            node.inputs = node.inputs[:-1]
    return of


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("name", ["partitioned", "lstm_loop", "resource_cnn"])
def test_damaged_graphs_are_refused_in_words(fixtures, name, seed):
    of = gs.load(fixtures / f"{name}.ckpt")
    weights = dict(of.variables)
    of.variables = {}
    kept = {key: weights[key] for key in random.Random(seed).sample(list(weights), len(weights) // 2)}
    refused = ""
    try:
        fit(damaged(of, seed), kept, missing="init", mismatch="slice+pad:init", cast=".*")
    except GraphSurgeonError as error:
        refused = str(error)
    assert bool(refused) is not bool(of.variables)


def test_refusals_name_what_is_near():
    report = fit(target({"encoder/layer/w": (2,)}), arrays({"encoder/layer/v": (3,)}), dry_run=True)
    assert "'encoder/layer/w' (not in the checkpoint" in refusal(report).reason
