"""Small graphs with control flow that is functions."""

from __future__ import annotations

from typing import Any

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors.dtypes import BOOL, FLOAT
from tests import notation
from tests.passes.harness import reloaded

#: Branches that take one float.
BRANCHES = (
    notation.function("double", "x", "m:z:0", "k = Const {f32 [] 2}; m = Mul(x, k:output:0) {T: f32}"),
    notation.function("square", "x", "m:z:0", "m = Mul(x, x) {T: f32}"),
    notation.function("same", "x", "x", ""),
)


def small() -> Function:
    """The condition of a loop over x and w: x is smaller than 9."""
    made = notation.function("small", "x w", "l:z:0", "k = Const {f32 [] 9}; l = Less(x, k:output:0) {T: f32}")
    made.proto.signature.output_arg[0].type = BOOL.number
    return made


def step(body: str = "m = Mul(x, w) {T: f32}", results: str = "m:z:0 w") -> Function:
    """The body of a loop over x and w, which hands w on."""
    return notation.function("step", "x w", results, body)


def model(text: str, *functions: Function, **named: Any) -> Model:
    """A graph whose control flow and calls name functions, by node: one or several; all data are floats."""
    made = notation.model(text, *functions)
    for _, graph in made.graphs():
        for node in graph:
            if node.name in named:
                names = [named[node.name]] if isinstance(named[node.name], str) else named[node.name]
                results = made.library.functions[names[-1]].proto.signature.output_arg
                _name(node, [Func(name, {}) for name in names], [FLOAT] * len(results))
    return reloaded(made)


def loop(body: Function | None = None, after: str = "z = Neg(y) {T: f32}", before: str = "") -> Model:
    """A While y over x and w."""
    text = f"x = Placeholder {{dtype: f32}}; w = Const {{f32 [] 2}}; {before}; y = While(x, w); {after}"
    return model(text, small(), step() if body is None else body, y=("small", "step"))


def cond(op: str = "If", after: str = "z = Neg(y) {T: f32}", y: tuple[str, ...] = ("double", "square")) -> Model:
    """An If or Case y of x by p."""
    kind = "bool" if "If" in op else "int32"
    text = f"p = Placeholder {{dtype: {kind}}}; x = Placeholder {{dtype: f32}}; y = {op}(p, x); {after}"
    return model(text, *BRANCHES, y=y)


def _name(node: Node, funcs: list[Func], results: list[Any]) -> None:
    inputs = [FLOAT] * len(node.data_inputs)
    branched = {"Tin": inputs[1:], "Tout": results, "output_shapes": []}
    if node.op in ("While", "StatelessWhile"):
        node.attrs.update(cond=funcs[0], body=funcs[1], T=inputs, output_shapes=[], parallel_iterations=7)
    elif node.op in ("If", "StatelessIf"):
        node.attrs.update(then_branch=funcs[0], else_branch=funcs[1], Tcond=BOOL, **branched)
    elif node.op in ("Case", "StatelessCase"):
        node.attrs.update(branches=funcs, **branched)
    else:
        node.attrs.update(f=funcs[0], Tin=inputs, Tout=results)
