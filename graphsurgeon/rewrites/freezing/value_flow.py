"""From reference or handle to value: rewriting what reads a variable when it becomes a constant.

A reference variable hands out a ``float_ref``, a resource variable a handle; a
constant hands out the value itself. What passes the one on must pass on the other:

======================================== ===========================================
reads a reference or handle               becomes
======================================== ===========================================
Identity Enter Exit Switch Merge ...      the same, its type attr changed
RefSwitch and its kin                     Switch and its kin
ReadVariableOp and others                 see `value_reads`
While If Case PartitionedCall ...         the same on a converted copy of the function
Assign, AssignVariableOp and others       cut, or an obstacle: see `updates`
======================================== ===========================================

Every other reader of a reference reads its value already.

Source: convert_to_constants.py (2.21) and graph_util_impl.py (1.15) of TensorFlow,
whose results these equal where those have one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from graphsurgeon.errors import PassError
from graphsurgeon.ir import ops
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import PASS_ON_OPS, WHILE_OPS
from graphsurgeon.ir.signatures import UNKNOWN, signature_of
from graphsurgeon.ir.traversal import Steps, run_nested
from graphsurgeon.rewrites.freezing.body_edits import BodyEdits
from graphsurgeon.rewrites.freezing.converted_functions import CALLERS, FOLLOWED, ConvertedFunctions
from graphsurgeon.rewrites.freezing.updates import Obstacle, cut_updates, late_readers
from graphsurgeon.rewrites.freezing.value_reads import READS, Value, to_true
from graphsurgeon.tensors.dtypes import RESOURCE

_REF_PASS_ON = {f"Ref{op}": op for op in ("Identity", "Enter", "Exit", "Switch", "Merge", "NextIteration")}
# They ask for a variable and leave it as it is.
_HARMLESS = frozenset({"DisableCopyOnRead"})
# What hands a value on to the next round of a loop.
_AROUND = WHILE_OPS | {"NextIteration"}
#: Of a node with more outputs only those are looked at that are read.
_MAX_OUTPUTS = 1 << 10

#: What to do about a node that needs a variable which is no more; True when it was done.
Overcome = Callable[[BodyEdits, Obstacle], bool]


class ValueFlow:
    """Follows variables that became constants through a model.

    Converted functions are added to its library under new names. `operation` is the pass, for errors; `hint` says
    what to do about a node that needs a variable. With `follows_values` functions are converted too that are handed
    what had been read of a reference: TensorFlow's freezing does, though they take the same as before.
    """

    def __init__(
        self,
        model: Model,
        operation: str,
        hint: Callable[[Node], str] | None = None,
        *,
        follows_values: bool = False,
    ) -> None:
        self._model = model
        self._follows_values = follows_values
        self._operation = operation
        self._hint = hint
        self.main = BodyEdits(model.graph)
        self.functions = ConvertedFunctions(model, self._follow_argument)

    def follow(
        self, body: BodyEdits, text: str, value: Value, *, is_ref: bool, is_value: bool = False
    ) -> dict[str, Value]:
        """Rewrite everything that reads a tensor which is a value from now on.

        `text` is the tensor as its readers write it; it was a reference if `is_ref`, else a handle; with `is_value` as
        well, what had been read of a reference. Returns every
        tensor of the body that carries the value now. A reader that needs the reference or handle itself is a
        PassError.
        """
        return run_nested(self._follow(body, text, value, is_ref=is_ref, is_value=is_value))

    def _follow(
        self, body: BodyEdits, text: str, value: Value, *, is_ref: bool, is_value: bool
    ) -> Steps[dict[str, Value]]:
        reached: dict[str, Value] = {}
        # Which of them were references: what an Identity makes of one is a value already.
        waiting = [(text, is_ref and not is_value)]
        while waiting:
            tensor, was_ref = waiting.pop()
            if tensor in reached:
                continue
            reached[tensor] = value
            for node, position in body.before.tensor_consumers(tensor):
                if not is_ref:
                    carriers = yield self._handle(body, node, position, text, value)
                    waiting += [(each, False) for each in carriers]
                elif was_ref:
                    waiting += yield self._ref(body, node, position, text, value)
                elif node.op in PASS_ON_OPS:
                    waiting += [(each, False) for each in _retype(body, node, value)]
                else:
                    yield self._pass_value(body, node, position, text, value)
        return reached

    def finish(self, roots: Iterable[str], overcome: Overcome | None = None) -> list[str]:
        """Cut what changes variables, and apply all edits to the graph and to the converted functions.

        `overcome` is asked about each op of the graph that cannot be cut, before it is an error; with it, a root
        does not count for what it waits for. Returns what was cut, as ``node`` or ``function/node``.
        It is a PassError that the roots need an op that changes a variable, or that two callers of one function
        disagree on which arguments are constants.
        """
        in_functions = self.functions.settle(self._decline)
        self.functions.tell(self.main, self._decline)
        roots = list(roots)
        cut, obstacles = cut_updates(self.main, roots, waits_count=overcome is None)
        for obstacle in [*obstacles, *late_readers(self.main, roots)]:
            if overcome is None or not overcome(self.main, obstacle):
                raise self._decline(self.main, obstacle)
        self.functions.finish(self._decline)
        self.main.apply()
        return cut + in_functions

    def _follow_argument(self, body: BodyEdits, text: str, value: Value, is_handle: bool) -> Steps[dict[str, Value]]:
        return self._follow(body, text, value, is_ref=not is_handle, is_value=not is_handle)

    def _pass_value(self, body: BodyEdits, node: Node, position: int, text: str, value: Value) -> Steps[None]:
        """Convert the functions that a call hands a value to, as TensorFlow does."""
        if not self._follows_values or node.op not in FOLLOWED or value.is_thawed:
            return
        if position >= CALLERS[node.op][0]:
            yield self.functions.call(body, node, position, text, value, is_handle=False)

    def _ref(
        self, body: BodyEdits, node: Node, position: int, text: str, value: Value
    ) -> Steps[list[tuple[str, bool]]]:
        facts = ops.facts(node.op)
        if node.op in _REF_PASS_ON:
            edited = body.edit(node)
            edited.op = _REF_PASS_ON[node.op]
            return [(body.output(edited, number), True) for number in range(2 if node.op == "RefSwitch" else 1)]
        if node.op == "IsVariableInitialized":
            to_true(body, body.current(node), value)
        elif facts is not None and _input_name(node, position) in facts.ref_inputs:
            _note_user(body, node, text)
        else:
            _note(body.readers, text, node)
            if node.op in PASS_ON_OPS and not value.is_thawed:
                return [(each, False) for each in _retype(body, node, value)]
            yield self._pass_value(body, node, position, text, value)
        return []

    def _handle(self, body: BodyEdits, node: Node, position: int, text: str, value: Value) -> Steps[list[str]]:
        if value.is_thawed and not _takes_handle(node, position):
            _note(body.readers, text, node)
            return []
        if node.op in _AROUND and value.dtype.is_quantized:
            reason = f"no kernel carries {value.dtype.name} around a loop, as variable {value.variable!r} has it"
            hint = "`keep` leaves variables as they are; or freeze first, and quantize the constants"
            raise PassError(self._operation, reason, node=node.name, hint=hint)
        if node.op in PASS_ON_OPS:
            return _retype(body, node, value)
        if node.op == "IdentityN":
            edited = body.edit(node)
            edited.attrs["T"] = [value.dtype if i == position else each for i, each in enumerate(edited.attrs["T"])]
            return [body.output(node, position)]
        if node.op in READS:
            _note(body.readers, text, node)
            now = body.current(node)
            if now.op in READS:  # else another variable has come this way
                READS[now.op](body, now, value)
        elif self.functions.is_call(node) and position >= CALLERS.get(node.op, (0,))[0]:
            outputs: list[str] = yield self.functions.call(body, node, position, text, value)
            return outputs
        else:
            _note_user(body, node, text)
        return []

    def _decline(self, body: BodyEdits, obstacle: Obstacle) -> PassError:
        where = "" if body.function is None else f"in function {body.function!r}: "
        hint = None if self._hint is None else self._hint(obstacle.node)
        return PassError(self._operation, where + obstacle.reason, node=obstacle.node.name, hint=hint)


def _note_user(body: BodyEdits, node: Node, text: str) -> None:
    body.users[node.name] = text
    if node.op not in _HARMLESS:
        _note(body.writers, text, node)


def _note(noted: dict[str, set[str]], text: str, node: Node) -> None:
    noted.setdefault(text, set()).add(node.name)


def _retype(body: BodyEdits, node: Node, value: Value) -> list[str]:
    edited = body.edit(node)
    edited.attrs["T"] = value.dtype
    edited.attrs.pop("_output_shapes", None)
    if node.op == "_SwitchN":
        # An attr may say any number; of so many only those that a node reads.
        count = node.attrs["num_outs"]
        numbers = range(count) if count <= _MAX_OUTPUTS else [each for each in body.read_outputs(node) if each < count]
        return [body.output(node, number) for number in numbers]
    return [body.output(node, number) for number in range(2 if node.op == "Switch" else 1)]


def _takes_handle(node: Node, position: int) -> bool:
    """Whether an op takes a handle there, as far as is known; one that was frozen already takes a value."""
    types = signature_of(node).inputs
    return types is None or position >= len(types) or types[position] in (UNKNOWN, RESOURCE.number)


def _input_name(node: Node, position: int) -> str:
    for name, count in signature_of(node).input_names or ():
        if position < count:
            return name
        position -= count
    return ""
