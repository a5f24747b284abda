"""Models to prune."""

from __future__ import annotations

from collections.abc import Iterable

from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.dtypes import FLOAT
from graphsurgeon.variables.layout import Variable
from graphsurgeon.variables.saver import SavedVariable, new_saver
from proto_utils import schema
from tests.passes.harness import model, variable_def

NET = """
    x = Placeholder {dtype: f32}
    w = Const {f32 [2]}
    w/read = Identity(w) {_class: loc:@w}
    y = Mul(x, w/read)
    init = NoOp(^w)
    loss = Sub(y, x)
    out = Relu(y, ^init)
"""


def variable(name: str) -> str:
    return f"""
    {name} = VariableV2 {{dtype: f32, shape: shape[2], container: "", shared_name: ""}}
    {name}/zeros = Const {{f32 [2]}}
    {name}/Assign = Assign({name}, {name}/zeros) {{_class: loc:@{name}}}
    {name}/read = Identity({name}) {{_class: loc:@{name}}}"""


def listing(collection: str, *entries: str | bytes) -> schema.MetaGraphDef:
    meta = schema.MetaGraphDef()
    for entry in entries:
        if isinstance(entry, bytes):
            meta.collection_def[collection].bytes_list.value.append(entry)
        else:
            meta.collection_def[collection].node_list.value.append(entry)
    return meta


def trained(names: Iterable[str], rest: str, keys: dict[str, str] | None = None) -> Model:
    """A model with variables, their collection, values and a saver."""
    names = list(names)
    made = model("".join(map(variable, names)) + rest, meta=listing("variables", *map(variable_def, names)))
    assert made.meta is not None
    parts = [Variable(name, "ref", FLOAT, f"{name}/Assign", f"{name}/read:0") for name in names]
    saved = [SavedVariable((keys or {}).get(part.node, part.node), part) for part in parts]
    saver = new_saver(made.graph, saved, max_to_keep=3)
    for each in saver.nodes:
        made.graph.append(each)
    made.meta.saver_def.CopyFrom(saver.saver_def)
    made.variables = {each.key: made.graph[f"{each.variable.node}/zeros"].tensor for each in saved}
    return made
