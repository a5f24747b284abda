"""Known arguments are followed into functions, and what they return comes back."""

from __future__ import annotations

import numpy as np

from graphsurgeon.evaluator import evaluate
from graphsurgeon.ir.attr_value import Placeholder
from graphsurgeon.ir.library import Function
from graphsurgeon.rewrites.specializing.specialization import Specialization, Specializer
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import as_tensor
from tests import notation
from tests.rewrites.specializing.test_known_values import value


def of_flags(name: str, arguments: str, results: str, body: str) -> Function:
    made = notation.function(name, arguments, results, body)
    for arg in (*made.proto.signature.input_arg, *made.proto.signature.output_arg):
        arg.type = dtypes.BOOL.number
    return made


def specialized(text: str, *functions: Function) -> tuple[Specialization, Specializer]:
    library = Specializer({each.name: each for each in functions}, evaluate)
    return Specialization(notation.graph(text), {"p": as_tensor(np.bool_(True))}, library, 0), library


P = "p = Placeholder {dtype: bool}; q = Placeholder {dtype: bool};"
NOT = of_flags("not", "a", "n:y:0", "n = LogicalNot(a)")
COND = of_flags(
    "cond", "a b", "m:output:0", "s = Switch(b, a) {T: bool}; m = Merge(s:output_false:0, s:output_true:0) {T: bool}"
)


def test_results_come_back():
    made, _ = specialized(f"{P} y = not(p); z = LogicalNot(y)", NOT)
    assert [value(made.known, each) for each in ("y", "z")] == [False, True]
    assert not made.has_effect


def test_conditions_in_functions_are_decided_for_each_set_of_values():
    made, library = specialized(f"{P} y = cond(p, q); z = cond(q, q)", COND)
    assert made.has_effect
    (key,) = made.calls["y"].values()
    assert library.made[key].branches.switches == {"s": 1}
    assert "z" not in made.calls


def test_an_if_takes_one_function():
    text = f"{P} y = StatelessIf(p, q) {{Tcond: bool, Tin: [bool], Tout: [bool], then_branch: fn:a, else_branch: fn:b}}"
    made, _ = specialized(text, of_flags("a", "x", "x", ""), of_flags("b", "x", "x", ""))
    assert made.conditionals["y"].name == "a"


def test_functions_that_call_themselves_are_left_alone():
    made, library = specialized(f"{P} y = again(p)", of_flags("again", "a", "c:out0:0", "c = again(a)"))
    assert not made.has_effect
    assert len(library.made) == 1


def test_functions_that_a_call_gives_are_not_known():
    body = notation.function("g", "a", "i:output:0", "i = StatelessIf(a, a) {Tcond: bool, Tin: [bool], Tout: [bool]}")
    for key in ("then_branch", "else_branch"):
        body.body["i"].attrs[key] = Placeholder(key)
    made, _ = specialized(f"{P} y = g(p)", body)
    assert not made.has_effect


def test_constants_of_a_body_hold_for_every_call():
    body = of_flags("f", "a b", "m:output:0", "t = Const {bool [] 1}; s = Switch(b, t:output:0) {T: bool}; "
                    "m = Merge(s:output_false:0, s:output_true:0) {T: bool, N: 2}")  # fmt: skip
    values = {"t": as_tensor(np.bool_(True))}
    library = Specializer({"f": body}, evaluate, {"f": values})
    plain = library.plain("f")
    assert plain is not None
    assert plain.branches.merges == {"m": [1]}
    made = Specialization(notation.graph("p = Placeholder {dtype: bool}; y = f(p, p)"), {}, library, 0)
    assert not made.calls
    key, results = library.called("f", [None, as_tensor(np.bool_(False))], 0)
    assert key[1]
    assert [bool(each.numpy()) for each in results if each is not None] == [False]


def test_constants_by_which_a_result_is_dead_do_not_count():
    body = of_flags("f", "a", "s:output_false:0", "t = Const {bool [] 1}; s = Switch(a, t:output:0) {T: bool}")
    assert Specializer({"f": body}, evaluate, {"f": {"t": as_tensor(np.bool_(True))}}).plain("f") is None
