"""The matchers with which the tests of `tf.contrib.graph_editor` look at a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from graphsurgeon.compat.graph_editor.select import can_be_regex, make_regex
from graphsurgeon.compat.graph_editor.util import control_inputs_of
from graphsurgeon.ir.node import Node


def op_type(op_types: str | Sequence[str], op: Node | None = None) -> Any:
    """Return whether an op is of one of these; without one, a function that says it."""
    types = (op_types,) if isinstance(op_types, str) else tuple(op_types)
    if op is None:
        return lambda each: each.op in types
    return op.op in types


class OpMatcher:
    """Says whether an op is what is wanted, with the ops around it.

    Parameters
    ----------
    positive_filter : str, regular expression, op, function or True, or several
        One that is found in the op's name, the op itself, or what says yes to it.
    """

    def __init__(self, positive_filter: Any) -> None:
        several = positive_filter if isinstance(positive_filter, (list, tuple)) else [positive_filter]
        self.positive_filters = [_finalized(each) for each in several]
        self.input_op_matches: list[Any] | None = None
        self.control_input_op_matches: list[Any] | None = None
        self.output_op_matches: list[Any] | None = None

    def __call__(self, op: Node) -> bool:
        """Return whether an op is what is wanted."""
        if not all(each(op) for each in self.positive_filters):
            return False
        if self.input_op_matches is not None and not _all_match(
            [t.node for t in op.input_tensors], self.input_op_matches
        ):
            return False
        if self.control_input_op_matches is not None and not _all_match(
            control_inputs_of(op), self.control_input_op_matches
        ):
            return False
        if self.output_op_matches is None:
            return True
        outputs = op.outputs
        return len(outputs) == len(self.output_op_matches) and all(
            each is None or _all_match(t.consumers(), each)
            for t, each in zip(outputs, self.output_op_matches, strict=True)
        )

    def input_ops(self, *args: Any) -> OpMatcher:
        """Say what the ops are whose tensors it reads, one for each input; None for any."""
        if self.input_op_matches is not None:
            raise ValueError("what it reads is said already")
        self.input_op_matches = [_matcher(each) for each in args]
        return self

    def control_input_ops(self, *args: Any) -> OpMatcher:
        """Say what the ops are that it waits for; None for any."""
        if self.control_input_op_matches is not None:
            raise ValueError("what it waits for is said already")
        self.control_input_op_matches = [_matcher(each) for each in args]
        return self

    def output_ops(self, *args: Any) -> OpMatcher:
        """Say what the ops are that read it: for each output one, several, or None for any."""
        if self.output_op_matches is not None:
            raise ValueError("who reads it is said already")
        self.output_op_matches = [
            None if each is None else [_matcher(one) for one in (each if isinstance(each, (list, tuple)) else [each])]
            for each in args
        ]
        return self


matcher = OpMatcher


def _matcher(given: Any) -> OpMatcher | None:
    return given if given is None or isinstance(given, OpMatcher) else OpMatcher(given)


def _finalized(given: Any) -> Callable[[Node], Any]:
    if can_be_regex(given):
        return lambda op: make_regex(given).search(op.name) is not None
    if isinstance(given, Node):
        return lambda op: op is given
    if given is True:
        return lambda _: True
    if callable(given):
        found: Callable[[Node], Any] = given
        return found
    raise ValueError(f"no filter is made of a {type(given).__name__}")


def _all_match(ops: Sequence[Node | None], matchers: Sequence[OpMatcher | None]) -> bool:
    return len(ops) == len(matchers) and all(
        each is None or (op is not None and each(op)) for op, each in zip(ops, matchers, strict=True)
    )
