"""Errors keep their facts."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from proto_utils.errors import (
    CorruptionError,
    FileFormatError,
    GraphSurgeonError,
    LimitError,
    NotFoundError,
    OutputExistsError,
    UnsupportedError,
    near_names,
)

EXAMPLES = [
    CorruptionError("ends inside a varint", path="a.pb", offset=7, hint="fetch it again"),
    UnsupportedError("a future version"),
    NotFoundError("tensor", "w", ("w1", "w2"), where="a checkpoint"),
    LimitError("the message", 3_000_000_000, 2_000_000_000),
    OutputExistsError("out.pb"),
]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (CorruptionError("bad", path="a.pb", offset=7), "a.pb at byte 7: bad"),
        (CorruptionError("bad", path="a.pb"), "a.pb: bad"),
        (CorruptionError("bad"), "<memory>: bad"),
        (NotFoundError("tensor", "w"), "no tensor 'w'"),
        (NotFoundError("tensor", "w", where="a.ckpt"), "no tensor 'w' in a.ckpt"),
        (LimitError("the message", 3000, 2000), "the message is 3,000, the limit is 2,000"),
        (OutputExistsError("out.pb"), "out.pb: exists already; `force=True` replaces it"),
        (CorruptionError("bad", path="a.pb", hint="download it again"), "a.pb: bad; download it again"),
    ],
)
def test_the_message_says_what_and_where(error: GraphSurgeonError, text: str):
    assert str(error) == text


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_fields_are_json(error: GraphSurgeonError):
    assert set(error.field_names) <= json.loads(json.dumps(error.fields())).keys()


def test_the_hint_is_a_field_when_there_is_one():
    assert CorruptionError("bad", hint="try").fields() == {"path": None, "offset": None, "reason": "bad", "hint": "try"}
    assert "hint" not in CorruptionError("bad").fields()


def test_near_names_make_the_hint():
    assert NotFoundError("node", "x", ("y", "z")).hint == "did you mean 'y' or 'z'?"
    assert NotFoundError("node", "x").hint is None


def test_near_names_are_looked_for_among_the_others():
    error = NotFoundError.among("node", "conv", ["conv1", "fc"], where="a.pb")
    assert (error.near, str(error)) == (("conv1",), "no node 'conv' in a.pb; did you mean 'conv1'?")
    assert NotFoundError.among("node", "conv:0", ["conv"], like="conv", hint="look").fields() == {
        "kind": "node", "name": "conv:0", "near": ("conv",), "hint": "look",
    }  # fmt: skip


def test_near_names():
    names = ["conv1/weights", "conv1/biases", "conv2/weights", "fc/kernel"]
    assert near_names("conv1/weigths", names)[0] == "conv1/weights"
    assert set(near_names("weights", names)) == {"conv1/weights", "conv2/weights"}
    assert near_names("zzz", names) == ()
    assert near_names("", names) == ()
    assert near_names("x", []) == ()


@pytest.mark.parametrize("key", [3, None, b"conv1/weights", ("a",)])
def test_nothing_is_near_to_what_is_no_name(key: Any):
    assert near_names(key, ["conv1/weights"]) == ()


def test_long_names_are_compared_as_far_as_that_costs_little(monkeypatch):
    long = "a/b" * 100_000
    assert near_names("kernal", [long, "kernel"]) == ("kernel",)
    compared: list[str] = []
    monkeypatch.setattr("difflib.get_close_matches", lambda _, names, **__: compared.__iadd__(names))
    near_names(long, [long[:i] + "x" + long[i:] for i in range(9)])
    assert compared == []


def test_near_names_among_very_many_compare_a_part_of_them(monkeypatch):
    compared: list[str] = []

    def close(_: str, names: list[str], **__: object) -> list[str]:
        compared.extend(names)
        return []

    monkeypatch.setattr("difflib.get_close_matches", close)
    assert near_names("layer_1/weight", [f"layer_{number}/weights" for number in range(200_000)])
    assert len(compared) == 2000


@pytest.mark.parametrize(
    ("error", "kind"),
    [(EXAMPLES[0], FileFormatError), (EXAMPLES[1], FileFormatError), (EXAMPLES[2], KeyError)]
    + [(EXAMPLES[4], FileExistsError), (EXAMPLES[4], OSError)],
)
def test_they_are_also_pythons_own(error: GraphSurgeonError, kind: type[Exception]):
    assert isinstance(error, kind)
    assert isinstance(error, GraphSurgeonError)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copy", "pickle"])
def test_they_cross_processes(error: GraphSurgeonError, again):
    other = again(error)
    assert type(other) is type(error)
    assert (str(other), other.args, other.fields()) == (str(error), error.args, error.fields())
