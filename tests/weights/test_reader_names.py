"""Names that readers imply, of graphs as functions are frozen."""

from __future__ import annotations

import re

from graphsurgeon.weights.reader_names import Unnamed, names_by_readers
from tests.weights.verdicts import plan


def names(*reads: str, taken: tuple[str, ...] = (), roles: str = "matmul_kernel") -> list[str]:
    """The names of constants with one reader each."""
    found = [Unnamed(f"unknown_{number}", roles, (2, 2), [read], []) for number, read in enumerate(reads)]
    implied = names_by_readers(found, set(taken))
    return [implied[each.name].name for each in found]


def test_a_layer_and_a_role_are_a_name():
    assert names("model/fc1/MatMul/ReadVariableOp", "model/fc2/MatMul/ReadVariableOp") == ["fc1/kernel", "fc2/kernel"]


def test_the_scope_of_the_model_stays_where_it_reads_something_itself():
    assert names("net/fc1/MatMul/ReadVariableOp", "net/MatMul/ReadVariableOp") == ["net/fc1/kernel", "net/kernel"]


def test_two_models_keep_their_scopes():
    assert names("a/fc/MatMul/ReadVariableOp", "b/fc/MatMul/ReadVariableOp") == ["a/fc/kernel", "b/fc/kernel"]


def test_a_layer_of_layers_is_no_model():
    reads = [f"bidirectional/{each}/lstm_cell/MatMul/ReadVariableOp" for each in ("forward", "backward")]
    assert names(*reads) == [f"bidirectional/{each}/lstm_cell/kernel" for each in ("forward", "backward")]


def test_keras_3_numbers_every_scope():
    """Calls of a layer: the second scope of each, and the fourth where it is shared."""
    found = [
        Unnamed("a", "matmul_kernel", (2, 2), ["net_1/fc_3/Cast/ReadVariableOp", "net_1/fc_1/Cast/ReadVariableOp"], []),
        Unnamed("b", "matmul_kernel", (2, 2), ["net_1/fc_1_2/Cast/ReadVariableOp"], []),
    ]
    assert [each.name for each in names_by_readers(found, ()).values()] == ["fc/kernel", "fc_1/kernel"]


def test_numbers_of_keras_2_are_part_of_the_name():
    assert names("model_1/dense_2/MatMul/ReadVariableOp", "model_1/dense_3/MatMul/ReadVariableOp") == [
        "dense_2/kernel",
        "dense_3/kernel",
    ]


def test_layers_of_one_name_are_told_apart_by_their_scopes():
    assert names("net_1/fc_1/Cast/ReadVariableOp", "net_1/fc_3/Cast/ReadVariableOp") == ["fc/kernel", "fc_3/kernel"]


def test_models_that_were_built_alone_are_no_scopes():
    read = "net/mobilenetv2_1.00_224/Conv1/Conv2D/ReadVariableOp"
    assert names(read, "net/functional_1/fc/MatMul/ReadVariableOp") == ["Conv1/kernel", "fc/kernel"]


def test_names_are_different_and_free():
    reads = ["net/fc/MatMul/ReadVariableOp", "net/fc/MatMul_1/ReadVariableOp", "net/o/MatMul/ReadVariableOp"]
    assert names(*reads, taken=("fc/kernel_1",)) == ["fc/kernel", "fc/kernel_2", "o/kernel"]
    many = [f"net/fc/MatMul_{number}/ReadVariableOp" for number in range(1, 3000)]
    assert names("net/o/MatMul/ReadVariableOp", *many)[-1] == "fc/kernel_2998"


def test_a_name_that_tensorflow_would_not_take_is_none():
    assert names_by_readers([Unnamed("u", "bias", (2,), ["_a/Add/ReadVariableOp"], [])], ()) == {}


def test_the_reader_counts_that_uses_the_constant_in_its_role():
    tied = Unnamed(
        "unknown",
        "embedding",
        (5, 2),
        ["net/a_out/MatMul/ReadVariableOp", "net/words/GatherV2/ReadVariableOp"],
        ["net/words/GatherV2"],
    )
    other = Unnamed("unknown_1", "bias", (2,), ["net/fc/BiasAdd/ReadVariableOp"], [])
    implied = names_by_readers([tied, other], {"net/words/GatherV2"})
    assert implied["unknown"].name == "words/embeddings"


FROZEN = """
x = Placeholder {dtype: f32}
unknown = Const {f32 [3,4]}
unknown_0 = Const {f32 [4]}
43 = Const {f32 [4,2]}
Func/call/input/_1 = Identity(unknown)
call/net/fc/MatMul/ReadVariableOp = Identity(Func/call/input/_1)
m = MatMul(x, call/net/fc/MatMul/ReadVariableOp)
call/net/fc/BiasAdd/ReadVariableOp = Identity(unknown_0)
b = BiasAdd(m, call/net/fc/BiasAdd/ReadVariableOp)
call/net/out/MatMul/ReadVariableOp = Identity(43)
y = MatMul(b, call/net/out/MatMul/ReadVariableOp)
""".replace("call", "StatefulPartitionedCall")


def test_where_it_is_asked_for():
    assert [each.variable for each in plan(FROZEN).weights] == ["unknown", "unknown_0", "43"]
    found = plan(FROZEN, called="readers")
    assert [each.variable for each in found.weights] == ["fc/kernel", "fc/bias", "out/kernel"]
    assert found.implied == {"unknown": "fc/kernel", "unknown_0": "fc/bias", "43": "out/kernel"}
    assert found.weights[0].evidence[-1] == (
        "named after its reader 'StatefulPartitionedCall/net/fc/MatMul/ReadVariableOp': matmul_kernel in 'net/fc'; "
        "the constant is 'unknown'"
    )


def test_names_that_say_something_stay():
    text = re.sub(r"\b(unknown|43)\b", "w", FROZEN.replace("43", "v"))
    assert [each.variable for each in plan(text, called="readers").weights] == ["w", "fc/bias", "v"]


def test_patterns_match_both_names():
    assert [each.variable for each in plan(FROZEN, called="readers", exclude=["fc/.*", "43"]).weights] == []
    assert [each.variable for each in plan(FROZEN, called="readers", only=["out/kernel"]).weights] == ["out/kernel"]
    assert [each.variable for each in plan(FROZEN, called="readers", select=["fc/bias"]).weights][1] == "fc/bias"


def test_a_capture_that_folding_left_is_named_after_itself():
    text = "x = Placeholder\nnet/fc/MatMul/ReadVariableOp/resource = Const {f32 [3,4]}\n"
    text += "net/fc/MatMul = MatMul(x, net/fc/MatMul/ReadVariableOp/resource)"
    assert [each.variable for each in plan(text, called="readers").weights] == ["fc/kernel"]


def test_a_sequential_of_keras_3_builds_its_layers_in_its_scope():
    call = "StatefulPartitionedCall/sequential_1"
    assert names(f"{call}/fc_1/Cast/ReadVariableOp", f"{call}/out_1/Cast/ReadVariableOp") == [
        "sequential/fc/kernel",
        "sequential/out/kernel",
    ]
    assert names("sequential/fc/MatMul/ReadVariableOp", "sequential/out/MatMul/ReadVariableOp") == [
        "fc/kernel",
        "out/kernel",
    ]


def test_weights_that_are_variables_already_tell_which_keras_it_was():
    bias = Unnamed("unknown", "bias", (2,), ["net_1/fc_1/Add/ReadVariableOp"], [])
    others = {"net_1/fc_1/Cast/ReadVariableOp", "net_1/out_1/Cast/ReadVariableOp"}
    assert names_by_readers([bias], others)["unknown"].name == "fc/bias"


def test_the_weight_of_an_rms_normalization_is_called_scale():
    found = [
        Unnamed("a", "norm_scale", (2,), ["net_1/rms_normalization_1/Cast/ReadVariableOp"], []),
        Unnamed("b", "norm_scale", (2,), ["net_1/layer_normalization_1/Cast/ReadVariableOp"], []),
    ]
    assert sorted(each.name for each in names_by_readers(found, ()).values()) == [
        "layer_normalization/gamma",
        "rms_normalization/scale",
    ]
