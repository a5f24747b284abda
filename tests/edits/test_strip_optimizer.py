"""What optimizers keep goes, with a reason each."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.edits.strip_optimizer import strip_optimizer
from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, read_object_graph
from proto_utils import schema
from tests import notation
from tests.edits.values import singles, tensors, told
from tests.object_graphs import BIAS, KERNEL, SLOT, trained

DROPPED = ["beta1_power", "w/Adam", "w/Adam_1"]


@pytest.fixture
def given():
    slots = {"w__Adam": singles(0, 0), "w__Adam_1": singles(0, 0), "beta1_power": np.float32(0.9)}
    return tensors(w=singles(1, 2), **slots, v__Momentum=singles(1), global_step=3)


def test_slots_go_and_the_rest_stays(given):
    w = given["w"]
    report = strip_optimizer(given)
    assert list(given) == ["w", "v/Momentum", "global_step"]
    assert given["w"] is w
    assert {row.name: row.reason for row in report.changes} == {
        "w/Adam": "slot Adam of w, by name and shape",
        "w/Adam_1": "slot Adam_1 of w, by name and shape",
        "beta1_power": "a number of an optimizer, by name and shape",
    }
    assert told(report) == {"v/Momentum": "looks like a slot, but no variable 'v' has its shape"}
    assert report.notes == ["20 bytes of values are not needed any more"]


def test_keep_and_drop(given):
    report = strip_optimizer(given, keep=("w/Adam", "v/.*"), drop=("global_step",))
    assert list(given) == ["w", "w/Adam", "v/Momentum"]
    assert {row.name: row.reason for row in report.changes}["global_step"] == "asked for"
    assert told(report) == {}


def test_another_optimizer():
    given = tensors(w=singles(1), w__Mine=singles(1))
    with pytest.raises(PassError, match="there is nothing of an optimizer in it"):
        strip_optimizer(given)
    strip_optimizer(given, slot_name=("Mine",))
    assert list(given) == ["w"]


def test_the_object_graph_stays_true():
    message = trained()
    keys = [attribute.checkpoint_key for node in message.nodes for attribute in node.attributes]
    given = tensors(**{key: singles(1) for key in keys}, **{OBJECT_GRAPH_KEY: schema.serialize(message)})
    strip_optimizer(given)
    assert {KERNEL, BIAS} <= given.keys()
    assert SLOT not in given
    objects = read_object_graph(given)
    assert objects is not None
    assert objects.slots == {}
    assert SLOT not in objects.attributes


def test_what_is_refused(given):
    with pytest.raises(PassError, match="no tensor would be left"):
        strip_optimizer(given, drop=(".*",))
    with pytest.raises(NotFoundError):
        strip_optimizer(given, keep=("nothing",))


def test_the_verb_lists_what_goes_when_asked(verb, given, tmp_path):
    save_checkpoint(given, tmp_path / "m")
    done = verb("strip-optimizer", tmp_path / "m", "-o", tmp_path / "z")
    assert done.out.splitlines()[0] == "tensors: 3 dropped, 3 as before, 1 skipped"
    done = verb("strip-optimizer", tmp_path / "m", "-o", tmp_path / "x", "--explain")
    lines = done.out.splitlines()
    assert [line.split()[:2] for line in lines[1:4]] == [[name, "dropped"] for name in DROPPED]
    assert lines.index("tensors: 3 dropped, 3 as before, 1 skipped") > 3
    assert verb("strip-optimizer", tmp_path / "m", "-o", tmp_path / "y", "--quiet").out == ""


def test_the_verb_has_no_option_for_the_graph(verb, checkpoint):
    assert "--model" not in verb("strip-optimizer", "--help").out
    done = verb("strip-optimizer", checkpoint, "--dry-run", "--drop", "w")
    assert done.code == 0
    assert "asked for" in done.out


def test_what_is_asked_for_leaves_the_graph_alone(verb, tmp_path):
    """Whoever drops a weight by name has not said what is to become of the net that reads it."""
    model = notation.model("""
        x = Placeholder {dtype: f32}
        w = VariableV2 {dtype: f32, shape: shape[1]}
        w/read = Identity(w)
        y = Mul(x, w/read)
        m = VariableV2 {dtype: f32, shape: shape[1]}
    """)
    given = tensors(w=singles(1), m=singles(2))
    report = strip_optimizer(given, drop=("w",), model=model)
    assert (list(given), len(model.graph), len(report.notes)) == (["m"], 5, 1)
