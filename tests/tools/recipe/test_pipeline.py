"""Recipes of passes and edits, checked and done as a whole."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import NotFoundError, PassError, UnsupportedError
from graphsurgeon.tools.recipe.pipeline import Pipeline, run
from graphsurgeon.tools.recipe.record import read_records
from graphsurgeon.tools.recipe.syntax import parse_recipe
from tests.passes.harness import model, state
from tests.rewrites.specializing.test_branches import COND

WEIGHTS = "x = Placeholder {dtype: f32}; w = Const {f32 [2,3]}; y = MatMul(x, w)"
STEPS: list[Any] = [
    {"set_inputs": {"set": {"p": "${training}"}}},
    {"prune": {"outputs": "${output}"}},
    {"rename": {"add_scope": "net"}},
]
VALUES = {"training": False, "output": ["m"]}


def test_steps_are_done_in_order_and_each_reports():
    of = model(COND)
    report = run(of, STEPS, set=VALUES)
    assert [node.name for node in of.graph] == ["net/x", "net/a", "net/m"]
    assert [each.step.name for each in report.steps] == ["set_inputs", "prune", "rename"]
    told = report.to_json()
    assert json.dumps(told)
    assert told["recipe"] == [
        {"set_inputs": {"set": {"p": False}}}, {"prune": {"outputs": ["m"]}}, {"rename": {"add_scope": "net"}},
    ]  # fmt: skip


@pytest.mark.parametrize(("last", "names"), [(1, 1), ("prune", 2), ("set-inputs", 1), ("3", 3)])
def test_it_stops_after_a_step(last, names):
    report = run(model(COND), STEPS, set=VALUES, stop_after=last)
    assert (len(report.steps), report.num_left_out) == (names, 3 - names)


@pytest.mark.parametrize(
    ("recipe", "options", "match"),
    [
        ([*STEPS, {"prone": {}}], {"set": VALUES}, "line 4: no step 'prone'"),
        (["split"], {}, "line 1: no step 'split'"),
        ([*STEPS, {"prune": {"output": "m"}}], {"set": VALUES}, "line 4: prune: no option 'output'"),
        ([*STEPS, "prune"], {"set": VALUES}, "line 4: prune: option 'outputs' is missing"),
        (STEPS, {}, r"line 1: set_inputs: \$\{training\} has no value"),
        (STEPS, {"set": {**VALUES, "more": 1}}, "no step asks for 'more'"),
        (STEPS, {"set": VALUES, "stop_after": 4}, "there is no such step"),
        ([*STEPS, {"prune": {"outputs": "m"}}], {"set": VALUES, "stop_after": "prune"}, "steps 2, 4 are called so"),
    ],
)
def test_all_is_checked_before_anything_is_done(recipe, options, match):
    of = model(COND)
    before = state(of)
    with pytest.raises(UnsupportedError, match=match):
        run(of, recipe, **options)
    assert state(of) == before


def test_a_step_that_declines_undoes_those_before():
    of = model(COND)
    before = state(of)
    with pytest.raises(NotFoundError, match=r"step 2 \(prune\): no node 'gone'"):
        run(of, [{"set_inputs": {"set": "p=false"}}, {"prune": {"outputs": "gone"}}])
    assert state(of) == before


def test_a_step_that_declines_is_named_once():
    with pytest.raises(PassError) as caught:
        run(model(COND), [{"set-inputs": {"set": "m=1"}}])
    assert caught.value.message == "step 1 (set-inputs): node 'm': Merge is no input"


def test_edits_work_on_constants_and_then_on_variables():
    of = model(WEIGHTS)
    before = of.graph["w"].tensor.numpy()
    run(of, [{"scale": {"select": "w", "factor": 2}}, "unfreeze", {"scale": {"select": "w", "factor": 3}}])
    np.testing.assert_array_equal(of.variables["w"].numpy(), before * 6)


def test_values_that_the_graph_cannot_take_are_refused():
    of = model(WEIGHTS)
    with pytest.raises(PassError, match="saver cannot restore the values any more"):
        run(of, ["unfreeze", {"cast": {"dtype": "float16", "select": "w"}}])


def test_it_prints_itself():
    pipeline = Pipeline(STEPS, set=VALUES)
    assert [step.options for step in parse_recipe(str(pipeline))] == [step.options for step in pipeline.steps]


def test_files_and_records(tmp_path):
    source, recipe = tmp_path / "x.pb", tmp_path / "r.yaml"
    gs.save(model(COND), source)
    recipe.write_text('- set-inputs: {set: "p=${training}"}\n- prune: {outputs: m}\n')
    of = gs.load(source)
    report = gs.run(of, recipe, set={"training": "false"}, record=True)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    (found,) = read_records(of)
    assert found == report.record
    assert found["sources"] == [{"name": "x.pb", "nbytes": source.stat().st_size, "sha256": digest}]
    assert found["graphsurgeon"] == gs.__version__
    assert found["steps"] == [{"set-inputs": {"set": "p=false"}}, {"prune": {"outputs": "m"}}]
