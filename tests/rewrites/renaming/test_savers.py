"""Which savers are the model's own, and their keys under new names."""

from __future__ import annotations

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.rewrites.renaming.name_map import NameMap, parse_texts
from graphsurgeon.rewrites.renaming.new_names import NewNames, changed_names
from graphsurgeon.rewrites.renaming.savers import keys_of, own_savers, rename_keys
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema
from tests.models import floats


def strings(name: str, *texts: str) -> Node:
    value = StringTensor((len(texts),), [text.encode() for text in texts])
    return Node.new(name, "Const", attrs={"dtype": dtypes.STRING, "value": value})


def saver(scope: str, *keys: str, restores_only: bool = False) -> list[Node]:
    """The ops of a saver, without assignments."""
    types = {"dtypes": [dtypes.FLOAT] * len(keys)}
    lists = [strings(f"{scope}/names", *keys), strings(f"{scope}/slices", *[""] * len(keys)), strings(f"{scope}/file")]
    given = [f"{scope}/{name}" for name in ("file", "names", "slices")]
    restore = Node.new(f"{scope}/RestoreV2", "RestoreV2", given, attrs=types)
    if restores_only:
        return [*lists, restore]
    return [*lists, restore, Node.new(f"{scope}/SaveV2", "SaveV2", [*given, *["v"] * len(keys)], attrs=types)]


def model(*nodes: Node, main: str = "", values: str = "") -> Model:
    made = Model()
    made.graph.set_nodes([Node.new("v", "Placeholder", attrs={"dtype": dtypes.FLOAT}), *nodes])
    if main:
        made.meta = schema.MetaGraphDef()
        made.meta.saver_def.restore_op_name = f"{main}/RestoreV2"
        made.meta.saver_def.save_tensor_name = f"{main}/SaveV2"
    made.variables = {key: floats(1) for key in values.split()}
    return made


def scopes(of: Model) -> tuple[set[str], set[str]]:
    own, others = own_savers(of, Index(of.graph))
    return tuple({call.node.name.partition("/")[0] for call in calls} for calls in (own, others))  # type: ignore[return-value]


def renamed(of: Model, *texts: str) -> dict[str | None, list[Node]]:
    calls, _ = own_savers(of, Index(of.graph))
    keys = keys_of(of, calls)
    new = NewNames(NameMap(parse_texts(texts)), keys)
    nodes: dict[str | None, list[Node]] = {None: list(of.graph)}
    rename_keys(of, calls, new, changed_names(keys, new, "key"), nodes)
    return nodes


def keys_in(nodes: list[Node], name: str) -> list[bytes]:
    return list(next(node for node in nodes if node.name == name).tensor.strings())


def test_a_saver_of_some_of_the_keys_is_the_model_s_own():
    made = model(*saver("save", "a", "b"), *saver("best", "b"), *saver("vgg", "b", "c"), main="save")
    assert scopes(made) == ({"save", "best"}, {"vgg"})


def test_what_only_restores_reads_another_checkpoint():
    made = model(*saver("save", "a"), *saver("init", "a", restores_only=True), main="save")
    assert scopes(made) == ({"save"}, {"init"})


def test_without_a_saver_def_the_checkpoint_tells():
    savers = (*saver("save", "a"), *saver("vgg", "c"))
    assert scopes(model(*savers, values="a b")) == ({"save"}, {"vgg"})
    assert scopes(model(*savers)) == ({"save", "vgg"}, set())


def test_keys_are_those_of_savers_and_checkpoint():
    made = model(*saver("save", "b", OBJECT_GRAPH_KEY), main="save", values="a b")
    calls, _ = own_savers(made, Index(made.graph))
    assert keys_of(made, calls) == ["a", "b"]


def test_only_own_keys_are_renamed_and_nodes_copied():
    made = model(*saver("save", "a", "b"), *saver("vgg", "a", "c"), main="save")
    nodes = renamed(made, "a=x")[None]
    assert keys_in(nodes, "save/names") == [b"x", b"b"]
    assert keys_in(nodes, "vgg/names") == [b"a", b"c"]
    assert keys_in(list(made.graph), "save/names") == [b"a", b"b"]
    assert [node.name for node in nodes] == [node.name for node in made.graph]


def test_nothing_is_copied_when_no_key_changes():
    made = model(*saver("save", "a"), main="save")
    assert all(a is b for a, b in zip(renamed(made)[None], made.graph, strict=True))


def test_savers_that_are_functions_and_the_object_graph_they_save():
    objects = schema.TrackableObjectGraph()
    objects.nodes.add().attributes.add(name="VARIABLE_VALUE", full_name="k", checkpoint_key="a")
    given = StringTensor((), [schema.serialize(objects)])
    proto = schema.FunctionDef()
    proto.signature.name = "save_fn"
    proto.signature.input_arg.add(name="v", type=1)
    proto.signature.input_arg.add(name="graph", type=7)
    body = [
        strings("names", "a", OBJECT_GRAPH_KEY), strings("slices", "", ""), strings("file"),
        Node.new(
            "SaveV2", "SaveV2", ["file:output:0", "names:output:0", "slices:output:0", "v", "graph"],
            attrs={"dtypes": [dtypes.FLOAT, dtypes.STRING]},
        ),
    ]  # fmt: skip
    holder = Node.new("objects", "Const", attrs={"dtype": dtypes.STRING, "value": given})
    call = Node.new("call", "PartitionedCall", ["v", "objects"], attrs={"f": Func("save_fn", {})})
    made = model(holder, call)
    made.meta = schema.MetaGraphDef()
    made.meta.saver_def.save_tensor_name = "call:0"
    function = Function(proto, type(made.graph)(body))
    made.library.functions["save_fn"] = function
    nodes = renamed(made, "a=x", "k=j")
    assert keys_in(nodes["save_fn"], "names") == [b"x", OBJECT_GRAPH_KEY.encode()]
    (text,) = keys_in(nodes[None], "objects")
    attribute = schema.parse(schema.TrackableObjectGraph, text).nodes[0].attributes[0]
    assert (attribute.checkpoint_key, attribute.full_name) == ("x", "j")
