"""Nodes of constants, of every op that is computed ahead and of every type, on values that are hard."""

from __future__ import annotations

from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from graphsurgeon.ir import ops
from graphsurgeon.ir.exact_ops import exactness
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor

FLOATS = ("float16", "bfloat16", "float32", "float64")
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "int64", "uint32", "uint64")
COMPLEX = ("complex64", "complex128")
ALL = (*FLOATS, *INTEGERS, *COMPLEX, "bool", "object")
BINARY = (
    ("Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "TruncateDiv", "FloorDiv", "FloorMod", "Mod", "TruncateMod")
    + ("Maximum", "Minimum", "SquaredDifference", "Equal", "NotEqual", "Less", "Greater", "LessEqual", "GreaterEqual")
    + ("LogicalAnd", "LogicalOr", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "AddN")
)  # fmt: skip
UNARY = (
    ("Neg", "Abs", "Sign", "Square", "Floor", "Ceil", "Rint", "Round", "Relu", "Relu6", "LeakyRelu", "Softsign")
    + ("LogicalNot", "IsNan", "IsInf", "IsFinite", "Invert", "Conj", "ZerosLike", "OnesLike", "Identity", "Shape")
    + ("Size", "Rank", "Where")
)  # fmt: skip
DIVISIONS = ("RealDiv", "Div", "TruncateDiv", "FloorDiv", "FloorMod", "Mod", "TruncateMod")


def i32(value: Any) -> Any:
    """An int32 of one value, or an array of them."""
    return np.array(value, np.int32)


class Case(NamedTuple):
    """A node and its operands; `is_elementwise` says that each element stands for itself."""

    name: str
    node: Node
    operands: list[Tensor]
    is_elementwise: bool

    @property
    def title(self) -> str:
        """The op and the types of its operands."""
        return f"{self.node.op}({', '.join(f'{each.dtype.name}{list(each.shape)}' for each in self.operands)})"


def kind(name: str) -> np.dtype[Any]:
    """numpy's dtype of that name."""
    return np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype(name)


def hard(name: str, random: np.random.Generator, count: int = 12) -> np.ndarray[Any, Any]:
    """Values of a type at its ends, around 0, not numbers, and some of no kind."""
    if name == "bool":
        return np.array([True, False, True])
    if name == "object":
        return np.array([b"", b"a", b"\0b", b"a\0", b"ab", b"\xff"], object)
    dtype = kind(name)
    if name in COMPLEX:
        half = random.normal(0, 10, count) + 1j * random.normal(0, 10, count)
        return np.concatenate([half, [0, 1, 1j, -2.5 + 3j]]).astype(dtype)
    if name in INTEGERS:
        limits = np.iinfo(dtype)
        whole = [0, 1, 2, 7, limits.max, limits.max - 1, limits.min, limits.min + 1, *([-1, -7] if limits.min else [])]
        numbers = random.integers(limits.min, limits.max, count, dtype=dtype)
        return np.concatenate([np.array(whole, dtype), numbers])
    most = float(ml_dtypes.finfo(dtype).max)
    ends = [0.0, -0.0, 1, -1, 0.5, 1.5, 2.5, -0.5, -2.5, 0.1, 3, -7, most, -most, most / 3, np.inf, -np.inf, np.nan]
    numbers = np.concatenate([random.normal(0, 10, count), random.uniform(0, 1, count)])
    return np.concatenate([ends, numbers]).astype(dtype)


def tame(name: str, random: np.random.Generator, *shape: int) -> np.ndarray[Any, Any]:
    """Values of a type that are no trouble."""
    if name in ("bool", "object"):
        chosen = random.choice(hard(name, random), shape)
        return np.asarray(chosen)
    if name in INTEGERS:
        return random.integers(0, 100, shape).astype(kind(name))
    parts = random.normal(0, 3, shape) + (1j * random.normal(0, 3, shape) if name in COMPLEX else 0)
    return parts.astype(kind(name))


class Cases:
    """The cases, in a graph that runs in TensorFlow."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(5)
        self.all: dict[str, Case] = {}
        self._nodes: list[Node] = []

    def add(self, op: str, *operands: Any, is_elementwise: bool = False, **attrs: Any) -> None:
        """Add a case, if the op takes operands of these types."""
        tensors = [as_tensor(each) for each in operands]
        types = types_of(op, tensors, attrs)
        if types is None:
            return
        name = f"c{len(self.all)}"
        self._add(name, op, tensors, types | attrs, is_elementwise=is_elementwise)
        if exactness(op, [each.dtype for each in tensors]) == "approximate":
            wide = [as_tensor(widened(each.numpy())) for each in tensors]
            again = types_of(op, wide, attrs)
            if again is not None:
                self._add(f"{name}w", op, wide, again | attrs, is_elementwise=is_elementwise)

    def _add(self, name: str, op: str, tensors: list[Tensor], attrs: dict[str, Any], *, is_elementwise: bool) -> None:
        texts = []
        for number, tensor in enumerate(tensors):
            texts.append(f"{name}/{number}")
            self._nodes.append(Node.new(texts[-1], "Const", attrs={"dtype": tensor.dtype, "value": tensor}))
        node = Node.new(f"{name}/of", op, texts, attrs=attrs)
        self._nodes.append(node)
        self.all[name] = Case(name, node, tensors, is_elementwise)

    def model(self) -> Model:
        """The graph of all cases."""
        return Model(Graph(self._nodes))


def widened(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The values in double precision, if they are floats."""
    if array.dtype.kind == "c":
        return array.astype(np.complex128)
    return array.astype(np.float64) if array.dtype.kind in "fV" else array


def types_of(op: str, operands: list[Tensor], attrs: dict[str, Any]) -> dict[str, Any] | None:
    """The attrs that say types and numbers of operands; None when the op does not take them."""
    facts = ops.facts(op)
    assert facts is not None, op
    found: dict[str, Any] = {}
    left = list(operands)
    for position, arg in enumerate(facts.inputs):
        count = len(left) - (len(facts.inputs) - position - 1) if arg.number else 1
        taken, left = left[:count], left[count:]
        if arg.number:
            found[arg.number] = count
        for tensor in taken:
            if arg.type not in facts.attrs:
                if tensor.dtype.name != arg.type:
                    return None
                continue
            allowed = facts.attrs[arg.type].allowed
            if found.setdefault(arg.type, tensor.dtype) is not tensor.dtype:
                return None
            if allowed and tensor.dtype not in [getattr(each, "value", each) for each in allowed]:
                return None
    for name in attrs:
        assert name in facts.attrs, (op, name)
    return found


def elementwise(cases: Cases) -> None:
    """Add arithmetic on all pairs of hard values; and on one, and on none."""
    random = cases.random
    for name in ALL:
        values = hard(name, random)
        a, b = (each.reshape(-1) for each in np.meshgrid(values, values))
        for op in BINARY:
            x, y = a, b
            if op in DIVISIONS and name in INTEGERS:
                safe = (b != 0) & ~((a == np.iinfo(a.dtype).min) & (b == np.array(-1).astype(a.dtype)))
                if op == "FloorDiv":
                    safe &= np.abs(a.astype(np.float64)) + np.abs(b.astype(np.float64)) < np.iinfo(a.dtype).max * 0.999
                x, y = a[safe], b[safe]
            cases.add(op, x, y, is_elementwise=True)
            cases.add(op, values[:0].reshape(0, 3), values[:0].reshape(0, 3))
            cases.add(op, values[2], values[2])
            if op != "AddN" and op not in DIVISIONS:
                cases.add(op, tame(name, random, 3, 1), tame(name, random, 2))
        unary(cases, name, values)
    for name in INTEGERS:
        values, bits = hard(name, random), np.arange(kind(name).itemsize * 8).astype(kind(name))
        a, b = (each.reshape(-1) for each in np.meshgrid(values, bits))
        cases.add("LeftShift", a, b, is_elementwise=True)
        cases.add("RightShift", a, b, is_elementwise=True)
        cases.add("Pow", values, np.full(values.shape, 3, values.dtype), is_elementwise=True)


def unary(cases: Cases, name: str, values: np.ndarray[Any, Any]) -> None:
    """Add what takes one operand of values of a type, and what chooses among them."""
    random = cases.random
    for op in UNARY:
        cases.add(op, values, is_elementwise=op not in ("Shape", "Size", "Rank", "Where"))
        cases.add(op, values[2])
        cases.add(op, values[:0].reshape(2, 0))
    cases.add("AddN", values, values[::-1].copy(), tame(name, random, len(values)), is_elementwise=True)
    cases.add("ClipByValue", values, values[0], values[2], is_elementwise=True)
    for op in ("Select", "SelectV2"):
        cases.add(op, np.arange(len(values)) % 2 == 0, values, values[::-1].copy(), is_elementwise=True)
    cases.add("Select", np.array([True, False]), tame(name, random, 2, 3), tame(name, random, 2, 3))
    for to in (*FLOATS, *INTEGERS, *COMPLEX, "bool"):
        if name != "object":
            cases.add("Cast", values, is_elementwise=True, DstT=DType.of(kind(to)))


def moving(cases: Cases) -> None:
    """Add what moves elements about."""
    random = cases.random
    for name in ALL:
        a, one = tame(name, random, 2, 3, 4), tame(name, random)
        ints = i32([2, 0, 1])
        for axis in (0, -1):
            cases.add("ConcatV2", a, a, i32(axis))
            cases.add("Concat", i32(max(axis, 0)), a, a)
            cases.add("Pack", a, a, axis=axis)
            cases.add("Unpack", a, axis=axis, num=a.shape[axis])
            cases.add("ExpandDims", a, i32(axis))
            cases.add("GatherV2", a, i32([[1, 0], [0, 1]]), i32(axis))
        cases.add("Transpose", a, ints)
        cases.add("ConjugateTranspose", a, ints)
        cases.add("Reshape", a, i32([4, -1]))
        cases.add("Squeeze", a.reshape(2, 1, 12, 1), squeeze_dims=[-1])
        cases.add("Split", i32(1), a, num_split=3)
        cases.add("SplitV", a, np.array([1, -1, 0], np.int64), i32(2), num_split=3)
        cases.add("Slice", a, i32([0, 1, 2]), i32([-1, 2, 0]))
        cases.add("Slice", a, np.array([1, 1, 2]), np.array([1, 2, 2]))
        cases.add("Tile", a, i32([1, 2, 0]))
        cases.add("Tile", a, i32([2, 1, 3]))
        cases.add("BroadcastTo", a[:, :1], i32([5, 2, 3, 4]))
        cases.add("ReverseV2", a, i32([0, -1]))
        cases.add("Gather", a, i32([1]))
        cases.add("GatherV2", a, i32([[1, 2], [0, 0]]), i32(1), batch_dims=1)
        cases.add("GatherNd", a, i32([[1, 2], [0, 0]]))
        cases.add("GatherNd", a, np.zeros((2, 0), np.int64))
        cases.add("Roll", a, i32([1, -2]), i32([0, 2]))
        cases.add("Fill", i32([2, 3]), one)
        cases.add("Fill", i32([]), one)
        cases.add("DiagPart", tame(name, random, 2, 3, 2, 3))
        cases.add("Diag", tame(name, random, 2, 3))
        cases.add("MatrixDiag", tame(name, random, 2, 3))
        cases.add("MatrixDiagPart", a)
        cases.add("MatrixSetDiag", a, tame(name, random, 2, 3))
        cases.add("MatrixBandPart", a, np.int64(1), np.int64(0))
        cases.add("Pad", a, i32([[0, 1], [2, 0], [0, 0]]))
        cases.add("PadV2", a, i32([[0, 1], [2, 0], [0, 0]]), one)
        cases.add("OneHot", i32([[1, -1], [3, 0]]), i32(3), one, tame(name, random))
        cases.add("OneHot", i32([1, 2]), i32(3), one, tame(name, random), axis=0)
        cases.add("ShapeN", a, a, N=2)
        sliced(cases, a)
    cases.add("BroadcastArgs", i32([3, 1]), i32([2, 1, 5]))
    cases.add("ConcatOffset", i32(1), i32([2, 3]), i32([2, 4]), i32([2, 1]))
    cases.add("InvertPermutation", i32([3, 0, 2, 1]))
    for op in ("All", "Any"):
        for axes in ([0], [1, 2], [], [-1]):
            cases.add(op, tame("bool", random, 2, 3, 4), np.array(axes, np.int32))


def sliced(cases: Cases, a: np.ndarray[Any, Any]) -> None:
    """Add strided slices of every kind of mask."""
    random = np.random.default_rng(len(cases.all))
    for _ in range(12):
        count = int(random.integers(1, 5))
        masks: dict[str, Any] = {
            f"{word}_mask": int(random.integers(0, 1 << count)) * int(random.integers(0, 2))
            for word in ("begin", "end", "new_axis", "shrink_axis")
        }
        masks["ellipsis_mask"] = int(random.choice([0, 0, 1 << int(random.integers(0, count))]))
        begin, end = random.integers(-3, 3, count).astype(np.int32), random.integers(-5, 5, count).astype(np.int32)
        strides = random.choice([1, 1, 2, -1], count).astype(np.int32)
        cases.add("StridedSlice", a, begin, end, strides, **masks)


def reducing(cases: Cases) -> None:
    """Add what looks at many elements at once."""
    random = cases.random
    for name in (*FLOATS, *INTEGERS, *COMPLEX):
        a = tame(name, random, 3, 5, 7)
        far = hard(name, random)
        axes_of_three: tuple[list[int], ...] = ([0], [1], [2], [0, 2], [], [0, 1, 2])
        for op in ("Sum", "Prod", "Max", "Min", "Mean"):
            for axes in axes_of_three:
                cases.add(op, a, np.array(axes, np.int32), keep_dims=len(axes) == 1)
            cases.add(op, far, i32([0]))
        for op in ("Cumsum", "Cumprod"):
            for exclusive, reverse in ((False, False), (True, False), (True, True)):
                cases.add(op, a, i32(1), exclusive=exclusive, reverse=reverse)
                cases.add(op, a, i32(-1), exclusive=exclusive, reverse=reverse)
        ties = np.concatenate([a, a], 2)
        for op in ("ArgMax", "ArgMin"):
            cases.add(op, ties, i32(2))
            cases.add(op, ties, i32(0), output_type=DType.of(np.int32))
        cases.add("TopKV2", ties, i32(6))
        cases.add("BiasAdd", a, tame(name, random, 7))
        cases.add("BiasAdd", tame(name, random, 2, 3, 4, 5), tame(name, random, 3), data_format=b"NCHW")
        cases.add("MatMul", tame(name, random, 7, 5), tame(name, random, 3, 5), transpose_b=True)
        cases.add("BatchMatMulV2", tame(name, random, 2, 1, 4, 5), tame(name, random, 3, 4, 2), adj_x=True)
        windows(cases, name)
        if name in ("int32", "int64", "float32", "float64"):
            dtype = kind(name).type
            for start, limit, delta in ((0, 10, 3), (5, -5, -2), (3, 3, 1), (7, 8, 9)):
                cases.add("Range", dtype(start), dtype(limit), dtype(delta))


def windows(cases: Cases, name: str) -> None:
    """Add convolutions and pooling."""
    random = cases.random
    image = tame(name, random, 2, 7, 6, 4)
    for padding in (b"SAME", b"VALID"):
        for strides in ([1, 1, 1, 1], [1, 2, 2, 1]):
            how: dict[str, Any] = {"padding": padding, "strides": strides}
            cases.add("MaxPool", image, ksize=[1, 3, 2, 1], **how)
            cases.add("AvgPool", image, ksize=[1, 3, 2, 1], **how)
            for size in (1, 3) if name in FLOATS else ():
                # Some windows have nothing else when it is three by three pixels.
                far = image.copy()
                far[0, :size, :size] = -np.inf
                cases.add("MaxPool", far, ksize=[1, 3, 2, 1], **how)
            cases.add("Conv2D", image, tame(name, random, 3, 2, 4, 5), **how)
            cases.add("DepthwiseConv2dNative", image, tame(name, random, 3, 3, 4, 2), **how)
    how = {"padding": b"SAME", "strides": [1, 1, 1, 1], "dilations": [1, 2, 2, 1]}
    cases.add("Conv2D", image, tame(name, random, 3, 2, 4, 5), **how)


def functions(cases: Cases) -> None:
    """Add what is approximate, where it is finite."""
    random = cases.random
    for name in (*FLOATS, *COMPLEX):
        a = tame(name, random, 311)
        inside = (random.uniform(-0.98, 0.98, 311)).astype(kind(name))
        above = (random.uniform(1.01, 30, 311)).astype(kind(name))
        for op in ("Sqrt", "Rsqrt", "Log", "Log1p", "Reciprocal", "Inv", "Acosh"):
            cases.add(op, above)
        for op in ("Exp", "Expm1", "Sin", "Cos", "Tan", "Atan", "Sinh", "Cosh", "Tanh", "Asinh", "Sigmoid", "Softplus",
                   "Elu", "Selu", "Erf", "Erfc"):  # fmt: skip
            cases.add(op, a)
        for op in ("Asin", "Acos", "Atanh"):
            cases.add(op, inside)
        cases.add("Pow", above, tame(name, random, 311))
        for op in ("Atan2", "Xlogy", "Xdivy"):
            cases.add(op, above, above[::-1].copy())
        for op in ("Softmax", "LogSoftmax"):
            cases.add(op, tame(name, random, 5, 13))
        cases.add("L2Loss", a)
        cases.add("LinSpace", kind(name).type(1), kind(name).type(3), i32(7))


def cases() -> Cases:
    """All of them."""
    made = Cases()
    for add in (elementwise, moving, reducing, functions):
        add(made)
    return made
