"""Prune: what outputs need stays, as it was; the rest goes, and the report names it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphsurgeon.checks import verify
from graphsurgeon.formats.load import load
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.prune import prune
from proto_utils import schema
from tests import notation
from tests.passes.harness import check_pass, model
from tests.passes.prune.models import NET, trained


def test_data_and_control_inputs_are_followed():
    report = check_pass(
        prune,
        model(NET),
        """
        x = Placeholder
        w = Const
        w/read = Identity(w) {_class: loc:@w}
        y = Mul(x, w/read)
        init = NoOp(^w)
        out = Relu(y, ^init)
        """,
        outputs=("out",),
    )
    assert [(row.node, row.op) for row in report.removed] == [("loss", "Sub")]
    assert report.num_nodes == 6


@pytest.mark.parametrize("outputs", [("loss:0", "w"), ("w,loss",), (" loss , w ",)])
def test_outputs_are_named_in_many_ways(outputs: tuple[str, ...]):
    pruned = model(NET)
    report = prune(pruned, outputs=outputs)
    assert sorted(report.outputs) == ["loss", "w"]
    assert [each.name for each in pruned.graph] == ["x", "w", "w/read", "y", "loss"]


def test_kept_nodes_are_the_bytes_they_were():
    pruned = model(NET)
    pruned.rest.versions.producer = 27
    before = {each.name: schema.serialize(each.proto) for each in pruned.graph}
    prune(pruned, outputs=("out",))
    for each in pruned.graph:
        assert each.origin is not None
        assert schema.serialize(each.proto) == before[each.name]
    assert pruned.to_graph_def().versions.producer == 27


def test_pruning_nothing_changes_no_byte():
    pruned = model(NET)
    report = prune(pruned, outputs=("out", "loss"))
    assert report.removed == []
    assert pruned.to_graph_def() == model(NET).to_graph_def()
    assert not pruned.graph.is_edited


def test_pruning_twice_is_pruning_once():
    once = model(NET)
    prune(once, outputs=("out",))
    twice = Model.from_graph_def(once.to_graph_def())
    report = prune(twice, outputs=("out",))
    assert report.removed == []
    assert twice.to_graph_def() == once.to_graph_def()


def test_loops_stay_whole():
    loop = """
        n = Const {f32 [2]}
        enter = Enter(n) {frame_name: "loop"}
        merge = Merge(enter, next)
        cond = Const {bool [2]}
        loop_cond = LoopCond(cond)
        switch = Switch(merge, loop_cond)
        exit = Exit(switch)
        one = Identity(switch:1)
        next = NextIteration(one)
        """
    before, after = model(f"{loop}\nout = Relu(exit)\nelse = Relu(exit)"), notation.graph(f"{loop}out = Relu(exit)")
    check_pass(prune, before, notation.show(after), outputs=("out",))


def test_colocation_goes_with_its_target():
    report = check_pass(
        prune,
        model(
            """
            a = Const {f32 [2]}
            b = Identity(a) {_class: ["loc:@c", "loc:@a"]}
            c = Identity(a) {_class: loc:@a}
            d = Identity(b) {_class: loc:@c}
            """
        ),
        "a = Const\nb = Identity(a) {_class: loc:@a}\nd = Identity(b)",
        outputs=("d",),
    )
    assert [(row.node, row.target) for row in report.colocations] == [("b", "c"), ("d", "c")]


def test_the_report_is_json():
    report = prune(trained("vw", "\nout = Relu(v/read)"), outputs=("out",))
    plain = json.loads(json.dumps(report.to_json()))
    assert plain["removed"][0] == {"node": "w", "op": "VariableV2"}
    assert (plain["saver"], plain["variables"], plain["num_nodes"]) == ("remade", ["w"], report.num_nodes)


@pytest.mark.parametrize(
    "name", ["cond", "dtypes", "lstm_calls", "lstm_loop", "mobile_cnn", "partitioned", "resource_cnn"]
)
def test_every_node_can_be_the_output(fixtures: Path, name: str):
    names = [each.name for each in load(fixtures / f"{name}.ckpt.meta").graph]
    for output in names[:: max(1, len(names) // 12)]:
        pruned = load(fixtures / f"{name}.ckpt.meta")
        report = prune(pruned, outputs=(output,))
        assert report.num_nodes + len(report.removed) >= len(names)
        assert verify(pruned) == []
        assert {row.node for row in report.removed}.isdisjoint(each.name for each in pruned.graph if each.origin)


def test_no_payload_is_read(fixtures: Path, monkeypatch: pytest.MonkeyPatch):
    pruned = load(fixtures / "mobile_cnn.pb")
    for each in pruned.graph:
        each.proto  # noqa: B018
    monkeypatch.setattr("proto_utils.files.Span.read", lambda *_: pytest.fail("a payload was read"))
    monkeypatch.setattr("proto_utils.files.Span.chunks", lambda *_: pytest.fail("a payload was read"))
    prune(pruned, outputs=(list(pruned.graph)[-1].name,))


def test_what_fills_tables_stays_with_them_in_a_graph_alone():
    check_pass(
        prune,
        model("""
        x = Placeholder {dtype: str}
        k = Const {str [1]}
        v = Const {f32 [1]}
        t = HashTableV2 {key_dtype: str, value_dtype: f32}
        fill = LookupTableImportV2(t, k, v) {Tin: str, Tout: f32}
        u = HashTableV2 {key_dtype: str, value_dtype: f32}
        fill_u = LookupTableImportV2(u, k, v) {Tin: str, Tout: f32}
        init_all_tables = NoOp(^fill, ^fill_u)
        y = LookupTableFindV2(t, x, v) {Tin: str, Tout: f32}
        """),
        """
        x = Placeholder
        k = Const
        v = Const
        t = HashTableV2
        fill = LookupTableImportV2(t, k, v)
        init_all_tables = NoOp(^fill)
        y = LookupTableFindV2(t, x, v)
        """,
        outputs=("y",),
    )
