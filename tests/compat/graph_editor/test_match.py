"""Matchers say yes to the ops they describe."""

from __future__ import annotations

import re

import pytest

from graphsurgeon.compat.graph_editor.match import OpMatcher, op_type
from graphsurgeon.ir.graph import Graph


def test_names_types_and_what_is_around(graph: Graph):
    f = graph["foo/bar/f"]
    assert OpMatcher("^.*/f$")(f)
    assert OpMatcher(re.compile("f$"))(f)
    assert OpMatcher("^.*/f$").input_ops("^.*/c$", "^.*/d$")(f)
    assert OpMatcher("^.*/f$").input_ops(True, None)(f)
    assert OpMatcher("^.*/f$").input_ops(op_type("Add"), op_type(["Const", "Mul"]))(f)
    waiting = OpMatcher("^.*/h$").control_input_ops("^.*/c$")
    assert OpMatcher(f).output_ops(waiting)(f)
    assert OpMatcher("^.*/h$").output_ops([])(graph["foo/bar/h"])
    assert OpMatcher("^.*/d$").output_ops(["e$", "f$"])(graph["foo/d"])
    assert op_type("Add", f)


def test_what_is_another(graph: Graph):
    f = graph["foo/bar/f"]
    assert not OpMatcher("g$")(f)
    assert not OpMatcher(graph["a"])(f)
    assert not OpMatcher(["f$", op_type("Sub")])(f)
    assert not OpMatcher("f$").input_ops("c$")(f)
    assert not OpMatcher("f$").input_ops("d$", "c$")(f)
    assert not OpMatcher("f$").control_input_ops("c$")(f)
    assert not OpMatcher("f$").output_ops([])(f)
    assert not OpMatcher("f$").output_ops(None, None)(f)


def test_what_makes_no_matcher():
    with pytest.raises(ValueError, match="no filter is made of a int"):
        OpMatcher(3)
    for once in ("input_ops", "control_input_ops", "output_ops"):
        with pytest.raises(ValueError, match="said already"):
            getattr(getattr(OpMatcher("a"), once)("b"), once)("c")
