"""What belongs to stateful nodes, and the ops that initialize everything at once."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.meta_graph.dependencies import (
    InitOps,
    collection_dependencies,
    holds_state,
    init_ops,
    initialization_dependencies,
    state_inputs,
)
from proto_utils import schema
from tests.notation import graph

GRAPH = """
    v = VarHandleOp {dtype: f32, shape: shape[2]}
    w = VariableV2 {dtype: f32, shape: shape[2]}
    k = Const {i64 [2]}
    t = HashTableV2
    q = FIFOQueueV2
    v/init = AssignVariableOp(v, k)
    w/init = Assign(w, k)
    t/init = LookupTableImportV2(t, k, k)
    check = Assert(k, k)
    variables = NoOp(^v/init, ^w/init)
    all = NoOp(^variables, ^t/init, ^check)
"""


ALL_INITIALIZERS = {"v/init", "w/init", "t/init", "check"}


def producers() -> dict[str, Node]:
    return Index(graph(GRAPH)).producers


@pytest.mark.parametrize(
    ("name", "answer"), [("v", True), ("w", True), ("t", True), ("q", True), ("k", False), ("v/init", False)]
)
def test_state_is_held_by_sources_of_handles_and_references(name: str, answer: bool):
    assert holds_state(producers()[name]) is answer


def test_state_inputs():
    assert state_inputs("t/init", producers()) == ["t"]
    assert state_inputs("variables", producers()) == []
    assert state_inputs("nowhere", producers()) == []


def test_dependencies_are_read_from_the_collections():
    meta = schema.MetaGraphDef()
    variable = schema.VariableDef(variable_name="v:0", initializer_name="v/init", snapshot_name="v/read:0")
    for key in ("variables", "trainable_variables"):
        meta.collection_def[key].bytes_list.value.append(schema.serialize(variable))
    runner = schema.QueueRunnerDef(queue_name="q", enqueue_op_name=["q/enqueue"], close_op_name="q/close")
    meta.collection_def["queue_runners"].bytes_list.value.append(schema.serialize(runner))
    meta.collection_def["table_initializer"].node_list.value.extend(["t/init", "gone"])
    assert collection_dependencies(meta, producers()) == {
        "v": ["v/init", "v/read"],
        "q": ["q/enqueue", "q/close"],
        "t": ["t/init"],
    }


def test_collections_and_init_ops_are_joined():
    meta = schema.MetaGraphDef()
    meta.collection_def["saved_model_main_op"].node_list.value.append("all")
    meta.collection_def["table_initializer"].node_list.value.append("t/init")
    also, init = initialization_dependencies(meta, producers())
    assert also == {"t": ["t/init"], "v": ["v/init"], "w": ["w/init"]}
    assert init.initializers.keys() == also.keys()
    assert initialization_dependencies(meta, producers(), without={"t"})[0].keys() == {"v", "w"}


def test_of_a_bare_graph_the_ops_that_fill_tables_tell():
    also, init = initialization_dependencies(None, producers())
    assert (also, init.initializers) == ({"t": ["t/init"]}, {})
    found = producers() | Index(graph("init_all_tables = NoOp(^t/init, ^check)")).producers
    also, init = initialization_dependencies(None, found)
    assert (also, init.cut({"t", "t/init"})) == ({"t": ["t/init"]}, {"init_all_tables": ("^t/init",)})


def test_what_a_saver_restores_fills_nothing_at_first():
    nodes = graph(
        """
        t = MutableHashTableV2 {key_dtype: f32, value_dtype: f32}
        k = Const {str [1]}
        read = RestoreV2(k, k, k) {dtypes: [f32, f32]}
        restore = LookupTableImportV2(t, read, read:1)
        """
    )
    assert initialization_dependencies(None, Index(nodes).producers)[0] == {}


def test_a_handle_is_followed_to_where_it_comes_from():
    made = Index(
        graph(
            """
            t = StatefulPartitionedCall {Tout: [resource]}
            h = Identity(t)
            init = AssignVariableOp(h, x)
            x = Const {f32 [2]}
        """
        )
    )
    assert holds_state(made.producers["t"])
    assert state_inputs("init", made.producers) == ["t"]
    assert not holds_state(made.producers["h"])


def test_members_of_a_branch_bring_its_pivots():
    context = schema.CondContextDef(context_name="c", pred_name="p:0", pivot_name="c/pivot:0")
    context.values_def.values.extend(["outside:0", "c/Switch:1", "c/Relu:0"])
    context.values_def.external_values["outside:0"] = "c/Switch:1"
    nested = context.nested_contexts.add().cond_ctxt
    nested.pivot_name = "c/c/pivot:0"
    nested.values_def.values.append("c/c/Relu:0")
    meta = schema.MetaGraphDef()
    meta.collection_def["cond_context"].bytes_list.value.append(schema.serialize(context))
    assert collection_dependencies(meta, {}) == {
        "c/Switch": ["p", "c/pivot"],
        "c/Relu": ["p", "c/pivot"],
        "c/c/Relu": ["c/c/pivot"],
    }


def test_a_loop_variable_brings_its_exit():
    loop = Index(
        graph("""
            m = Merge(e, e)
            e = Enter(x) {frame_name: "loop"}
            s = Switch(m, p)
            exit = Exit(s)
            x = Const {f32 [2]}
            p = Const {bool [2]}
        """)
    )
    context = schema.WhileContextDef(pivot_name="p:0", loop_exit_names=["exit:0", "gone:0"])
    context.values_def.values.append("m:0")
    meta = schema.MetaGraphDef()
    meta.collection_def["while_context"].bytes_list.value.append(schema.serialize(context))
    assert collection_dependencies(meta, loop.producers) == {"m": ["p"], "s": ["exit"]}


def test_init_ops_are_named_by_collections_and_by_a_signature():
    meta = schema.MetaGraphDef()
    meta.collection_def["saved_model_main_op"].node_list.value.append("main")
    meta.collection_def["local_init_op"].node_list.value.append("local")
    meta.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name = "main"
    meta.signature_def["serving_default"].outputs["y"].name = "y:0"
    assert init_ops(meta) == ["main", "local"]


def test_initializers_are_found_below_the_groups():
    init = InitOps(["all", "gone"], producers())
    assert init.initializers == {"v": ["v/init"], "w": ["w/init"], "t": ["t/init"]}


@pytest.mark.parametrize(
    ("kept", "left"),
    [
        ({"w/init"}, {"variables": ["^w/init"], "all": ["^variables"]}),
        ({"t/init"}, {"all": ["^t/init"]}),
        (ALL_INITIALIZERS, {"variables": ["^v/init", "^w/init"], "all": ["^variables", "^t/init", "^check"]}),
        (ALL_INITIALIZERS | {"variables", "all"}, {}),
        (set(), {}),
    ],
)
def test_groups_are_cut_down(kept: set[str], left: dict[str, list[str]]):
    before = producers()
    cut = InitOps(["all"], before).cut(kept)
    assert {name: list(inputs) for name, inputs in cut.items()} == left
    assert all(node.inputs == producers()[name].inputs for name, node in before.items())


def test_a_group_that_never_waited_stays():
    empty = Index(graph("all = NoOp")).producers
    assert list(InitOps(["all"], empty).cut(set())) == ["all"]


def test_groups_of_known_initializers_alone_need_no_collection():
    meta = schema.MetaGraphDef()
    for name in ("v", "w"):
        variable = schema.VariableDef(variable_name=f"{name}:0", initializer_name=f"{name}/init")
        meta.collection_def["variables"].bytes_list.value.append(schema.serialize(variable))
    _, init = initialization_dependencies(meta, producers())
    assert init.cut({"v/init"}) == {"variables": ("^v/init",)}  # `all` waits for a check too
