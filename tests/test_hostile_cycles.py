"""Graphs in which nodes read themselves: what looks at them before anybody verified them comes to an end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

import graphsurgeon as gs
from graphsurgeon.edits.strip_optimizer import strip_optimizer
from graphsurgeon.errors import GraphSurgeonError
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.tools.inspect import inspect_model
from proto_utils.files import BytesSource, Span
from tests import notation
from tests.counting import num_calls
from tests.saved_tables import TABLE, table_model

_BEHIND_A_RESTORE = TABLE.replace(
    "save/Assign = Assign(w, save/RestoreV2:2)",
    "save/Assign = Assign(w, i); i = Identity(save/RestoreV2:2); i = Identity(i); k = Neg(i); k = Identity(k)",
)
_PLAIN = {
    "sums": "x = Placeholder {dtype: f32}; w = Const {f32 [2,3]}; m = MatMul(x, w); a = Add(b, m); b = Add(b, a); "
    "c = Const {f32 [3]}; p = Add(m, b); q = Add(p, b); s = Mul(q, c)",
    "a bias of its own": "x = Placeholder {dtype: f32}; w = Const {f32 [3]}; m = Mul(x, w); a = Add(a, a);"
    "b = Add(a, m)",
    "identities": "i = Identity(j); j = Identity(i); k = Neg(i)",
    "groups": "g = NoOp(^h); h = NoOp(^g, ^v); v = NoOp; init = NoOp(^init, ^g)",
    "an optimizer": "v = VariableV2 {dtype: f32, shape: shape[1]}; i = Identity(i);"
    "u = ApplyMomentum(i, v, i, i, i) {T: f32}",
    "names twice": "a = Neg(a); a = Identity(a); a = Add(a, a)",
    "a call": "x = Placeholder {dtype: f32}; y = f(x)",
    "loops": 'e = Enter(e) {frame_name: "f"}; m = Merge(m, n); n = NextIteration(n); s = Switch(s, s); q = Exit(q)',
    "variables": "v = VarHandleOp {dtype: f32, shape: shape[1]}; r = Identity(r); d = ReadVariableOp(d) {dtype: f32};"
    "a = AssignVariableOp(v, r) {dtype: f32}",
}


def _model(name: str) -> Model:
    if name == "behind a restore":
        return table_model(_BEHIND_A_RESTORE)
    function = notation.function("f", "x", "n:y:0", "n = f(n:y:0); i = Identity(i:output:0)")
    made = notation.model(_PLAIN[name], *([function] if name == "a call" else []))
    made.variables = {"v": as_tensor([1.0])}
    return made


def _last(model: Model) -> tuple[str, ...]:
    return tuple(node.name for node in model.graph)[-1:]


LOOKS: dict[str, Callable[[Model], object]] = {
    "inspect": inspect_model,
    "verify": gs.verify,
    "diff": lambda model: gs.diff(model, notation.model(_PLAIN["identities"])),
    "strip_optimizer": lambda model: strip_optimizer(dict(model.variables), model=model),
    "fix": gs.fix,
    "prune": lambda model: gs.prune(model, outputs=_last(model)),
    "unfreeze": gs.unfreeze,
    "freeze": lambda model: gs.freeze(model, outputs=_last(model)),
    "rename": lambda model: gs.rename(model, add_scope="my"),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", [*_PLAIN, "behind a restore"])
def test_it_ends(name: str, look: str):
    def work() -> None:
        with contextlib.suppress(GraphSurgeonError):
            LOOKS[look](_model(name))

    assert num_calls(work) < 200_000


def test_an_input_that_a_reader_has_too_many_of():
    made = notation.model(
        "x = Placeholder {dtype: f32}; o = Custom(x); r = Neg(x, o) {T: f32}; y = Identity(o) {T: f32}"
    )
    gs.prune(made, outputs=("y",), inputs=("o",))
    assert notation.show(made.graph) == "o = Placeholder\ny = Identity(o)"


def test_a_node_without_name_and_op_is_compared():
    bare = Model.read_graph_def(Span(BytesSource(b"\x0a\x00"), 0, 2))
    assert not gs.diff(bare, notation.model("x = Placeholder {dtype: f32}")).is_equal
    assert gs.diff(bare, bare).is_equal
