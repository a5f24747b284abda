"""Functions follow where all calls agree, and get a copy where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.evaluator import evaluate
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.specializing.models import Specialized, specialize
from graphsurgeon.tensors.values import as_tensor
from tests import notation
from tests.rewrites.specializing.test_specialization import COND, P, of_flags


def done(text: str, *functions: Function) -> tuple[Model, Specialized]:
    model = notation.model(f"{P} {text}", *functions)
    values = {"p": as_tensor(np.bool_(True))}
    return model, specialize(model, values, {}, {"p"}, evaluate=evaluate, operation="test")


def copy(function: Function) -> Function:
    made = notation.model("", function)
    return Model.from_graph_def(made.to_graph_def()).library.functions[function.name]


def test_a_function_that_all_call_alike_is_edited_in_its_place():
    model, found = done("y = cond(p, q); z = cond(p, y)", copy(COND))
    assert notation.show(model.library.functions["cond"].body) == "m = Identity(b)"
    assert model.graph["z"].op == "cond"
    assert [each.node for each in found.changes] == ["cond/m"]
    assert [each.node for each in found.removed] == ["cond/s"]


def test_others_keep_their_function():
    model, _ = done("y = cond(p, q); z = cond(q, y)", copy(COND))
    assert [(model.graph[name].op) for name in "yz"] == ["cond_1", "cond"]
    assert len(model.library.functions["cond"].body) == 2
    assert notation.show(model.library.functions["cond_1"].body) == "m = Identity(b)"


def test_results_follow_what_went():
    model, _ = done("y = f(p, q)", of_flags("f", "a b", "s:output_true:0", "s = Switch(b, a)"))
    assert dict(model.library.functions["f"].proto.ret) == {"out0": "b"}


def test_a_function_that_returns_what_is_dead_is_refused():
    with pytest.raises(PassError, match="function 'f' would return 's:output_false:0'"):
        done("y = f(p, q)", of_flags("f", "a b", "s:output_false:0", "s = Switch(b, a)"))


def test_tensors_that_are_others_now_are_told():
    _, found = done("s = Switch(q, p); y = Identity(s:1)")
    assert found.moved["s:1"] == "q:0"
