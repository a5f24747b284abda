"""What variables are called where tracing has lost their names."""

from __future__ import annotations

import pytest

from graphsurgeon.passes.freeze import freeze
from graphsurgeon.passes.unfreeze import unfreeze
from graphsurgeon.variables.layout import VariableKind
from graphsurgeon.weights import VariableNames
from proto_utils import schema
from proto_utils.errors import NotFoundError
from tests.passes.harness import KINDS, model, reloaded
from tests.weights.test_reader_names import FROZEN

NAMES = ["fc/kernel", "fc/bias", "out/kernel"]


@pytest.mark.parametrize("kind", KINDS)
def test_readers_name_them_and_the_note_says_so(kind: VariableKind):
    of = model(FROZEN)
    report = unfreeze(of, variables=kind)
    assert [row.name for row in report.variables] == [row.node for row in report.variables] == NAMES
    assert list(of.variables) == NAMES
    assert report.notes[0] == (
        "3 variables are named after the layers that read them, for tracing had lost their names: "
        "'unknown' is 'fc/kernel' and 2 more"
    )
    assert "the constant is 'unknown'" in report.variables[0].evidence[-1]


def test_constants_keep_their_names_as_reads():
    of = model(FROZEN)
    unfreeze(of)
    assert of.graph["unknown"].op == "Identity"
    assert of.graph["unknown"].inputs == ("fc/kernel",)
    assert of.graph["Func/StatefulPartitionedCall/input/_1"].inputs == ("unknown",)


def test_names_of_constants_are_kept_when_asked_for():
    report = unfreeze(model(FROZEN), names="keep")
    assert [row.name for row in report.variables] == ["unknown", "unknown_0", "43"]
    assert report.notes == []


@pytest.mark.parametrize("called", ["keep", "readers"])
@pytest.mark.parametrize("kind", KINDS)
def test_freezing_brings_constants_back(kind: VariableKind, called: VariableNames):
    of = model(FROZEN)
    before = schema.serialize(of.to_graph_def())
    unfreeze(of, variables=kind, names=called)
    of = reloaded(of)
    freeze(of, outputs=("y",))
    assert schema.serialize(of.to_graph_def()) == before


@pytest.mark.parametrize("pattern", ["fc/.*", "unknown(_0)?"])
def test_patterns_match_either_name(pattern: str):
    assert [row.name for row in unfreeze(model(FROZEN), exclude=pattern).variables] == ["out/kernel"]
    report = unfreeze(model(FROZEN), not_trainable=pattern)
    assert {row.name for row in report.variables if row.trainable} == {"out/kernel"}


def test_a_pattern_that_matches_neither_is_refused():
    with pytest.raises(NotFoundError, match="fd/kernel"):
        unfreeze(model(FROZEN), exclude="fd/kernel")
    with pytest.raises(NotFoundError, match="fc/kernel"):
        unfreeze(model(FROZEN), exclude="fc/kernel", names="keep")


def test_keys_of_a_saver_that_is_there_are_not_taken_again():
    of = model(FROZEN + "fc/kernel = VariableV2 {dtype: f32, shape: shape[2]}\nz = Identity(fc/kernel)")
    assert [row.name for row in unfreeze(of).variables] == ["fc/kernel_1", "fc/bias", "out/kernel"]
