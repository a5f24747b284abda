"""Whatever a graph looks like: unfreezing is valid, repeatable, and freezing takes all of it back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.ir.model import Model
from graphsurgeon.passes.freeze import freeze
from graphsurgeon.passes.unfreeze import unfreeze
from graphsurgeon.variables.layout import VariableKind
from graphsurgeon.weights import VariableNames
from graphsurgeon.weights.marks import folded_variable
from proto_utils import schema
from tests.passes.harness import KINDS, model, reloaded, state
from tests.passes.unfreeze.test_control_inputs import LOOP, NESTED

_NAMES = (
    "w",
    "w/read",
    "w/read/_1__cf__1",
    "w/Assign",
    "w/Read/ReadVariableOp",
    "w/Identity",
    "save/Assign",
    "a/ReadVariableOp",
    "a/ReadVariableOp_1",
)
_DEVICES = ("", "", " on /device:CPU:0")


@st.composite
def graphs(draw: st.DrawFn) -> str:
    """Constants, identities, sums and groups, wired at random, under names that a variable's parts would take."""
    made = ["x"]
    lines = ["x = Placeholder {dtype: f32}"]
    names = draw(
        st.lists(st.sampled_from(_NAMES) | st.from_regex(r"n[0-9]/?[a-c]", fullmatch=True), min_size=2, unique=True)
    )
    for name in names:
        op = draw(st.sampled_from(["Const", "Const", "Identity", "AddN", "NoOp"]))
        tensors = st.sampled_from([node for node in made if not node.startswith("#")]).map(lambda node: node)
        ports = st.sampled_from(["", ":0"])
        count = {"Const": 0, "NoOp": 0, "Identity": 1}.get(op, 2)
        inputs = [draw(tensors) + draw(ports) for _ in range(count)]
        controls = draw(st.lists(st.sampled_from([node.lstrip("#") for node in made]), max_size=2, unique=True))
        arguments = ", ".join(inputs + [f"^{node}" for node in controls])
        value = " {f32 [2]}" if op == "Const" else ""
        lines.append(f"{name} = {op}({arguments}){value}{draw(st.sampled_from(_DEVICES))}")
        made.append(f"#{name}" if op == "NoOp" else name)
    return "\n".join(lines)


@given(
    graphs(),
    st.sampled_from(KINDS),
    st.sampled_from(("keep", "readers")),
    st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_freezing_takes_back_all_of_it(text: str, kind: VariableKind, names: VariableNames, choice: list[bool]):
    of = model(text)
    constants = [node.name for node in of.graph if node.op == "Const"]
    chosen = tuple(name for name, yes in zip(constants, choice, strict=False) if yes)
    if not chosen:
        return
    check(of, chosen, kind, names)


@pytest.mark.parametrize("kind", ["ref", "resource"])
@pytest.mark.parametrize(("text", "chosen"), [(LOOP, ("w", "one")), (LOOP, ("w",)), (NESTED, ("w", "after"))])
def test_out_of_loops_and_back(text: str, chosen: tuple[str, ...], kind: VariableKind):
    check(model(text), chosen, kind)


def check(of: Model, chosen: tuple[str, ...], kind: VariableKind, called: VariableNames = "readers") -> None:
    before = schema.serialize(of.to_graph_def())
    names = tuple(node.name for node in of.graph)
    constants = [node.name for node in of.graph if node.op == "Const"]
    twin = reloaded(of)
    exclude = tuple(set(constants) - set(chosen))
    report = unfreeze(of, select=chosen, exclude=exclude, variables=kind, names=called)
    taken = [name for name in constants if name in chosen]
    assert len(report.variables) == len(taken)
    for row, name in zip(report.variables, taken, strict=True):
        assert row.name in (name, folded_variable(name)) or (called == "readers" and "ReadVariableOp" in name)
    unfreeze(twin, select=chosen, exclude=exclude, variables=kind, names=called)
    assert state(twin)[:2] == state(of)[:2]
    thawed = reloaded(of)
    freeze(thawed, outputs=names)
    assert schema.serialize(thawed.to_graph_def()) == before
