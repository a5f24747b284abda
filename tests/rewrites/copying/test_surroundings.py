"""Collections and contexts of which a part is there once more."""

from __future__ import annotations

from graphsurgeon.meta_graph.contexts import contexts
from graphsurgeon.rewrites.copying.surroundings import copy_surroundings
from graphsurgeon.rewrites.renaming.name_map import NameMap, parse_texts
from graphsurgeon.rewrites.renaming.new_names import NewNames
from graphsurgeon.variables.unfreeze_note import ConstantNote, UnfreezeNote
from proto_utils import schema
from tests.passes.prune.models import listing

COPIED = {"c/pivot": "k/pivot", "c/a": "k/a", "w": "k/w", "q": "k/q", "q/enqueue": "k/q/enqueue"}


def copied(meta: schema.MetaGraphDef, frames: dict[str, str] | None = None) -> schema.MetaGraphDef:
    copy_surroundings(meta, NewNames(NameMap(parse_texts(COPIED)), ()), set(COPIED), frames or {})
    return meta


def test_names_variables_and_runners_come_along():
    meta = listing("losses", "c/a:0", "other:0")
    definition = schema.VariableDef(variable_name="w:0", initializer_name="w/Assign", snapshot_name="w/read:0")
    meta.collection_def["variables"].bytes_list.value.append(schema.serialize(definition))
    runner = schema.QueueRunnerDef(queue_name="q", enqueue_op_name=["q/enqueue"])
    meta.collection_def["queue_runners"].bytes_list.value.append(schema.serialize(runner))
    copied(meta)
    assert list(meta.collection_def["losses"].node_list.value) == ["c/a:0", "other:0", "k/a:0"]
    made = schema.parse(schema.VariableDef, meta.collection_def["variables"].bytes_list.value[1])
    assert made.variable_name == "k/w:0"
    made_runner = schema.parse(schema.QueueRunnerDef, meta.collection_def["queue_runners"].bytes_list.value[1])
    assert (made_runner.queue_name, list(made_runner.enqueue_op_name)) == ("k/q", ["k/q/enqueue"])


def test_what_a_graph_has_once_stays_the_original():
    meta = copied(listing("init_op", "c/a"))
    assert list(meta.collection_def["init_op"].node_list.value) == ["c/a"]


def context(pivot: str = "c/pivot") -> schema.CondContextDef:
    made = schema.CondContextDef(context_name="c", pred_name="p:0", pivot_name=f"{pivot}:0")
    made.values_def.values.extend(["c/a:0", "c/b:0", "x:0"])
    made.values_def.external_values["x:0"] = "c/a:0"
    made.nested_contexts.add().cond_ctxt.pivot_name = "inner/pivot:0"
    return made


def with_context(made: schema.CondContextDef) -> schema.MetaGraphDef:
    meta = schema.MetaGraphDef()
    meta.collection_def["cond_context"].bytes_list.value.append(schema.serialize(made))
    return meta


def test_a_context_comes_along_with_its_pivot():
    meta = copied(with_context(context()))
    _, made = (schema.parse(schema.CondContextDef, v) for v in meta.collection_def["cond_context"].bytes_list.value)
    assert (made.context_name, made.pivot_name, made.pred_name) == ("c_1", "k/pivot:0", "p:0")
    assert list(made.values_def.values) == ["k/a:0", "x:0"]
    assert dict(made.values_def.external_values) == {"x:0": "k/a:0"}
    assert not made.nested_contexts


def test_copies_of_nodes_alone_are_inside_of_the_same_context():
    meta = copied(with_context(context("other")))
    (made,) = (schema.parse(schema.CondContextDef, v) for v in meta.collection_def["cond_context"].bytes_list.value)
    assert list(made.values_def.values) == ["c/a:0", "c/b:0", "x:0", "k/a:0"]


def test_a_context_in_one_that_is_not_copied():
    outer = context("other")
    outer.nested_contexts[0].cond_ctxt.pivot_name = "c/pivot:0"
    assert sorted(each.pivot_name for each in contexts(copied(with_context(outer)))) == [
        "c/pivot:0", "k/pivot:0", "other:0",
    ]  # fmt: skip


def test_loops_have_the_names_of_their_frames():
    meta = schema.MetaGraphDef()
    loop = schema.WhileContextDef(context_name="l", pivot_name="c/pivot:0", loop_exit_names=["c/a:0", "o:0"])
    meta.collection_def["while_context"].bytes_list.value.append(schema.serialize(loop))
    copied(meta, {"l": "l_7"})
    made = schema.parse(schema.WhileContextDef, meta.collection_def["while_context"].bytes_list.value[1])
    assert (made.context_name, list(made.loop_exit_names)) == ("l_7", ["k/a:0"])


def test_the_note_of_unfreeze_speaks_of_copies_too():
    meta = schema.MetaGraphDef()
    note = UnfreezeNote()
    note.constants["w"] = ConstantNote(read="w")
    note.write(meta)
    assert sorted(UnfreezeNote.read(copied(meta)).constants) == ["k/w", "w"]
