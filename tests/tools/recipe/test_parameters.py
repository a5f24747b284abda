"""Names in recipes have values, all of them and no others."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import UnsupportedError
from graphsurgeon.tools.recipe.parameters import filled_in, parameters_of
from graphsurgeon.tools.recipe.syntax import Step


def filled(options: dict[str, object], **values: object) -> dict[str, object]:
    (step,) = filled_in([Step("x", options, 3)], values)
    return step.options


def test_a_name_alone_is_the_value_whatever_it_is():
    assert filled({"a": "${v}"}, v=0.5) == {"a": 0.5}
    assert filled({"a": ["${v}", "x"]}, v=[1, 2]) == {"a": [[1, 2], "x"]}


def test_within_a_text_it_is_written_out():
    assert filled({"a": "${v}/b${w}", "c": {"${v}": 1}}, v="n", w=True) == {"a": "n/btrue", "c": {"n": 1}}


def test_two_dollars_stand_for_one():
    assert filled({"a": "$${v}", "b": "x$y"}) == {"a": "${v}", "b": "x$y"}


def test_texts_are_read_as_json_where_they_are_such():
    given = ["a=1", "b=true", "c=[1, 2]", "d=x=y", 'e="1"', "f="]
    assert parameters_of(given) == {"a": 1, "b": True, "c": [1, 2], "d": "x=y", "e": "1", "f": ""}
    assert parameters_of("a=b") == {"a": "b"}
    assert parameters_of({"a": (1,)}) == {"a": (1,)}


@pytest.mark.parametrize(("given", "match"), [(["a"], "'a' is no name=value"), (["a=1", "a=2"], "'a' is given twice")])
def test_what_is_no_value(given: list[str], match: str):
    with pytest.raises(UnsupportedError, match=match):
        parameters_of(given)


def test_what_has_no_value_and_what_is_not_asked_for():
    with pytest.raises(UnsupportedError, match=r"line 3: x: \$\{output\} has no value") as caught:
        filled({"a": "${output}"}, outputs="y")
    assert caught.value.hint == "did you mean 'outputs'?"
    with pytest.raises(UnsupportedError, match="no step asks for 'b'"):
        filled({"a": "${c}"}, b=1, c=2)
