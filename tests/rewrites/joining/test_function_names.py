"""Functions of one name: shared where they are the same, renamed with all that calls them where not."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.joining.function_names import separate_functions
from tests import notation

CALL = "x = Placeholder {dtype: f32}; y = PartitionedCall(x) {Tout: [f32], f: fn:f}"


def doing(op: str, name: str = "f") -> Function:
    return notation.function(name, "a", "r:activations:0", f"r = {op}(a)")


def calling(name: str = "g", called: str = "f") -> Function:
    return notation.function(
        name, "a", "r:output:0", f"r = PartitionedCall(a) {{Tin: [f32], Tout: [f32], f: fn:{called}}}"
    )


def test_the_same_function_is_shared():
    model = notation.model(CALL, doing("Relu"))
    assert separate_functions(model, notation.model(CALL, doing("Relu")).library) == {}


def test_another_function_gets_another_name_where_it_is_called():
    model = notation.model(CALL, doing("Relu"))
    assert separate_functions(model, notation.model(CALL, doing("Elu")).library) == {"f": "f_1"}
    assert list(model.library.functions) == ["f_1"]
    assert model.library.functions["f_1"].name == "f_1"
    assert model.graph["y"].attrs["f"] == Func("f_1", {})


def test_what_calls_another_function_is_another():
    model = notation.model(CALL, doing("Relu"), calling())
    taken = notation.model(CALL, doing("Elu"), calling()).library
    assert separate_functions(model, taken) == {"f": "f_1", "g": "g_1"}
    assert model.library.functions["g_1"].body["r"].attrs["f"] == Func("f_1", {})


def test_calls_by_op_lists_and_functions_within_functions_follow():
    model = notation.model(CALL, doing("Relu"))
    model.graph["y"].op = "f"
    model.graph["y"].attrs["branches"] = [Func("f", {"inner": Func("f", {})}), Func("other", {})]
    separate_functions(model, notation.model(CALL, doing("Elu")).library)
    assert model.graph["y"].op == "f_1"
    assert model.graph["y"].attrs["branches"] == [Func("f_1", {"inner": Func("f_1", {})}), Func("other", {})]


def with_gradient(op: str) -> Model:
    model = notation.model(CALL, doing(op), doing("Elu", "df"))
    model.library.rest.gradient.add(function_name="f", gradient_func="df")
    model.library.functions["df"].proto.attr["forward_function_name"].s = b"f"
    return model


def test_gradients_follow():
    model = with_gradient("Relu")
    assert separate_functions(model, with_gradient("Elu").library) == {"f": "f_1"}
    (gradient,) = model.library.rest.gradient
    assert (gradient.function_name, gradient.gradient_func) == ("f_1", "df")
    assert model.library.functions["df"].proto.attr["forward_function_name"].s == b"f_1"


def test_another_gradient_makes_another_function():
    model, other = with_gradient("Relu"), with_gradient("Relu")
    other.library.functions["df"] = doing("Selu", "df")
    assert separate_functions(model, other.library) == {"df": "df_1", "f": "f_1"}


@pytest.mark.parametrize(("op", "kind"), [("Relu", "CustomGradient-1"), ("Selu", "CustomGradient-1_1")])
def test_custom_gradients_of_one_name(op: str, kind: str):
    models = [notation.model(CALL, doing(each)) for each in (op, "Relu")]
    for model in models:
        model.library.rest.registered_gradients.add(registered_op_type="CustomGradient-1", gradient_func="f")
        model.graph["y"].attrs["_gradient_op_type"] = b"CustomGradient-1"
    separate_functions(models[0], models[1].library)
    (registered,) = models[0].library.rest.registered_gradients
    assert registered.registered_op_type == kind
    assert models[0].graph["y"].attrs["_gradient_op_type"] == kind.encode()
