"""Damaged and hostile files: an error of ours, soon, and in little memory."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphsurgeon.checks import verify
from graphsurgeon.errors import CorruptionError, GraphSurgeonError, LimitError
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import schema
from proto_utils.files import BytesSource, Span
from proto_utils.wire import START_GROUP, len_header, tag
from tests import notation, strategies
from tests.counting import CountingSource, num_calls


def record(number: int, payload: bytes) -> bytes:
    return len_header(number, len(payload)) + payload


def load(raw: bytes) -> Model:
    return Model.read_graph_def(Span(BytesSource(raw, "bad.pb"), 0, len(raw)))


def load_meta(raw: bytes) -> Model:
    return Model.read_meta_graph_def(Span(BytesSource(raw, "bad.meta"), 0, len(raw)))


def use(model: Model) -> None:
    """Do with a model what any caller may: verify it, look at everything, write it."""
    verify(model)
    for _, graph in model.graphs():
        for node in graph:
            for key in node.attrs:
                try:
                    value = node.attrs[key]
                    if isinstance(value, Tensor) and value.nbytes < 1 << 20:
                        value.numpy()
                except GraphSurgeonError:
                    continue
    for node in model.graph:
        node.device = node.device
    model.to_graph_def()


def example(long: bool) -> bytes:
    """A graph with constants, a function and versions; with payloads that are left in the file, or none."""
    size = 300 if long else 3
    model = notation.model(f"w = Const {{f32 [{size}]}}; i = Const {{i32 [2]}}; s = Const {{str [3]}}; r = Identity(w)")
    message: schema.GraphDef = model.to_graph_def()
    message.node[0].attr["list"].list.i.extend([1, 2])
    packed = message.node.add(name="packed", op="Const").attr["value"].tensor
    packed.dtype = 3
    packed.tensor_shape.dim.add(size=size * 4)
    packed.int_val.extend(range(-5, size * 4 - 5))
    function = message.library.function.add(node_def=message.node if not long else message.node[1:4])
    function.signature.name = "f"
    function.signature.input_arg.add(name="x", type=1)
    function.ret["y"] = "r:output:0"
    message.versions.producer = 1882
    return schema.serialize(message)


EXAMPLES = {"short": example(False), "long": example(True)}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_truncation_of_a_graph(kind: str):
    """A prefix is corrupt, or a message of its own that protobuf also takes; there is nothing else."""
    raw = EXAMPLES[kind]
    sound = 0
    for length in range(len(raw)):
        prefix = raw[:length]
        try:
            schema.parse(schema.GraphDef, prefix)
        except CorruptionError:
            with pytest.raises(CorruptionError):
                load(prefix)
        else:
            assert len(load(prefix).graph) <= 5
            sound += 1
    assert sound < 10


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_truncation_of_a_meta_graph(kind: str):
    raw = schema.serialize(schema.MetaGraphDef(graph_def=schema.parse(schema.GraphDef, EXAMPLES[kind])))
    meta = raw + record(4, record(1, b"variables") + record(2, record(2, record(1, b"v"))))
    for length in range(len(meta)):
        try:
            schema.parse(schema.MetaGraphDef, meta[:length])
        except CorruptionError:
            with pytest.raises(CorruptionError):
                load_meta(meta[:length])
        else:
            assert length in (0, len(raw))


@pytest.mark.parametrize("kind", EXAMPLES)
@given(data=st.data())
@settings(max_examples=150)
def test_flipped_bits(kind: str, data: st.DataObject):
    raw = bytearray(EXAMPLES[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        bit = data.draw(st.integers(0, 8 * len(raw) - 1))
        raw[bit // 8] ^= 1 << bit % 8
    try:
        use(load(bytes(raw)))
    except GraphSurgeonError:
        return


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_byte_replaced(kind: str):
    """Ours and protobuf agree on what is readable, whichever byte is wrong."""
    raw = EXAMPLES[kind]
    step = 1 if kind == "short" else 23
    for position in range(0, len(raw), step):
        for value in (0x00, 0x0C, 0x7F, 0xFF):
            bad = raw[:position] + bytes([value]) + raw[position + 1 :]
            assert _loads(bad) >= _parses(bad), (position, value)


def _loads(raw: bytes) -> bool:
    try:
        load(raw)
    except GraphSurgeonError:
        return False
    return True


def _parses(raw: bytes) -> bool:
    try:
        message = schema.parse(schema.GraphDef, raw)
    except CorruptionError:
        return False
    # Two functions of one name are sound protobuf, but no library.
    names = [function.signature.name for function in message.library.function]
    return len(set(names)) == len(names)


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_any_bytes(raw: bytes):
    for read in (load, load_meta):
        try:
            model = read(raw)
        except GraphSurgeonError:
            continue
        use(model)


@given(strategies.graph_defs(), st.data())
@settings(max_examples=60)
def test_graphs_with_bytes_cut_out(graph_def: schema.GraphDef, data: st.DataObject):
    raw = schema.serialize(graph_def)
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 20)))
    try:
        use(load(raw[:start] + raw[end:]))
    except GraphSurgeonError:
        return


def _const(tensor: bytes) -> bytes:
    entry = record(1, b"value") + record(2, record(8, tensor))
    dtype = record(1, b"dtype") + record(2, b"\x30\x01")
    return record(1, record(1, b"c") + record(2, b"Const") + record(5, dtype) + record(5, entry))


def _dim(size: int) -> bytes:
    return record(2, record(2, schema.serialize(schema.TensorShapeProto.Dim(size=size))))


def test_a_few_bytes_that_claim_two_to_the_sixty_elements():
    model = load(_const(b"\x08\x01" + _dim(1 << 60)))
    assert verify(model) == []  # TensorFlow imports it too
    tensor = model.graph["c"].tensor
    assert tensor.size == 1 << 60
    for read in (tensor.numpy, lambda: next(tensor.chunks())):
        with pytest.raises(LimitError):
            read()
    model.graph["c"].attrs["value"] = tensor
    with pytest.raises(LimitError):
        model.to_graph_def()


@pytest.mark.parametrize("dtype", [7, 9, 8, 29], ids=["string", "int64", "complex", "int4"])
@pytest.mark.parametrize("size", [1 << 31, 1 << 60])
def test_other_dtypes_claim_as_much(dtype: int, size: int):
    tensor = load(_const(b"\x08" + bytes([dtype]) + _dim(size))).graph["c"].tensor
    if tensor.size * max(tensor.dtype.itemsize, 1) > 1 << 36 or tensor.dtype.itemsize == 0:
        # The first call may import numpy.
        assert [calls_until(LimitError, tensor.numpy) for _ in range(2)][1] < 100


def test_claims_past_all_limits_are_corruption():
    for dims in (_dim(1 << 62) + _dim(1 << 62), _dim(-5), _dim(1) * 1000, _dim(2) * 1000):
        model = load(_const(b"\x08\x01" + dims))
        assert [finding.rule for finding in verify(model)] == ["const"]
        with pytest.raises(CorruptionError):
            _ = model.graph["c"].tensor


@pytest.mark.parametrize("claimed", [1 << 31, 1 << 40, (1 << 63) - 1, (1 << 64) - 1])
def test_lengths_past_the_end(claimed: int):
    for raw in (
        len_header(1, claimed),
        len_header(1, claimed) + b"name",
        len_header(2, claimed),
        record(1, b"x" * 2000 + len_header(5, claimed)),
        record(1, record(1, b"c" * 2000) + len_header(5, claimed)),
        record(2, len_header(1, claimed)),
        record(2, record(1, len_header(3, claimed))),
        record(1, record(5, record(1, b"value") + record(2, record(8, len_header(4, claimed) + b"x" * 2000)))),
    ):
        # Two thousand bytes may be a thousand records.
        assert calls_until(CorruptionError, functools.partial(load, raw)) < 20_000


def _nested(depth: int) -> bytes:
    """A func attr inside a func attr ..."""
    value = b"\x18\x01"
    for _ in range(depth):
        value = record(10, record(1, b"f") + record(2, record(1, b"a") + record(2, value)))
    return record(1, record(1, b"n") + record(5, record(1, b"a") + record(2, value)))


@pytest.mark.parametrize("depth", [10, 25, 33, 100, 1000, 20_000])
def test_deep_nesting(depth: int):
    raw = _nested(depth)
    if not _parses(raw):
        with pytest.raises(CorruptionError):
            load(raw)
    else:
        use(load(raw))


@pytest.mark.parametrize("depth", [10, 99, 101, 100_000])
def test_deep_groups(depth: int):
    groups = tag(50, START_GROUP) * depth + tag(50, 4) * depth
    for raw in (groups, record(2, groups), record(1, record(1, b"x" * 2000) + groups)):
        if not _parses(raw):
            with pytest.raises(CorruptionError):
                load(raw)
        else:
            load(raw)


MANY = {
    "libraries": lambda n: b"\x12\x00" * n,
    "libraries with functions": lambda n: b"\x12\x04" + b"\x0a\x02\x0a\x00" * 1 + b"\x12\x00" * n,
    "gradients": lambda n: record(2, b"\x12\x00" * n),
    "nodes": lambda n: b"\x0a\x00" * n,
    "unknown": lambda n: b"\x52\x00" * n,
    "attrs": lambda n: record(1, b"\x2a\x00" * n),
    "values": lambda n: record(1, record(5, b"\x12\x00" * n)),
    "lists": lambda n: _const(b"\x08\x01" + b"\x3a\x00" * n),
    "strings": lambda n: _const(b"\x08\x07" + record(8, b"word") * n),
    "inputs": lambda n: record(1, b"\x1a\x00" * n),
    "body nodes": lambda n: record(2, record(1, b"\x1a\x00" * n)),
}


@pytest.mark.parametrize("kind", MANY)
def test_very_many_tiny_records_take_work_in_proportion(kind: str):
    """Eight times the records: at most so many more calls, and bytes read."""
    costs = []
    for count in (2500, 20_000):
        source = CountingSource(MANY[kind](count))
        calls = num_calls(functools.partial(_read_and_write, source))
        costs.append((calls, source.nbytes_read))
    assert costs[1][0] < 8.5 * costs[0][0] + 1000
    assert costs[1][0] < 100 * 20_000
    assert costs[1][1] < 8.5 * costs[0][1] + (1 << 17)


def _read_and_write(source: BytesSource) -> None:
    try:
        model = Model.read_graph_def(Span(source, 0, source.size))
        verify(model)
        model.graph_def_pieces()
    except GraphSurgeonError:
        pass


def calls_until(kind: type[Exception], work: Callable[[], object]) -> int:
    """How many calls it takes until an error: what is refused soon takes few."""

    def refused() -> None:
        with pytest.raises(kind):
            work()

    return num_calls(refused)


def test_an_attr_with_a_hostile_name_in_an_input():
    """An output number of thousands of digits is no number."""
    found = verify(notation.model("a = Const {f32 []}; b = Identity(a:" + "9" * 5000 + ") {T: f32}"))
    assert [finding.rule for finding in found] == ["dangling-input"]


GIB = 1 << 30

HOSTILE = """
import resource, sys
from proto_utils.files import FileSource, Span
from graphsurgeon.ir.model import Model
from graphsurgeon.errors import GraphSurgeonError
from graphsurgeon.checks import verify
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
source = FileSource(sys.argv[1])
try:
    model = Model.read_graph_def(Span(source, 0, source.size))
    verify(model)
    model.graph_def_pieces()
    print("ok")
except GraphSurgeonError as error:
    print(type(error).__name__)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base)
"""


def huge_constant() -> bytes:
    """Everything before the values of a constant of a gibibyte."""
    tensor = b"\x08\x01" + _dim(GIB // 4) + len_header(4, GIB)
    value = len_header(8, len(tensor) + GIB) + tensor
    entry = record(1, b"value") + len_header(2, len(value) + GIB) + value
    node = record(1, b"c") + len_header(5, len(entry) + GIB) + entry
    return len_header(1, len(node) + GIB) + node


@pytest.mark.parametrize(
    ("head", "answer"),
    [(huge_constant(), "ok"), (tag(77, START_GROUP) + len_header(5, GIB), "CorruptionError"), (b"", "CorruptionError")],
    ids=["a constant", "a group that never ends", "zeros"],
)
def test_gigabytes_are_not_read(head: bytes, answer: str, tmp_path: Path, root: Path):
    """A sparse file of a gibibyte behind `head`, in a process that says how much memory it took."""
    path = tmp_path / "hostile.pb"
    path.write_bytes(head)
    os.truncate(path, len(head) + GIB)
    command = [sys.executable, "-c", HOSTILE, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=True, timeout=60)
    found, kib = done.stdout.split()
    assert found == answer
    assert int(kib) < 40_000
