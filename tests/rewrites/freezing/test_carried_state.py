"""State that comes along with a frozen graph. That TensorFlow runs it is proven in tests/tf/test_state_tf.py."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.freezing.carried_state import CarriedState
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.state_choice import StateChoice
from proto_utils import schema
from tests import notation
from tests.saved_tables import table_model


def carried(model: Model, *drop: str, roots: tuple[str, ...] = ("y",), has_saver: bool = False) -> CarriedState:
    index = Index(model.graph)
    return CarriedState(model, index, roots, StateChoice(model, index, drop, "freeze"), has_saver=has_saver)


def added(model: Model, state: CarriedState) -> list[str]:
    before = {node.name for node in model.graph}
    state.add()
    return notation.show(node for node in model.graph if node.name not in before).splitlines()


def test_what_the_checkpoint_holds_becomes_constants():
    model = table_model()
    assert added(model, carried(model)) == [
        "counts/LookupTableImportV2/keys = Const",
        "counts/LookupTableImportV2/values = Const",
        "counts/LookupTableImportV2 = LookupTableImportV2(counts, counts/LookupTableImportV2/keys, "
        "counts/LookupTableImportV2/values)",
        "init_all_tables = NoOp(^counts/LookupTableImportV2)",
    ]
    assert model.graph["counts/LookupTableImportV2/keys"].tensor.numpy().tolist() == [1, 2]


def test_only_what_the_outputs_need_comes_along():
    model = table_model()
    state = carried(model, roots=("w/read",))
    assert (state.add(), state.rows(), state.notes(None)) == (None, [], [])


def test_what_is_dropped_starts_empty():
    model = table_model()
    state = carried(model, "counts")
    assert state.add() is None
    assert state.notes(None) == ["'counts' starts empty, as its state was to be dropped"]


def test_what_a_saver_saves_stays_with_it():
    model = table_model()
    state = carried(model, has_saver=True)
    assert (state.add(), state.values) == (None, {})


def test_an_op_for_all_that_is_there_is_used():
    model = table_model()
    for node in notation.graph("init_all_tables = NoOp(^w/Assign)"):
        model.graph.append(node)
    assert carried(model).add() == "init_all_tables"
    assert model.graph["init_all_tables"].inputs == ("^counts/LookupTableImportV2",)


def test_ops_of_the_graph_that_fill_tables_come_first():
    model = table_model()
    text = """
        words = HashTableV2 {key_dtype: str, value_dtype: i64}
        k = Const {str [1]}
        v = Const {i64 [1]}
        fill = InitializeTableV2(words, k, v) {Tkey: str, Tval: i64}
        name = Placeholder {dtype: str}
        other = HashTableV2 {key_dtype: str, value_dtype: i64}
        file = InitializeTableFromTextFileV2(other, name)
        counts/fill = LookupTableImportV2(counts, v, f) {Tin: i64, Tout: f32}
        f = Const {f32 [1]}
        all = NoOp(^words, ^other, ^y)
        """
    for node in notation.graph(text):
        model.graph.append(node)
    state = carried(model, roots=("all",))
    assert state.roots == ["counts/fill", "fill", "file"]
    assert state.add() == "init_all_tables"
    assert model.graph["counts/LookupTableImportV2"].control_inputs == ("^counts/fill",)
    assert [row.node for row in state.rows()] == ["counts", "words"]
    # What must be fed first is not run with the others.
    assert model.graph["init_all_tables"].inputs == ("^counts/fill", "^fill", "^counts/LookupTableImportV2")
    assert state.notes("init_all_tables")[1] == "'other' starts empty: feed and run file, which fills it"


def test_a_meta_graph_that_stays_names_the_op():
    model = table_model()
    state = carried(model)
    for node in notation.graph("main = NoOp(^w/Assign)"):
        model.graph.append(node)
    meta = model.meta = schema.MetaGraphDef()
    meta.collection_def["saved_model_main_op"].node_list.value.append("main")
    state.list_in(meta, state.add())
    assert list(meta.collection_def["table_initializer"].node_list.value) == ["init_all_tables"]
    assert model.graph["main"].inputs == ("^w/Assign", "^init_all_tables")


def test_shapes_that_tensorflow_would_refuse_are_hidden():
    model = table_model()
    model.variables["counts-values"] = as_tensor(np.ones((2, 3), np.float32))
    lines = added(model, carried(model))
    assert (
        "counts/LookupTableImportV2/values/value = PlaceholderWithDefault(counts/LookupTableImportV2/values)" in lines
    )


def test_state_that_cannot_come_is_declined():
    model = table_model()
    del model.variables["counts-values"]
    with pytest.raises(NotFoundError, match="no value in the checkpoint for state 'counts-values'"):
        assert carried(model).values
    model = notation.model("it = IteratorV2; y = IteratorGetNext(it) {output_types: [f32]}")
    model.variables = {"it:0-state": as_tensor(np.ones(1, np.float32))}
    with pytest.raises(PassError, match="'it:0-state' would be lost") as caught:
        assert carried(model).values
    assert caught.value.hint == '`drop_state="it"` lets it go; prune `inputs="y"` cuts it off'


@pytest.mark.parametrize(
    ("roots", "note"),
    [
        (("take",), "'q' starts empty, as no checkpoint holds what is in it; what fills it goes, but for what is among "
         "the outputs: put"),
        (("take", "put"), None),
    ],
)  # fmt: skip
def test_what_fills_a_queue_is_named(roots: tuple[str, ...], note: str | None):
    model = notation.model("""
        q = FIFOQueueV2 {component_types: [f32]}
        x = Placeholder {dtype: f32}
        put = QueueEnqueueV2(q, x) {Tcomponents: [f32]}
        take = QueueDequeueV2(q) {component_types: [f32]}
        """)  # fmt: skip
    state = carried(model, roots=roots)
    assert state.notes(state.add()) == ([] if note is None else [note])
