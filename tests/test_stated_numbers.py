"""Numbers that a file states: compared with what is there, never built. A few bytes must not cost more than they are.

Work is counted in bytes that are allocated at most at one time, and in calls; the same on every machine.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.edits.take import take
from graphsurgeon.errors import GraphSurgeonError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.endpoints import guess_outputs
from graphsurgeon.ir.index import Index, find_node
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import FillTensor, as_tensor
from graphsurgeon.variables.checkpoint_keys import VariableValues
from tests import notation
from tests.counting import num_calls, peak_nbytes
from tests.formats import bundle_files

MANY = 1 << 19
#: More than the types of MANY tensors would take.
MIB = 1 << 20


def peak(work: Callable[[], object]) -> int:
    """The bytes that some work holds at most, errors of ours are well."""

    def quietly() -> None:
        with contextlib.suppress(GraphSurgeonError):
            work()

    return peak_nbytes(quietly)


STATED = {
    "arity of inputs": f"x = Placeholder {{dtype: f32}}; n = AddN(x) {{N: {MANY}, T: f32}}",
    "arity of a pack": f"x = Placeholder {{dtype: f32}}; n = Pack(x) {{N: {MANY}, T: f32}}",
    "arity of a concat": f"a = Const {{i32 []}}; n = Concat(a, a) {{N: {MANY}, T: i32}}",
    "outputs": f"x = Placeholder {{dtype: f32}}; n = Unpack(x) {{num: {MANY}, T: f32}}; y = Identity(n:3)",
    "outputs of a split": f"x = Placeholder {{dtype: f32}}; a = Const {{i32 []}};n = Split(a, x) {{num_split: {MANY}}}",
    "outputs of a switch": "x = Placeholder {dtype: f32}; i = Const {i32 []};"
    f"n = _SwitchN(x, i) {{num_outs: {MANY}}}",
    "a repeated value": "c = Const {f32 [1048576,1048576] 0}; n = Identity(c)",
}
LOOKS: dict[str, Callable[[Model], object]] = {
    "verify": gs.verify,
    "diff": lambda model: gs.diff(model, notation.model("x = Placeholder {dtype: f32}")),
    "outputs": lambda model: guess_outputs(model.graph, Index(model.graph), ()),
    "repr": lambda model: [repr((each, each.attrs)) for each in model.graph],
    "unfreeze": lambda model: gs.unfreeze(model, select=(".*",)),
    "freeze": lambda model: gs.freeze(model, outputs=("n",)),
    "prune": lambda model: gs.prune(model, outputs=("n",)),
    "fix": gs.fix,
    "rename": lambda model: gs.rename(model, add_scope="my"),
    "downgrade": lambda model: gs.downgrade(model, to="1.15"),
    "write": lambda model: model.to_graph_def(),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("stated", STATED)
def test_of_a_node(stated: str, look: str):
    assert peak(lambda: LOOKS[look](notation.model(STATED[stated]))) < MIB


@pytest.mark.parametrize("body", ["n = AddN(x) {N: 524288}", "n = Unpack(x) {num: 524288}; y = Identity(n:output:9)"])
def test_of_a_node_in_a_function(body: str):
    def work() -> object:
        function = notation.function("f", "x", "x", body)
        return gs.verify(notation.model("x = Placeholder {dtype: f32}; y = f(x)", function))

    assert peak(work) < MIB


def test_outputs_past_the_table_are_there_all_the_same():
    """Of a body, as far as the attr says; and no further."""

    def rules(text: str) -> list[str]:
        function = notation.function(
            "f", "x", "x", f"n = Unpack(x) {{num: 70, T: f32}}; y = Identity({text}) {{T: f32}}"
        )
        return [each.rule for each in gs.verify(notation.model("x = Placeholder {dtype: f32}; y = f(x)", function))]

    assert rules("n:output:69") == rules("n:output:64") == rules("n:output:63") == []
    for text in ("n:output:70", "n:output:069", "n:other:69", "n:output:٦٩", "n:output:" + "9" * 5000):
        assert rules(text) == ["output-index"]
    text = "x = Const {i32 [3]}; n = Unpack(x) {num: 3000}; y = Neg(n:2999) {T: i32}; z = Neg(n:3000) {T: i32}"
    assert [each.rule for each in gs.verify(notation.model(text))] == ["output-index"]


def test_a_node_without_that_output_is_told_soon():
    model = notation.model(STATED["outputs"])
    assert peak(lambda: find_node(Index(model.graph).producers, f"n:{MANY}")) < MIB


def test_the_number_of_a_part():
    """``/part_N`` lies behind those of a lower number that are there, however many that would be."""
    text = "".join(f"w/part_{n} = VariableV2 {{dtype: f32, shape: shape[2]}};" for n in (0, 7, 99_999_999, "9" * 5000))
    model = notation.model(text)
    model.variables = {"w": as_tensor([0.0] * 6)}
    index = Index(model.graph)
    values = VariableValues(model, index)
    places = [values.place(index.producers[f"w/part_{n}"]) for n in (0, 7, 99_999_999)]
    assert [place and place.box for place in places] == [((0, 2),), ((2, 4),), ((4, 6),)]
    assert values.place(index.producers["w/part_" + "9" * 5000]) is None
    assert num_calls(lambda: VariableValues(model, index).place(index.producers["w/part_99999999"])) < 1000


def test_an_axis_beside_one_of_no_length():
    def work() -> object:
        tensors = {"w": FillTensor(dtypes.FLOAT, (1 << 40, 0), bytes(4))}
        take(tensors, select=("w",), indices=(0, 1, 0), blocks=4)
        assert tensors["w"].shape == (3 << 38, 0)
        return tensors

    assert peak(work) < MIB


def test_a_number_at_the_end_of_a_name():
    """Of functions that freezing has named, and of any other."""
    names = ("f_frozen_" + "9" * 5000, "f_" + "9" * 5000)
    functions = [notation.function(name, "x", "x", "") for name in names]
    model = notation.model(
        f"x = Placeholder {{dtype: f32}}; v = VarHandleOp {{dtype: f32, shape: shape[1]}};"
        f"c = PartitionedCall(v) {{f: fn:{names[0]}, Tout: [f32]}}; y = Identity(c) {{T: f32}}",
        *functions,
    )
    model.variables = {"v": as_tensor([1.0])}
    assert peak(lambda: gs.freeze(model, outputs=("y",))) < MIB


def test_dims_of_a_shape_in_repr():
    assert len(repr(Shape([1] * 100_000))) < 1 << 20


@pytest.mark.parametrize("shards", [1, 1 << 20, (1 << 31) - 1])
def test_the_number_of_shards(tmp_path: Path, shards: int):
    """Of a header that states more than there are, nothing is made for each."""
    prefix = bundle_files.save(tmp_path / "c", {"w": as_tensor([1.0])})
    entry = bundle_files.entry(dtypes.FLOAT, [1], shard_id=shards - 1)
    index = bundle_files.table([(b"", bundle_files.header(shards)), (b"w", entry)])
    Path(f"{prefix}.index").write_bytes(index)

    def look() -> None:
        gs.verify(gs.load(prefix))
        tensors = gs.load_checkpoint(prefix)
        tensors["w"].numpy()
        gs.save_checkpoint(tensors, tmp_path / "d")

    assert peak(look) < MIB
