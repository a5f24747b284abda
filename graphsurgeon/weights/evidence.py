"""Evidence that constants are weights, gathered over graph and functions.

For each scope (the graph, then every function body that is given constants): trace the
constants; note marks of freezing; ask the role table about each use; look for
normalizations written out and for masks; descend into calls; judge the operands of plain
arithmetic, and of what is done to inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.traversal import Steps, run_nested
from graphsurgeon.weights import calls, norms, roles
from graphsurgeon.weights.arithmetic import Arithmetic, Weighted
from graphsurgeon.weights.marks import INTACT, NAME_ONLY, find_marks
from graphsurgeon.weights.masks import find_masks
from graphsurgeon.weights.normalizers import Normalizers
from graphsurgeon.weights.scope import Constant, Scope, Use
from proto_utils.named_tuple import NamedTuple

#: Findings of one constant that are written down; a table read by every layer has thousands alike.
MAX_FINDINGS = 12

#: Marks decide unless more than this many times as many constants serve as kernels without one: then a tool has taken
#: the marks away and left a few.
STRIPPED_RATIO = 20

_IN = "in function "
_IN_LOOP = {"matmul_kernel": "recurrent_kernel", "bias": "recurrent_bias"}
#: The ops without which no unrolled cell is, see `_is_cell`.
_IN_CELLS = (("ConcatV2", "Concat"), ("Split",))
_PEEPHOLES = ("wci", "wcf", "wco")
_PRODUCTS = ("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "SparseMatMul", "_FusedMatMul")


class Clue(NamedTuple):
    """One piece of evidence."""

    text: str  # for people
    role: str | None = None  # the one it speaks for
    is_sure: bool = False  # whether op and port, or a whole pattern, establish the role
    mark: int = 0  # what it says as a mark of freezing: 0 nothing, or HINT, NAME_ONLY, INTACT
    node: str = ""  # the reader that it is about, where one is; in a function's body, by its name there


class Evidence:
    """The evidence about one constant."""

    __slots__ = ("findings", "likely", "mark", "sure", "uses")

    def __init__(self, uses: list[Use]) -> None:
        # There may be many thousands of these, most without a finding: empty ones share everything.
        self.uses = uses
        self.findings: tuple[Clue, ...] = ()
        self.mark = 0  # the strongest mark that freezing left on it, 0 for none
        self.sure: frozenset[str] = frozenset()  # the roles that are established
        self.likely: frozenset[str] = frozenset()  # the roles that only the surroundings speak for

    def add(self, finding: Clue) -> None:
        """Note a piece of evidence."""
        self.mark = max(self.mark, finding.mark)
        if finding.role is not None and finding.is_sure:
            self.sure |= {finding.role}
        elif finding.role is not None:
            self.likely |= {finding.role}
        if len(self.findings) < MAX_FINDINGS and finding not in self.findings:
            self.findings += (finding,)


def gather(
    model: Model, index: Index, constants: list[Constant], captured: Mapping[str, Mapping[int, str]] | None = None
) -> dict[str, Evidence]:
    """Return the evidence about the graph's `constants`, by name; linear in nodes and edges, reads no payload.

    `captured` are those that functions have of themselves, by function and number of the argument.
    """
    library = calls.CalledFunctions(model)
    scope = Scope(model.graph, index, constants, library.forwarded_by(index.producers.values()))
    whole = _Analysis(scope, library, {}, set())
    run_nested(whole.run(captured or {}))
    return whole.found


# The evidence in a function body given such constants, and by names what is no input data, inside a loop or not; and
# whether weights are used there.
_Known: TypeAlias = dict[tuple[str, tuple[Constant, ...], frozenset[str], bool], tuple[dict[str, Evidence], bool]]


class _Analysis:
    """The evidence in one scope.

    `active` are the functions whose analysis waits for this one, `touched` the arguments that are no input data.
    """

    def __init__(
        self,
        scope: Scope,
        library: calls.CalledFunctions,
        known: _Known,
        active: set[str],
        *,
        touched: frozenset[str] = frozenset(),
        in_loop: bool = False,
    ) -> None:
        self.scope = scope
        self.library = library
        self.known = known
        self.active = active
        self.touched = touched
        self.in_loop = in_loop
        self.found: dict[str, Evidence] = {}
        self.weighted: dict[str, Weighted] = {}
        self._may_have_cells = not any(map(scope.graph.ops.isdisjoint, _IN_CELLS))

    def run(self, captured: Mapping[str, Mapping[int, str]] | None = None) -> Steps[None]:
        """Gather the evidence about each constant of the scope; yield the callees that have to run first."""
        for constant in self.scope.constants.values():
            uses, passed = self.scope.trace(constant)
            evidence = Evidence(uses)
            for mark in find_marks(constant, uses, passed):
                evidence.add(Clue(mark.text, None, False, mark.strength, mark.reader))
            self.found[constant.name] = evidence
        for constant in self.scope.constants.values():
            self._ports(constant)
        self._patterns()
        calling = self._calling()
        normalizers = Normalizers(self.scope, self._touched(calling))
        for node in calling.values():
            yield from self._call(node, normalizers)
        for function, numbers in (captured or {}).items():
            given = self.library.captured(function, numbers, self.scope)
            if given:
                yield from self._descend(None, function, given, frozenset(), in_loop=False)
        decides = marks_decide(self.found)
        arithmetic = Arithmetic(self.scope, self.weighted)
        for constant in self.scope.constants.values():
            if not decides or self.found[constant.name].mark:
                self._arithmetic(constant, arithmetic)
                self._normalizer(constant, normalizers)

    def _ports(self, constant: Constant) -> None:
        for use in self.found[constant.name].uses:
            role = roles.input_roles(use.node).get(use.position)
            if role is None or not _counts(self.scope, constant, use):
                continue
            if role in roles.KERNELS or role == "embedding":
                self.weighted[use.node.name] = Weighted(use.node, use, constant)
            text = f"{roles.input_name(use.node, use.position)} of {use.node.op} {use.node.name!r}{_through(use)}"
            self.found[constant.name].add(Clue(text, self._in_loop(role, use), is_sure=True, node=use.node.name))

    def _in_loop(self, role: str, use: Use) -> str:
        if role not in _IN_LOOP:
            return role
        in_loop = self.in_loop or (
            use.last is not None and any(node.op in ("Enter", "RefEnter") for node in use.path())
        )
        return _IN_LOOP[role] if in_loop or (self._may_have_cells and _is_cell(self.scope, use.node)) else role

    def _patterns(self) -> None:
        for part in norms.find_parts(self.scope, self.scope.graph.nodes_of(norms.ROOTS)):
            self.found[part.constant.name].add(Clue(part.text, part.role, is_sure=True))
        products = (node for node in self.scope.graph.nodes_of(("Mul",)) if node.name in self.scope.static)
        for mask, weight, text in find_masks(self.scope, products):
            if self.found[weight.name].mark or self.found[weight.name].sure - roles.EITHER:
                self.found[mask.name].add(Clue(text, "mask", is_sure=True))

    def _touched(self, calling: Iterable[str]) -> Iterator[str]:
        """Yield the nodes that use weights, and what else makes no input data."""
        yield from calling
        yield from self.touched
        yield from self.weighted
        for evidence in self.found.values():
            if evidence.sure - roles.EITHER:
                yield from (use.node.name for use in evidence.uses)

    def _normalizer(self, constant: Constant, normalizers: Normalizers) -> None:
        evidence = self.found[constant.name]
        if constant.dtype.is_floating and not evidence.sure and (evidence.mark or constant.size > 1):
            text = normalizers.judge(constant)
            if text is not None:
                evidence.add(Clue(text, "normalizer", is_sure=True))

    def _arithmetic(self, constant: Constant, arithmetic: Arithmetic) -> None:
        evidence = self.found[constant.name]
        if evidence.sure:
            return
        for use in evidence.uses:
            judged = arithmetic.judge(constant, use)
            if judged is not None:
                clue = Clue(judged.text + _through(use), self._in_loop(judged.role, use), node=use.node.name)
                self.found[constant.name].add(clue)

    def _calling(self) -> dict[str, Node]:
        """Return the calls of functions that are given one of the constants, by name."""
        uses = (use for evidence in self.found.values() for use in evidence.uses)
        return {use.node.name: use.node for use in uses if self.library.is_call(use.node)}

    def _call(self, node: Node, normalizers: Normalizers) -> Steps[None]:
        """Descend into the functions that a node calls."""
        in_loop = self.in_loop or "While" in node.op
        for function, arguments, others in self.library.arguments(self.scope, node):
            if function not in self.active:
                touched = frozenset(name for name, text in others.items() if in_loop or not normalizers.is_input(text))
                yield from self._descend(node, function, arguments, touched, in_loop=in_loop)

    def _descend(
        self,
        node: Node | None,
        function: str,
        arguments: dict[str, Constant],
        touched: frozenset[str],
        *,
        in_loop: bool,
    ) -> Steps[None]:
        constants = tuple(given._replace(name=name, node=None) for name, given in arguments.items())
        key = (function, constants, touched, in_loop)
        if key not in self.known:
            scope = self.library.scope(function, constants)
            inner = _Analysis(scope, self.library, self.known, self.active, touched=touched, in_loop=in_loop)
            self.active.add(function)
            yield inner.run()
            self.active.remove(function)
            self.known[key] = inner.found, bool(inner.weighted)
        found, uses_weights = self.known[key]
        if uses_weights and node is not None:
            self.weighted.setdefault(node.name, Weighted(node))
        for name, given in arguments.items():
            for finding in found[name].findings:
                # Only the innermost is named, however deep.
                text = finding.text if finding.text.startswith(_IN) else f"{_IN}{function!r}: {finding.text}"
                self.found[given.name].add(finding._replace(text=text))


def marks_decide(found: Mapping[str, Evidence]) -> bool:
    """Whether a graph bears the marks of freezing intact, so that they decide.

    Not so when some are only names of what is gone, nor when constants serve as kernels all over and a few have kept
    a mark by accident: then an optimizer has been at work, and others may have lost theirs altogether.
    """
    marks = [evidence.mark for evidence in found.values()]
    if INTACT not in marks or NAME_ONLY in marks:
        return False
    unmarked = sum(not evidence.mark and not roles.KERNELS.isdisjoint(evidence.sure) for evidence in found.values())
    return unmarked <= STRIPPED_RATIO * marks.count(INTACT)


def _counts(scope: Scope, constant: Constant, use: Use) -> bool:
    """Whether what stands at a weight's port really is one."""
    node, position = use.node, use.position
    name = roles.input_name(node, position)
    if constant.is_scalar:
        return name in ("min", "max")
    if node.op in _PRODUCTS and position == 0:
        # Two constants: the left one is data, such as the zero state an unrolled loop starts from.
        return len(node.inputs) < 2 or not scope.is_static(node.inputs[1])
    if name in _PEEPHOLES:
        return node.attrs.get("use_peephole") is True
    if name in ("params", "resource", "data", "params_dense_values"):
        return len(constant.shape) > 1 or not constant.dtype.is_floating
    return True


def _is_cell(scope: Scope, node: Node) -> bool:
    """Whether a MatMul, or the bias after one, makes the gates of an unrolled cell: ``split(W [x, h] + b)``."""
    op, inputs = node.op, node.inputs
    if op in ("BiasAdd", "Add", "AddV2") and inputs:
        product = scope.origin(inputs[0])
        return product is not None and product.op == "MatMul" and _is_cell(scope, product)
    joined = scope.origin(inputs[0]) if op == "MatMul" and inputs else None
    if joined is None or joined.op not in ("ConcatV2", "Concat"):
        return False
    after = [reader for reader, _ in scope.readers(node)]
    after += [late for one in after if one.op in ("BiasAdd", "Add", "AddV2") for late, _ in scope.readers(one)]
    after += [late for one in after if one.op == "Sigmoid" for late, _ in scope.readers(one)]
    return any(one.op == "Split" for one in after)


def _through(use: Use) -> str:
    if use.last is None:
        return ""
    ops = [node.op for node in use.path() if node.op != "Identity"]
    return f" (through {', '.join(reversed(ops))})" if ops else ""
