"""Inputs that are large in one dimension: each a function of a size that writes its files, for a family of commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import graphsurgeon as gs
from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import StringTensor, as_tensor
from graphsurgeon.variables.checkpoint_keys import EMA
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema
from tests import notation
from tests.formats import v1_files
from tests.formats.bundle_files import entry, write_files, write_slices
from tests.fuzz.seeds import Seed
from tests.object_graphs import message as object_graph

Make = Callable[[int, Path], Seed]
_X = "x = Placeholder {dtype: f32}\n"
_FLOATS = as_tensor(np.zeros(2, np.float32))


def _lines(count: int, line: Callable[[int], str]) -> str:
    return "\n".join(map(line, range(count))) + "\n"


def _chain(size: int) -> Model:
    return notation.model(
        _X + _lines(size, lambda i: f"a{i} = Identity({f'a{i - 1}' if i else 'x'})") + f"out = Neg(a{size - 1})"
    )


def _weights(size: int) -> Model:
    """Weights one after the other, each added."""
    weights = _lines(size, lambda i: f"w{i} = Const {{f32 [2]}}; w{i}/read = Identity(w{i})")
    sums = _lines(size, lambda i: f"a{i} = BiasAdd({f'a{i - 1}' if i else 'x'}, w{i}/read)")
    return notation.model(_X + weights + sums + f"out = Identity(a{size - 1})")


def _inputs(size: int) -> Model:
    return notation.model(_X + f"out = AddN({', '.join(['x'] * size)})")


def _fan(size: int) -> Model:
    return notation.model(
        _X + _lines(size, lambda i: f"a{i} = Neg(x)") + f"out = AddN({', '.join(f'a{i}' for i in range(size))})"
    )


def _outputs(size: int) -> Model:
    reads = ", ".join(f"u:{i}" if i else "u" for i in range(size))
    return notation.model(_X + f"u = Unpack(x) {{num: {size}}}\nout = AddN({reads}) {{T: f32}}")


def _control_inputs(size: int) -> Model:
    return notation.model(
        _X + _lines(size, lambda i: f"a{i} = NoOp") + f"out = Neg(x, {', '.join(f'^a{i}' for i in range(size))})"
    )


def _waits(size: int) -> Model:
    return notation.model(
        _X
        + "first = NoOp\n"
        + _lines(size, lambda i: f"a{i} = NoOp(^{f'a{i - 1}' if i else 'first'}, ^first)")
        + f"out = Neg(x, ^a{size - 1})"
    )


def _attrs(size: int) -> Model:
    return notation.model(_X + f"out = Neg(x) {{T: f32, {', '.join(f'_a{i}: {i}' for i in range(size))}}}")


def _groups(size: int) -> Model:
    names = ", ".join(f'"loc:@a{i}"' for i in range(size))
    return notation.model(_X + _lines(size, lambda i: f"a{i} = Neg(x)") + f"out = Neg(x) {{T: f32, _class: [{names}]}}")


def _strings(size: int) -> Model:
    return notation.model(_X + f"c = Const {{str [{size}]}}; i = Const {{i32 [{size}]}}; out = Neg(x)")


def _functions(size: int) -> Model:
    made = [notation.function(f"f{i}", "x", "n:y:0", "n = Neg(x) {T: f32}") for i in range(size)]
    calls = _lines(
        size, lambda i: f"c{i} = PartitionedCall({f'c{i - 1}' if i else 'x'}) {{f: fn:f{i}, Tin: [f32], Tout: [f32]}}"
    )
    return notation.model(_X + calls + f"out = Identity(c{size - 1}) {{T: f32}}", *made)


def _nested_functions(size: int) -> Model:
    attrs = "Tin: [f32], Tout: [f32]"
    made = [notation.function("f0", "x", "n:y:0", "n = Neg(x) {T: f32}")]
    made += [
        notation.function(f"f{i}", "x", "n:output:0", f"n = PartitionedCall(x) {{f: fn:f{i - 1}, {attrs}}}")
        for i in range(1, size)
    ]
    text = f"c = PartitionedCall(x) {{f: fn:f{size - 1}, {attrs}}}; out = Identity(c) {{T: f32}}"
    return notation.model(_X + text, *made)


def _body(size: int) -> Model:
    body = "n0 = Neg(x) {T: f32}\n" + _lines(size, lambda i: f"n{i + 1} = Neg(n{i}:y:0) {{T: f32}}")
    made = notation.function("f", "x", f"n{size}:y:0", body)
    return notation.model(
        _X + "c = PartitionedCall(x) {f: fn:f, Tin: [f32], Tout: [f32]}; out = Identity(c) {T: f32}", made
    )


def _long_name(size: int) -> Model:
    name = "n" * 40 * size
    return notation.model(_X + f"{name} = Const {{f32 [2]}}; out = Mul(x, {name})")


def _deep_name(size: int) -> Model:
    name = "n/" * size + "w"
    return notation.model(_X + f"{name} = Const {{f32 [2]}}; out = Mul(x, {name})")


def _frames(size: int) -> Model:
    """Loops in loops."""
    enters = _lines(size, lambda i: f'e{i} = Enter({f"e{i - 1}" if i else "x"}) {{frame_name: "f{i}"}}')
    exits = _lines(size, lambda i: f"q{i} = Exit({f'q{i - 1}' if i else f'e{size - 1}'})")
    return notation.model(_X + enters + exits + f"out = Neg(q{size - 1})")


def _conditionals(size: int) -> Model:
    """Conditionals in conditionals."""
    return notation.model(notation.nested_conditionals(size))


def _variables(kind: Any) -> Callable[[int], Model]:
    def make(size: int) -> Model:
        model = _weights(size)
        gs.unfreeze(model, variables=kind, select=("w.*",))
        return model

    return make


def _meta(
    change: Callable[[Any, int], None], make: Callable[[int], Model] = lambda size: _chain(4)
) -> Callable[[int], Model]:
    def made(size: int) -> Model:
        model = make(size)
        if model.meta is None:
            model.meta = schema.MetaGraphDef()
        change(model.meta, size)
        return model

    return made


def _collections(meta: Any, size: int) -> None:
    for number in range(size):
        meta.collection_def[f"c{number}"].node_list.value.append("x:0")


def _entries(meta: Any, size: int) -> None:
    meta.collection_def["c"].node_list.value.extend(["x:0", "out", "a0:0", "gone"] * (size // 4))
    meta.collection_def["b"].bytes_list.value.extend([b"x"] * size)
    meta.collection_def["i"].int64_list.value.extend(range(size))


def _signatures(meta: Any, size: int) -> None:
    for number in range(size):
        signature = meta.signature_def[f"s{number}"]
        signature.inputs["x"].name, signature.inputs["x"].dtype = "x:0", 1
        signature.outputs["y"].name, signature.outputs["y"].dtype = "out:0", 1


def _signature(meta: Any, size: int) -> None:
    for number in range(size):
        info = meta.signature_def["s"].outputs[f"y{number}"]
        info.name, info.dtype = f"a{number}:0", 1


def _assets(meta: Any, size: int) -> None:
    for number in range(size):
        asset = meta.asset_file_def.add(filename=f"f{number}")
        asset.tensor_info.name = "a0:0"


def _contexts(meta: Any, size: int) -> None:
    for number in range(size):
        context = schema.CondContextDef(context_name=f"c{number}", pred_name="x:0", pivot_name="a0:0")
        context.values_def.values.extend(["x:0", "a1:0"])
        meta.collection_def["cond_context"].bytes_list.value.append(context.SerializeToString())


def _one_context(meta: Any, size: int) -> None:
    context = schema.CondContextDef(context_name="c", pred_name="x:0", pivot_name="a0:0")
    for number in range(size):
        context.values_def.values.append(f"a{number}:0")
        context.values_def.external_values[f"a{number}:0"] = "x:0"
    meta.collection_def["cond_context"].bytes_list.value.append(context.SerializeToString())


def _initializers(size: int) -> Model:
    """Groups that wait for groups."""
    groups = _lines(size, lambda i: f"g{i} = NoOp(^{f'g{i - 1}' if i else 'w0/Assign'}, ^w0/Assign)")
    model = _variables("ref")(1)
    for node in notation.graph("w0/Assign = NoOp\n" + groups):
        if node.name != "w0/Assign":
            model.graph.append(node)
    assert model.meta is not None
    model.meta.collection_def["init_op"].node_list.value.append(f"g{size - 1}")
    return model


GRAPHS: dict[str, Callable[[int], Model]] = {
    "chain": _chain, "weights": _weights, "inputs": _inputs, "fan": _fan, "outputs": _outputs, "attrs": _attrs,
    "control inputs": _control_inputs, "waits": _waits, "colocation": _groups, "strings": _strings,
    "functions": _functions, "nested functions": _nested_functions, "body": _body, "long name": _long_name,
    "deep name": _deep_name, "frames": _frames, "conditionals": _conditionals,
    "collections": _meta(_collections), "entries": _meta(_entries),
    "signatures": _meta(_signatures), "a signature": _meta(_signature, _chain), "assets": _meta(_assets),
    "contexts": _meta(_contexts), "a context": _meta(_one_context, _chain),
}  # fmt: skip
MODELS: dict[str, Callable[[int], Model]] = {
    "variables": _variables("ref"), "resource variables": _variables("resource"), "initializers": _initializers,
}  # fmt: skip


def _graph(name: str) -> Make:
    def make(size: int, directory: Path) -> Seed:
        model = GRAPHS[name](size)
        file = "g.pb" if model.meta is None else "g.meta"
        gs.save(model, directory / file, to="graph_def" if model.meta is None else "meta_graph")
        return Seed("graph", name, {}, file, (file,), (), ("out",))

    return make


def _text(name: str) -> Make:
    def make(size: int, directory: Path) -> Seed:
        gs.save(GRAPHS[name](size), directory / "g.pbtxt", to="graph_def_text")
        return Seed("text", name, {}, "g.pbtxt", ("g.pbtxt",), (), ("out",))

    return make


def _model(name: str) -> Make:
    def make(size: int, directory: Path) -> Seed:
        gs.save(MODELS[name](size), directory / "m.ckpt")
        return Seed("model", name, {}, "m.ckpt.meta", ("m.ckpt.meta",), (), ("out",))

    return make


def _saved(tensors: Callable[[int], dict[str, Any]], **options: Any) -> Make:
    def make(size: int, directory: Path) -> Seed:
        gs.save_checkpoint(tensors(size), directory / "c", **options)
        return Seed("checkpoint", "", {}, "c", ("c.index",))

    return make


def _objects(size: int) -> dict[str, Any]:
    """A list of layers in a list of layers ..., and a variable in each."""
    ways = ["/".join(["l"] * (i + 1)) if i < 20 else f"n{i}" for i in range(size)]
    keys = [f"{way}/v/.ATTRIBUTES/VARIABLE_VALUE" for way in ways]
    nodes: list[dict[str, Any]] = [{"children": [(f"n{i}", 1 + i) for i in range(20, size)] + [("l", 1)]}]
    nodes += [{"children": [("v", 1 + size + i), *([("l", 2 + i)] if i < 19 else [])]} for i in range(size)]
    nodes += [{"attributes": [(f"v{i}", key)]} for i, key in enumerate(keys)]
    content = schema.serialize(object_graph(*nodes))
    return {**dict.fromkeys(keys, _FLOATS), OBJECT_GRAPH_KEY: StringTensor((), [content])}


def _slices(size: int, directory: Path) -> Seed:
    parts = {((i, 1),): bytes(4) for i in range(size)}
    write_slices(directory / "c", "w", dtypes.FLOAT, [size], parts)
    return Seed("checkpoint", "", {}, "c", ("c.index",))


def _shards(size: int, directory: Path) -> Seed:
    entries = {b"w%05d" % i: entry(dtypes.FLOAT, [1], shard_id=i, crc32c=mask(crc32c(bytes(4)))) for i in range(size)}
    write_files(directory / "c", entries, [bytes(4)] * size)
    return Seed("checkpoint", "", {}, "c", ("c.index",))


def _v1(size: int, directory: Path) -> Seed:
    tensors = {f"w{i}": v1_files.one(dtypes.FLOAT, [1], bytes(4)) for i in range(size)}
    v1_files.write_v1(directory / "c", tensors)
    return Seed("checkpoint", "", {}, "c", ("c",))


def _v1_slices(size: int, directory: Path) -> Seed:
    v1_files.write_v1(directory / "c", {"w": (dtypes.FLOAT, [size], {((i, 1),): bytes(4) for i in range(size)})})
    return Seed("checkpoint", "", {}, "c", ("c",))


def _recipe(size: int, directory: Path) -> Seed:
    gs.save_checkpoint({"w": _FLOATS}, directory / "c")
    (directory / "r.yaml").write_text("- scale: {factor: 1, select: w}\n" * size)
    return Seed("recipe", "", {}, "c", ("r.yaml",))


def _map(size: int, directory: Path) -> Seed:
    gs.save_checkpoint({f"w{i}": _FLOATS for i in range(size)}, directory / "c")
    (directory / "m.tsv").write_text(_lines(size, lambda i: f"w{i}\tv{i}"))
    return Seed("map", "", {}, "c", ("m.tsv",))


def _state(size: int, directory: Path) -> Seed:
    for number in range(size):
        gs.save_checkpoint({"w": _FLOATS}, directory / f"c-{number}", update_state=False)
    listed = _lines(size, lambda i: f'all_model_checkpoint_paths: "c-{i}"')
    (directory / "checkpoint").write_text(f'model_checkpoint_path: "c-{size - 1}"\n{listed}')
    return Seed("state", "", {}, f"c-{size - 1}", ("checkpoint",))


def _arrays(file: str) -> Make:
    def make(size: int, directory: Path) -> Seed:
        gs.export_tensors({f"w{i}": _FLOATS for i in range(size)}, f"{directory}/{file}")
        return Seed("arrays", "", {}, file, (file,))

    return make


CHECKPOINTS: dict[str, Make] = {
    "tensors": _saved(lambda size: {f"w{i}": _FLOATS for i in range(size)}),
    "parts": _saved(lambda size: {f"w/part_{i}": _FLOATS for i in range(size)}),
    "slots": _saved(lambda size: {f"w{i}{end}": _FLOATS for i in range(size) for end in ("", "/Adam", "/Adam_1")}),
    "averages": _saved(lambda size: {f"w{i}{end}": _FLOATS for i in range(size) for end in ("", f"/{EMA}")}),
    "long key": _saved(lambda size: {"n" * 40 * size: _FLOATS, "w": _FLOATS}),
    "deep key": _saved(lambda size: {"n/" * size + "Adam": _FLOATS, "w": _FLOATS}),
    "numbered key": _saved(lambda size: {"w_1" * size: _FLOATS, "w": _FLOATS}),
    "strings": _saved(lambda size: {"w": [b"x"] * size}),
    "dims": _saved(lambda size: {"w": as_tensor(np.zeros([1] * min(size // 8, 32), np.float32)), "v": _FLOATS}),
    "objects": _saved(_objects),
    "slices": _slices, "shards": _shards, "V1": _v1, "V1 slices": _v1_slices, "state": _state,
}  # fmt: skip
INPUTS: dict[str, Make] = {
    **{name: _graph(name) for name in GRAPHS},
    **{f"{name} as text": _text(name) for name in ("chain", "weights", "attrs", "functions", "long name", "strings")},
    **{name: _model(name) for name in MODELS},
    **{f"checkpoint of {name}": make for name, make in CHECKPOINTS.items()},
    **{f"{file} of arrays": _arrays(file) for file in ("a.npz", "a.safetensors", "d/")},
    "recipe": _recipe, "map": _map,
}  # fmt: skip
