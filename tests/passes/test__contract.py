"""The runner of passes: valid in, valid out, untouched when it refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from graphsurgeon.errors import GraphError, PassError
from graphsurgeon.ir.model import Model, SavedModelParts
from graphsurgeon.passes._contract import model_pass, takes_tensors
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from tests import notation
from tests.notation import function
from tests.passes.harness import FROZEN, check_refusal, model


@dataclass
class Report:
    rows: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        return {"rows": self.rows}


def change_everything(of: Model) -> None:
    """Edit all that a pass may edit, as a pass may edit it."""
    nodes = [node.copy() for node in of.graph]
    nodes[0].attrs["_new"] = 1
    of.graph.set_nodes(nodes)
    for body in (body for name, body in of.graphs() if name is not None):
        body.set_nodes([])
    library = of.library.functions
    library["f"].proto.signature.description = "changed"
    library["g"] = function("g", "a", "m:y:0", "m = Neg(a) {T: f32}")
    of.library.rest.gradient.add(function_name="f", gradient_func="g")
    of.rest.versions.producer = 1
    of.variables["new"] = as_tensor([1.0])
    if of.meta is None:
        of.meta = schema.MetaGraphDef()
    of.meta.collection_def["c"].node_list.value.append("x")


def small(meta: schema.MetaGraphDef | None = None) -> Model:
    of = model(FROZEN, function("f", "a", "m:y:0", "m = Neg(a) {T: f32}"), meta=meta)
    of.variables["old"] = as_tensor([2.0])
    return of


def leave(_: Model) -> Report:
    return Report()


def change_values(of: Model) -> Report:
    of.variables["old"] = as_tensor([3.0])
    of.variables["new"] = as_tensor([4.0])
    return Report()


@pytest.mark.parametrize(("num_others", "revalues"), [(0, False), (1, True)])
def test_values_become_others(num_others: int, revalues: bool):
    of = small()
    of.saved_model = SavedModelParts((), 0, num_others, variables=dict(of.variables))
    model_pass(revalues=revalues)(change_values)(of)
    assert of.variables["old"].numpy().tolist() == [3]


def test_values_that_other_meta_graphs_restore_stay():
    """Two meta graphs share one checkpoint: what one of them makes of its weights the other would compute with."""
    of = small()
    of.saved_model = SavedModelParts((), 0, 1, variables={**of.variables, "new": as_tensor([5.0])})
    of.variables["mine"] = as_tensor([6.0])
    check_refusal(model_pass()(change_values), of, PassError, r"other meta graphs .*: 'old', 'new'")


def test_what_was_changed_before_is_no_change_of_a_pass():
    of = small()
    of.saved_model = SavedModelParts((), 0, 1, variables=dict(of.variables))
    of.variables["old"] = as_tensor([7.0])
    model_pass()(leave)(of)
    assert of.variables["old"].numpy().tolist() == [7]


@pytest.mark.parametrize("has_meta", [False, True])
def test_a_pass_that_declines_leaves_no_trace(has_meta):
    @model_pass()
    def declines(of: Model) -> Report:
        change_everything(of)
        raise PassError("declines", "on second thoughts")

    check_refusal(declines, small(schema.MetaGraphDef() if has_meta else None), PassError, "on second thoughts")


def test_an_interrupt_leaves_no_trace():
    @model_pass()
    def interrupted(of: Model) -> Report:
        change_everything(of)
        raise KeyboardInterrupt

    of = small()
    before = of.to_graph_def()
    with pytest.raises(KeyboardInterrupt):
        interrupted(of)
    assert of.to_graph_def() == before
    assert of.meta is None
    assert list(of.variables) == ["old"]


def test_a_malformed_model_is_refused_before_the_pass_runs():
    @model_pass()
    def never(of: Model) -> Report:
        pytest.fail("it ran")

    of = small()
    nodes = list(of.graph)
    nodes[-1].inputs = ("x", "nowhere")
    of.graph.set_nodes(nodes)
    check_refusal(never, of, GraphError, "nowhere")


def test_a_pass_that_breaks_the_graph_is_undone_and_blamed():
    @model_pass()
    def breaks(of: Model) -> Report:
        of.graph.set_nodes([node for node in of.graph if node.name != "w/read"])
        return Report()

    error = check_refusal(breaks, small(), GraphError, "after breaks: .*w/read")
    assert error.node == "y"
    assert error.hint == "this is a defect of breaks; the model was put back as it was"


def test_report_and_options_pass_through():
    @model_pass()
    def tells(of: Model, *, words: tuple[str, ...] = ()) -> Report:
        """What it is for."""
        return Report([str(len(of.graph)), *words])

    assert tells(small(), words=("a", "b")).rows == ["4", "a", "b"]
    assert tells.__doc__ == "What it is for.\n\nReturns\n-------\nReport\n    rows : list[str]"


def test_without_edits_the_bytes_are_those_that_were_read():
    @model_pass()
    def looks(of: Model) -> Report:
        return Report()

    of = small()
    before = of.graph_def_pieces()
    looks(of)
    after = of.graph_def_pieces()
    assert len(before) == len(after) == 1
    assert before[0] is after[0]


BROKEN = "w = Const {f32 [2]}; v = Const {f32 [2]}; set = Assign(w, v)"


def test_a_pass_may_start_from_what_it_cures():
    @model_pass(tolerates=("input-type",))
    def cures(of: Model) -> Report:
        of.graph.set_nodes([node for node in of.graph if node.op != "Assign"])
        return Report()

    broken = notation.model(BROKEN)
    cures(broken)
    assert "set" not in broken.graph


def test_what_a_pass_does_not_cure_is_its_refusal():
    @model_pass(tolerates=("input-type",))
    def does_nothing(_: Model) -> Report:
        return Report()

    with pytest.raises(GraphError, match=r"node 'set': input 0 .*takes float32_ref"):
        does_nothing(notation.model(BROKEN))


def test_other_faults_are_refused_before():
    @model_pass(tolerates=("input-type",))
    def never_runs(_: Model) -> Report:
        raise AssertionError

    with pytest.raises(GraphError, match="names no node"):
        never_runs(notation.model(BROKEN + "; y = Neg(nobody) {T: f32}"))


def test_a_pass_may_start_from_anything():
    @model_pass(tolerates="everything")
    def drops(of: Model, *, names: tuple[str, ...]) -> Report:
        of.graph.set_nodes([node for node in of.graph if node.name not in names])
        return Report()

    broken = notation.model("y = Neg(nobody) {T: f32}; z = Neg(nobody) {T: f32}")
    with pytest.raises(GraphError, match=r"^node 'z': .*names no node"):
        drops(broken, names="y")  # type: ignore[arg-type]
    assert len(broken.graph) == 2
    drops(broken, names=("y", "z"))
    assert len(broken.graph) == 0


@takes_tensors
@model_pass(needs_graph=False)
def doubles(of: Model, *, fail: bool = False) -> Report:
    """Double all values."""
    of.variables = {name: as_tensor(tensor.numpy() * 2) for name, tensor in of.variables.items()}
    if fail:
        raise PassError("doubles", "on second thoughts")
    return Report(list(of.variables))


def test_a_checkpoint_alone_is_a_model_too():
    of = Model()
    of.variables = {"v": as_tensor([1])}
    assert doubles(of).rows == ["v"]
    assert of.variables["v"].numpy().tolist() == [2]
    given: dict[str, Any] = {"v": np.array([1])}
    assert doubles(given).rows == ["v"]
    assert given["v"].numpy().tolist() == [2]
    with pytest.raises(TypeError, match="a dict of tensors is edited, and this is a str"):
        doubles("model.ckpt")  # type: ignore[arg-type]


def test_a_checkpoint_without_its_graph_is_declined():
    of = Model()
    of.variables = {"v": as_tensor([1])}
    wants = model_pass()(lambda of: Report(list(of.variables)))
    with pytest.raises(PassError, match="there is no graph: these are 1 tensor alone") as caught:
        wants(of)
    assert caught.value.hint is not None


def test_a_checkpoint_alone_is_left_as_it_was():
    given = {"v": np.array([1])}
    with pytest.raises(PassError):
        doubles(given, fail=True)
    assert given == {"v": [1]}


@model_pass(obeys=True)
def disobedient(model: Model, *, input: str) -> Report:  # noqa: A002
    """Let y read something."""
    copy = model.graph["y"].copy()
    copy.inputs = (input,)
    model.graph.set_nodes([model.graph["x"], copy])
    return Report()


def test_what_a_pass_was_told_to_break_is_its_refusal():
    of = notation.model("x = Placeholder {dtype: f32}; y = Relu(x)")
    with pytest.raises(PassError, match="node 'y': the graph would not be well formed"):
        disobedient(of, input="z")
    assert of.graph["y"].inputs == ("x",)
