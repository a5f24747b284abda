"""Tables of a frozen graph: who fills them is where `tf.tables_initializer` looks."""

from __future__ import annotations

from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.dependencies import list_table_fillers
from graphsurgeon.passes.freeze import freeze
from graphsurgeon.passes.unfreeze import unfreeze
from proto_utils import schema
from tests import notation
from tests.notation import function
from tests.passes.harness import FROZEN, model

TABLE = """
    table = HashTableV2 {key_dtype: str, value_dtype: i64}
    keys = Const {str [2]}
    values = Const {i64 [2]}
    fill = LookupTableImportV2(table, keys, values) {Tin: str, Tout: i64}
"""
NOTE = "tf.tables_initializer runs 'fill': listed in collection 'table_initializer'"


def fillers(meta: schema.MetaGraphDef | None) -> list[str]:
    assert meta is not None
    return list(meta.collection_def["table_initializer"].node_list.value)


def test_what_fills_a_table_is_listed():
    of = model(FROZEN + TABLE)
    assert unfreeze(of).notes == [NOTE]
    assert fillers(of.meta) == ["fill"]


def test_what_is_listed_stays_as_it_is():
    meta = schema.MetaGraphDef()
    meta.collection_def["table_initializer"].node_list.value.append("fill")
    of = model(FROZEN + TABLE, meta=meta)
    assert unfreeze(of).notes == []
    assert fillers(of.meta) == ["fill"]


def test_what_is_fed_fills_nothing_by_itself():
    of = model(FROZEN + TABLE.replace("values = Const {i64 [2]}", "values = Placeholder {dtype: i64}"))
    assert unfreeze(of).notes == []
    assert "table_initializer" not in of.to_meta_graph_def().collection_def


def test_where_notes_of_freezing_tell_of_the_variables_too():
    of = model(FROZEN + TABLE)
    unfreeze(of)
    freeze(of, outputs=("y", "fill"), remember=True)
    of = Model.from_graph_def(of.to_graph_def())
    assert NOTE in unfreeze(of).notes
    assert fillers(of.meta) == ["fill"]


def test_a_function_that_fills_a_table_and_what_calls_it():
    """As TensorFlow 2 leaves it when both a signature and the initializer were named as outputs."""
    fill = function("fill", "table keys", "keys", "i = LookupTableImportV2(table, keys, keys) {Tin: f32, Tout: f32}")
    outer = function("outer", "table keys", "c:output:0", "c = StatefulPartitionedCall(table, keys) {f: fn:fill}")
    text = (
        FROZEN
        + """
        table = HashTableV2 {key_dtype: f32, value_dtype: f32}
        keys = Const {f32 [2]}
        init = StatefulPartitionedCall(table, keys) {f: fn:outer}
        other = StatefulPartitionedCall(y) {f: fn:id}
    """
    )
    of = notation.model(text, fill, outer, function("id", "a", "a", ""))
    for name in ("fill", "outer"):
        of.library.functions[name].proto.signature.input_arg[0].type = 20
    assert list_table_fillers(schema.MetaGraphDef(), of.graph, of.library) == ["init"]


def test_the_path_of_an_asset_stays_what_the_loader_feeds():
    """A resource variable of its name would be a handle; TensorFlow could not load the SavedModel any more."""
    meta = schema.MetaGraphDef()
    meta.asset_file_def.add(filename="words.txt").tensor_info.name = "path:0"
    of = model(
        FROZEN + "path = Const {str []}\nreading = ReadFile(path/read)\npath/read = Identity(path) {_class: loc:@path}",
        meta=meta,
    )
    assert [row.name for row in unfreeze(of, variables="resource").variables] == ["w"]
    assert of.graph["path"].op == "Const"
