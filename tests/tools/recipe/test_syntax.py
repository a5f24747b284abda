"""Recipes as text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.tools.recipe.syntax import Step, parse_recipe, steps_of
from proto_utils.errors import UnsupportedError
from tests.counting import peak_nbytes

YAML = """\
# first things first
- unpartition
- cast: {dtype: float16, select: ["conv.*", fc]}

- pad:
    select: w
    after: [0, 2]
    value: 0.5
- strip-optimizer:
"""
STEPS = [
    Step("unpartition", {}, 2),
    Step("cast", {"dtype": "float16", "select": ["conv.*", "fc"]}, 3),
    Step("pad", {"select": "w", "after": [0, 2], "value": 0.5}, 5),
    Step("strip-optimizer", {}, 9),
]


def test_yaml():
    assert parse_recipe(YAML) == STEPS


def test_json_has_lines_too():
    items = [step.name if not step.options else {step.name: step.options} for step in STEPS]
    text = "[\n" + ",\n\n".join(map(json.dumps, items)) + "\n]\n"
    assert parse_recipe(text) == [Step(step.name, step.options, 2 + 2 * n) for n, step in enumerate(STEPS)]


def test_yaml_in_brackets():
    """As the documentation writes them, in a file or from standard input."""
    assert parse_recipe("[sort]") == [Step("sort", {}, 1)]
    text = "[sort,\n {cast: {dtype: float16, select: ['conv.*', fc]}}]\n"
    assert parse_recipe(text) == [
        Step("sort", {}, 1),
        Step("cast", {"dtype": "float16", "select": ["conv.*", "fc"]}, 2),
    ]


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    max_leaves=20,
)


@given(st.text(), st.dictionaries(st.text(), plain))
def test_a_step_prints_itself(name, options):
    assert parse_recipe(f"[{Step(name, options)}]") == [Step(name, options)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "a recipe without steps"),
        ("[]", "a recipe without steps"),
        ("# nothing", "a recipe without steps"),
        ("cast: {dtype: float16}", "line 1: a recipe is a list of steps"),
        ("\n- 7", "line 2: not a step: 7"),
        ("- a\n- {cast: 1, pad: 2}", "line 2: not a step: {'cast': 1, 'pad': 2}"),
        ("- cast: [float16]", r"line 1: not a step: {'cast': \['float16'\]}"),
        ("- cast: {1: 2}", "line 1: not a step"),
        ("- a\n- cast: {dtype: a, dtype: b}", "line 2: 'dtype' is given twice"),
        ("- a\n- cast: {dtype: [}", "line 2: "),
        ("- &a [*a]", "line 1: "),
        ("- cast: {a: !!python/object/apply:os.getcwd []}", "could not determine a constructor"),
        ("- cast: {a: 2020-99-99}", "line 1: a number of thousands of digits, or an impossible date"),
        ("- pad: {a: " + "9" * 5000 + "}", "line 1: a number of thousands of digits"),
        ("- a\n---\n- b", "line 2: expected a single document|but found another document"),
        ("- \x00", "unacceptable character|special characters are not allowed"),
        ('["a",\n {"cast": {"x": 1,\n "x": 2}}]', "line 2: 'x' is given twice"),
        ("- a\n- cast: {dtype: !!bool x}", "line 2: a value that is not what its tag says"),
        ("- cast: {dtype: !!timestamp x}", "line 1: a value that is not what its tag says"),
        ('["a",\n "b"', "line 2: "),
        ('["a" "b"]', "line 1: Expecting ',' delimiter"),
        ('["a"] x', "line 1: Extra data"),
        ('["a",\n nonsense]', "line 2: Expecting value"),
        ('["a",\n 7]', "line 2: not a step: 7"),
        ('["a",\n {"pad": {"a": ' + "9" * 5000 + "}}]", "line 2: "),
        ("[" * 100_000, "lists within lists|Expecting value|line 1"),
    ],
)
def test_what_is_no_recipe(text, reason):
    with pytest.raises(UnsupportedError, match=reason) as caught:
        parse_recipe(text, "r.yaml")
    assert caught.value.path == "r.yaml"
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("cast: {dtype: half}\nrename: {add_scope: a}\n", "a dash before each: - cast, - rename"),
        ('{"cast": {"dtype": "half"}}', '[{"cast": ...}]'),
    ],
)
def test_a_mapping_of_steps_is_answered_with_a_list(text, how):
    with pytest.raises(UnsupportedError, match="a recipe is a list of steps") as caught:
        parse_recipe(text)
    assert how in caught.value.reason


def test_steps_may_be_plain_values():
    steps = steps_of(["strip_optimizer", {"cast": {"dtype": "half"}}, Step("rename", {"add_scope": "a"})])
    assert [(step.name, step.options) for step in steps] == [
        ("strip_optimizer", {}),
        ("cast", {"dtype": "half"}),
        ("rename", {"add_scope": "a"}),
    ]
    for wrong in ({"cast": {"dtype": "half"}}, 3, [{"a": 1, "b": 2}]):
        with pytest.raises(UnsupportedError):
            steps_of(wrong)


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("- rename:\n  - add_scope: a\n  - strip_scope: b\n", "rename: {add_scope: ..., strip_scope: ...}"),
        ("- rename: {add_scope: a}\n  cast: {dtype: half}\n", "- rename, - cast"),
        ("steps:\n- cast: {dtype: half}\n", "leave out 'steps'"),
        ("- {}\n", "not a step"),
    ],
)
def test_lists_and_mappings_in_each_other_s_place(text, how):
    with pytest.raises(UnsupportedError) as caught:
        parse_recipe(text)
    assert how in caught.value.reason


BOMBS = {
    "lists": "- x: {a0: &a0 [1, 1]" + "".join(f", a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 60)) + "}",
    "merges": "- x:\n    a0: &a0 {k: 1}\n"
    + "".join(f"    a{i}: &a{i}\n      <<: [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60)),
    "keys": "- &a {x: 1}\n- ? *a\n  : *a",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_aliases_do_not_multiply(bomb: str):
    def work() -> None:
        with pytest.raises(UnsupportedError):
            parse_recipe(BOMBS[bomb])

    assert peak_nbytes(work) < 10 << 20


def test_an_alias_is_what_it_stands_for():
    steps = parse_recipe("- cast: {dtype: float16, select: &some [a, b]}\n- scale: {factor: 2, select: *some}")
    assert steps[1].options == {"factor": 2, "select": ["a", "b"]}
