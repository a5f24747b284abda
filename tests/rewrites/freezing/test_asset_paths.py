"""The paths of assets are constants that may be fed, and no variable stands between them and the tables."""

from __future__ import annotations

from graphsurgeon.checks import check
from graphsurgeon.ir.model import Model, SavedModelParts
from graphsurgeon.passes.freeze import freeze
from graphsurgeon.rewrites.freezing.asset_paths import settle_asset_paths
from proto_utils import schema
from tests import notation

BY_VARIABLE = """
    path = Placeholder {dtype: str}
    v = VarHandleOp {dtype: str, shape: shape[]}
    v/Assign = AssignVariableOp(v, path) {dtype: str}
    read = ReadVariableOp(v, ^v/Assign) {dtype: str}
    t = HashTableV2 {key_dtype: str, value_dtype: i64}
    fill = InitializeTableFromTextFileV2(t, read) {key_index: -2, value_index: -1}
    init = NoOp(^fill, ^v/Assign)
"""
DIRECT = """
    path = Const {str [] }
    t = HashTableV2 {key_dtype: str, value_dtype: i64}
    fill = InitializeTableFromTextFileV2(t, path) {key_index: -2, value_index: -1}
"""


def model(text: str, files: dict[str, str]) -> Model:
    made = notation.model(text)
    made.meta = schema.MetaGraphDef()
    made.meta.asset_file_def.add(filename="words.txt").tensor_info.name = "path:0"
    made.saved_model = SavedModelParts((), 0, files=files)
    check(made)
    return made


def test_a_variable_is_what_it_is_assigned():
    made = model(BY_VARIABLE, {"assets/words.txt": "/m/assets/words.txt"})
    assert settle_asset_paths(made, "freeze") == ["path"]
    assert notation.show(made.graph).splitlines() == [
        "path = Const",
        "v = Identity(path)",
        "read = Identity(v)",
        "t = HashTableV2",
        "fill = InitializeTableFromTextFileV2(t, read)",
        "init = NoOp(^fill)",
    ]
    assert list(made.graph["path"].tensor.strings()) == [b"/m/assets/words.txt"]


def test_that_it_was_to_stay_a_variable_is_told():
    made = model(BY_VARIABLE + "find = LookupTableSizeV2(t)", {"assets/words.txt": "/m/assets/words.txt"})
    report = freeze(made, outputs="find", keep="v")
    assert made.graph["v"].op == "Identity"
    assert report.variables == []
    assert "v does not stay a variable: it is the path of an asset, which is fed" in report.notes


def test_a_constant_holds_the_path_where_the_file_is_now():
    made = model(DIRECT, {"assets/words.txt": "/m/assets/words.txt"})
    settle_asset_paths(made, "freeze")
    assert list(made.graph["path"].tensor.strings()) == [b"/m/assets/words.txt"]


def test_a_file_that_is_not_there_has_to_be_fed():
    made = model(BY_VARIABLE, {})
    settle_asset_paths(made, "freeze")
    assert (made.graph["path"].op, made.graph["v"].op) == ("Placeholder", "Identity")


def test_without_assets_nothing_happens():
    made = notation.model(DIRECT)
    assert settle_asset_paths(made, "freeze") == []


def test_as_in_another_graph():
    files = {"assets/words.txt": "/m/assets/words.txt"}
    settled, made = model(DIRECT, files), model(DIRECT, files)
    assert settle_asset_paths(made, "verify", notation.graph(DIRECT)) == []
    settle_asset_paths(settled, "freeze")
    assert settle_asset_paths(made, "verify", settled.graph) == ["path"]
    assert list(made.graph["path"].tensor.strings()) == list(settled.graph["path"].tensor.strings())
