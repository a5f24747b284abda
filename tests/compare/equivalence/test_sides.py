"""Where a tensor truly comes from."""

from __future__ import annotations

from graphsurgeon.compare.equivalence.sides import Side, ValueOrigin, after_updates
from tests import notation


def side(text: str, variables: str = "w", others: str = "", arguments: str = "", handles: str = "") -> Side:
    made = Side(notation.graph(text), arguments.split(), handles.split())
    made.exchange(variables.split(), others.split())
    return made


def variable(*waits: str) -> ValueOrigin:
    return ValueOrigin(("variable", "w", 0), frozenset(("node", name, -1) for name in waits))


def test_variable_and_its_reads():
    here = side("w = VariableV2 {dtype: f32}; w/read = Identity(w); again = Identity(w/read:0); y = Relu(again)")
    assert {here.origin(text) for text in ("w", "w:0", "w/read", "again")} == {variable()}
    assert here.origin("y") == ValueOrigin(("node", "y", 0), frozenset())
    assert [here.is_read(name) for name in ("w", "w/read", "again", "y")] == [False, True, True, False]


def test_handle():
    here = side("w = VarHandleOp {dtype: f32}; h = Identity(w); r = ReadVariableOp(h)")
    assert here.origin("r") == variable()


def test_identity_of_something_else_is_itself():
    here = side("w = Const {f32 [2]}; x = Placeholder {dtype: f32}; i = Identity(x)")
    assert here.origin("i").source == ("node", "i", 0)
    assert here.origin("x:0") == here.origin("x")
    assert here.origin("x:1").source == ("node", "x", 1)


def test_what_a_value_waits_for():
    frozen = side("p = NoOp; w = Const {dtype: f32}; y = Relu(w)")
    frozen.nodes["w"].inputs = ("^p",)
    thawed = side("p = NoOp; w = VariableV2 {dtype: f32}; w/read = Identity(w); w/at = Identity(w/read, ^p)")
    assert frozen.origin("w") == thawed.origin("w/at") == variable("p")
    assert thawed.origin("w/read") == variable()


def test_enter_is_looked_through_where_only_one_side_has_it():
    text = "w = VariableV2 {dtype: f32}; e = Enter(w) {is_constant: true}"
    assert side(text).origin("e") == variable()
    assert side(text, others="e").origin("e").source == ("node", "e", 0)
    assert side(text.replace("true", "false")).origin("e").source == ("node", "e", 0)


def test_control_inputs():
    here = side("w = VariableV2 {dtype: f32}; w/read = Identity(w); p = NoOp")
    assert here.origin("^w/read") == here.origin("^w")
    assert here.origin("^p").source == ("node", "p", -1)


def test_arguments_by_position():
    here = side("r = ReadVariableOp(h); y = Relu(x)", arguments="x h", handles="h")
    assert here.origin("x").source == ("argument", "0", 0)
    assert here.origin("x:1").source == ("argument", "0", 1)
    assert here.origin("r:value:0").source == here.origin("h").source == ("argument", "1", 0)
    assert here.origin("y:activations:0").source == ("node", "y", 0)


def test_what_is_not_there_is_not_what_is():
    assert side("a = NoOp").origin("ghost").source != side("ghost = Relu(w)", variables="").origin("ghost").source


def test_reads_of_each_other_end():
    here = side("a = Identity(b) {T: f32}; b = Identity(a) {T: f32}")
    assert here.origin("a").source == ("node", "a", 0)


def test_a_long_chain_of_reads_is_walked_once():
    lines = [f"i{n} = Identity({f'i{n - 1}' if n else 'w'})" for n in range(3000)]
    here = side("w = VariableV2 {dtype: f32}; " + "; ".join(lines))
    assert all(here.is_read(f"i{n}") for n in reversed(range(3000)))


def test_after_updates():
    graph = notation.graph(
        """
        w = VariableV2 {dtype: f32}
        h = VarHandleOp {dtype: f32}
        r = ReadVariableOp(h)
        a = AssignSub(w, r)
        s = AssignVariableOp(h, r)
        g = NoOp(^a)
        y = Relu(r, ^g)
        v = Identity(w)
        """
    )
    assert after_updates(graph) == {"a", "s", "g", "y"}
