"""Small sound inputs, each of a few files; what is mutated is one of them."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import graphsurgeon as gs
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from proto_utils.varint import encode_varint
from tests import notation
from tests.conftest import ROOT
from tests.formats import v1_files
from tests.fuzz.mutations import record
from tests.hostile_indexes import write_index
from tests.object_graphs import write_trained
from tests.saved_tables import table_model

_FIXTURES = ROOT / "fixtures"
_NET = """
    x = Placeholder {dtype: f32, shape: shape[?,4,4,1]}
    keep = Placeholder {dtype: f32}
    conv/w = Const {f32 [2,2,1,3]}
    conv/w/read = Identity(conv/w) {_class: loc:@conv/w}
    conv = Conv2D(x, conv/w/read) {strides: [1,1,1,1], padding: "SAME"}
    conv/b = Const {f32 [3] 1}
    add = BiasAdd(conv, conv/b)
    scale = Const {f32 [3]}; offset = Const {f32 [3]}; mean = Const {f32 [3]}; variance = Const {f32 [3] 2}
    bn = FusedBatchNormV3(add, scale, offset, mean, variance) {is_training: false, T: f32, U: f32}
    relu = Relu(bn, ^keep)
    flat/shape = Const {i32 [2]}
    size = Const {i32 [] 3}
    sum = Sum(relu, flat/shape)
    dense/w = Const {f32 [1,2]}
    dense/w/read = Identity(dense/w)
    name = Const {str [2]}
    half = Const {f16 [2]}
    cast = Cast(half) {SrcT: f16, DstT: f32}
    total = AddN(sum, sum, sum)
    pack = Pack(total, total)
    out = Identity(pack)
"""
_BRANCHES = """
    x = Placeholder {dtype: f32}
    p = Placeholder {dtype: bool}
    w = Const {f32 [3]}
    call = PartitionedCall(x, w) {f: fn:double, Tout: [f32]}
    chosen = If(p, call) {then_branch: fn:then, else_branch: fn:other, Tout: [f32], output_shapes: []}
    direct = double(chosen, w)
    out = Identity(direct) {T: f32}
"""
_VARIABLES = """
    x = Placeholder {dtype: f32}
    v = VarHandleOp {dtype: f32, shape: shape[3], shared_name: "v"}
    v/init = Const {f32 [3]}
    v/Assign = AssignVariableOp(v, v/init) {dtype: f32}
    v/Read = ReadVariableOp(v) {dtype: f32}
    r = VariableV2 {dtype: f32, shape: shape[3]}
    r/zeros = Const {f32 [3]}
    r/Assign = Assign(r, r/zeros) {_class: loc:@r}
    r/read = Identity(r) {_class: loc:@r}
    mul = Mul(x, v/Read)
    out = Add(mul, r/read)
    init = NoOp(^v/Assign, ^r/Assign)
"""


_FIXTURE_GRAPHS = (
    ("cond.pb", "output"), ("in_frame.pb", "out"), ("dtypes.pb", "out"), ("names.pb", "out"),
    ("lstm_loop.pb", "output"), ("lstm_calls.pb", "output"), ("keras_attention.pb", "Identity"),
)  # fmt: skip


class Seed(NamedTuple):
    """An input: files by name, what commands are given, which files are changed, and names that are in it."""

    family: str
    name: str
    files: dict[str, bytes]
    source: str
    changed: tuple[str, ...]
    names: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


def _branches() -> gs.Model:
    body = "m = Mul(x, w) {T: f32}"
    functions = [
        notation.function("double", "x w", "m:z:0", body),
        notation.function("then", "x", "x", ""),
        notation.function("other", "x", "n:y:0", "n = Neg(x) {T: f32}"),
    ]
    return notation.model(_BRANCHES, *functions)


def _with_variables() -> gs.Model:
    model = notation.model(_VARIABLES)
    model.variables = {"v": _tensor(1, 2, 3), "r": _tensor(4, 5, 6)}
    return model


def _tensor(*values: float, dtype: type = np.float32) -> Tensor:
    return as_tensor(np.array(values, dtype))


def _saved(name: str, make: Callable[[], gs.Model], to: Any) -> dict[str, bytes]:
    """Return the files that a model is saved as, by their paths."""
    with tempfile.TemporaryDirectory() as directory:
        gs.save(make(), Path(directory) / name, to=to)
        return _read(directory)


def _read(directory: str | Path) -> dict[str, bytes]:
    root = Path(directory)
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def _unfrozen(variables: Any) -> Callable[[], gs.Model]:
    def make() -> gs.Model:
        model = notation.model(_NET)
        gs.unfreeze(model, variables=variables)
        return model

    return make


def _fixture(*names: str) -> dict[str, bytes]:
    return {name: (_FIXTURES / name).read_bytes() for name in names}


def _graphs() -> Iterable[Seed]:
    frozen: dict[str, Callable[[], gs.Model]] = {"net": lambda: notation.model(_NET), "branches": _branches}
    for name, make in frozen.items():
        model = make()
        names = tuple(node.name for node in model.graph)
        for family, to, file in (
            ("graph", "graph_def", "g.pb"), ("text", "graph_def_text", "g.pbtxt"), ("graph", "meta_graph", "g.meta"),
            ("text", "meta_graph_text", "g.pbtxt"), ("graph", "saved_model", "saved_model.pb"),
        ):  # fmt: skip
            files = _saved("sm" if to == "saved_model" else file, make, to)
            files = {path.removeprefix("sm/"): data for path, data in files.items()}
            yield Seed(family, f"{name} as {to}", {file: files[file]}, file, (file,), names, ("out",))
    for name, outputs in _FIXTURE_GRAPHS:
        names = tuple(node.name for node in gs.load(_FIXTURES / name).graph)
        yield Seed("graph", name, _fixture(name), name, (name,), names, (outputs if outputs in names else names[-1],))
        if (_FIXTURES / f"{name}txt").exists():
            text = f"{name}txt"
            yield Seed("text", text, _fixture(text), text, (text,), names, (names[-1],))
    graph = (_FIXTURES / "cond.pb").read_bytes()
    event = b"\x09" + bytes(8) + b"\x22" + encode_varint(len(graph)) + graph
    file = "events.out.tfevents.1.host"
    yield Seed("graph", "events", {file: record(event)}, file, (file,), ("output",), ("output",))


def _models() -> Iterable[Seed]:
    makers: dict[str, tuple[Callable[[], gs.Model], str]] = {
        "ref": (_unfrozen("ref"), "out"), "resource": (_unfrozen("resource"), "out"), "both": (_with_variables, "out"),
        "table": (table_model, "y"),
    }  # fmt: skip
    for name, (make, output) in makers.items():
        model = make()
        names = tuple(node.name for node in model.graph)
        files = _saved("m.ckpt", make, "checkpoint")
        changed: tuple[str, ...] = (
            "m.ckpt.meta",
            "m.ckpt.meta",
            "m.ckpt.index",
            "m.ckpt.data-00000-of-00001",
            "checkpoint",
        )
        changed = tuple(file for file in changed if file in files)
        yield Seed("model", f"{name} as checkpoint", files, "m.ckpt.meta", changed, names, (output,))
        files = _saved("sm", make, "saved_model")
        changed = ("sm/saved_model.pb", "sm/saved_model.pb", "sm/variables/variables.index")
        changed = tuple(file for file in changed if file in files)
        yield Seed("model", f"{name} as saved_model", files, "sm", changed, names, (output,))
    for name, output in (
        ("lstm_calls.ckpt", "output"),
        ("resource_cnn.ckpt", "output"),
        ("cond.ckpt", "output"),
        ("lstm_loop.ckpt", "output"),
    ):
        parts = [f"{name}{end}" for end in (".meta", ".index", ".data-00000-of-00001")]
        names = tuple(node.name for node in gs.load(_FIXTURES / parts[0]).graph)
        found = (output if output in names else names[-1],)
        yield Seed("model", name, _fixture(*parts), parts[0], (parts[0], parts[0], parts[1]), names, found)


def _checkpoints() -> Iterable[Seed]:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        write_index(root / "c")
        slots = {
            f"w{end}": _tensor(1, 2, 3) for end in ("", "/Adam", "/Adam_1", "/Momentum", "/ExponentialMovingAverage")
        }
        parts = {f"p/part_{number}": _tensor(1, 2) for number in range(3)}
        more = {"beta1_power": _tensor(0.5), "global_step": _tensor(7, dtype=np.int64), "s": [b"a", b"", b"long" * 40]}
        gs.save_checkpoint({**slots, **parts, **more}, root / "slots" / "c")
        (root / "objects").mkdir()
        write_trained(root / "objects" / "c")
        plain = {name: (root / name).read_bytes() for name in ("c.index", "c.data-00000-of-00001")}
        yield Seed("checkpoint", "every kind", plain, "c", ("c.index", "c.index", *plain), ("w", "z", "s", "part"))
        yield Seed(
            "checkpoint", "slots", _read(root / "slots"), "c", ("c.index", "c.index", "checkpoint"), tuple(slots)
        )
        names = ("model/kernel/.ATTRIBUTES/VARIABLE_VALUE",)
        yield Seed("checkpoint", "objects", _read(root / "objects"), "c", ("c.index", "*objects", "*objects"), names)
    index, data = "dtypes.ckpt.index", "dtypes.ckpt.data-00000-of-00001"
    yield Seed("checkpoint", "dtypes", _fixture(index, data), "dtypes.ckpt", (index, index, data), ("half/bias",))
    tensors = {
        "p": (dtypes.UINT8, [2, 3], {((0, 1), (0, -1)): b"abc", ((1, 1), (0, -1)): b"def"}),
        "s": v1_files.one(dtypes.STRING, [2], [b"x", b"long"]),
        "w": v1_files.one(dtypes.FLOAT, [2], bytes(8)),
    }
    table = v1_files.v1_table(tensors)
    yield Seed("checkpoint", "V1", {"c.v1": table}, "c.v1", ("c.v1",), ("p", "s", "w"))


def _arrays() -> Iterable[Seed]:
    values = {"a/b": _tensor(1, 2, 3), "c": _tensor(4, dtype=np.int64), "h": _tensor(1, 2, dtype=np.float16)}
    for file in ("a.npz", "a.safetensors", "d/"):
        with tempfile.TemporaryDirectory() as directory:
            gs.export_tensors(values, f"{directory}/{file}")
            files = _read(directory)
        yield Seed("arrays", file, files, file.rstrip("/"), tuple(files), ("c",))


_RECIPE = b"""
# a comment
- strip-optimizer
- rename: {map: ['w=net/w', '(.*)_power=\\1'], add_scope: my}
- scale: {factor: 0.5, offset: "1", select: "my/.*"}
- cast: {dtype: float16, exclude: [".*/bias", "s"]}
- fill: {value: 1, add: [n], shape: [2, 3], dtype: int32}
"""


_STEPS = b"""
- set-inputs: {set: {keep: 1}}
- prune: {outputs: [out]}
- unfreeze: {exclude: "size|flat/.*"}
- rename: {map: ["conv/(.*)=net/\\1"]}
- scale: {factor: 2, select: ".*"}
"""


def _sides() -> Iterable[Seed]:
    """Files that commands are given beside what they work on; that stays as it is."""
    slots = next(seed for seed in _checkpoints() if seed.name == "slots")
    maps = b"# names\nw\tv\nre:(.*)/Adam\t\\1/slot\np/part_0\tq\n"
    steps = b'[{"select": {"keep": ["w.*"]}},\n {"cast": {"dtype": "float64"}}, "strip-optimizer"]\n'
    yield slots._replace(family="state", name="a state file", changed=("checkpoint",))
    files = _saved("g.pb", lambda: notation.model(_NET), "graph_def")
    yield Seed("pipeline", "steps", {**files, "s.yaml": _STEPS}, "g.pb", ("s.yaml",), ("x",), ("out",))
    for family, name, data in (("recipe", "r.yaml", _RECIPE), ("recipe", "r.json", steps), ("map", "m.tsv", maps)):
        yield slots._replace(family=family, name=name, files={**slots.files, name: data}, changed=(name,))


@functools.cache
def seeds() -> dict[str, list[Seed]]:
    """Return all seeds by their families."""
    found: dict[str, list[Seed]] = {}
    for seed in (*_graphs(), *_models(), *_checkpoints(), *_arrays(), *_sides()):
        found.setdefault(seed.family, []).append(seed)
    return found
