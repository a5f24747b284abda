"""Graphs with one fault each, as text protos, and what `verify` says of them.

`tests/checks/test_verify.py` checks what we say, `tests/tf/test_verify_tf.py` that TensorFlow refuses just those that
we call errors, when it imports them or when they run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

T = 'attr { key: "T" value { type: DT_FLOAT } }'
LIST_T = "{ list { type: DT_FLOAT } }"


class Case(NamedTuple):
    """A GraphDef, and the rules that are broken as errors and as warnings."""

    text: str
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def node(name: str, op: str, inputs: Sequence[str] = (), attrs: str = T) -> str:
    """A node of a graph."""
    feeds = " ".join(f'input: "{text}"' for text in inputs)
    return f'node {{ name: "{name}" op: "{op}" {feeds} {attrs} }}\n'


def identity(name: str, *inputs: str, attrs: str = "") -> str:
    """An Identity of float32."""
    return node(name, "Identity", inputs, T + attrs)


def const(
    name: str = "c", value: str = "float_val: 1", dtype: str = "DT_FLOAT", holds: str = "", shape: str = ""
) -> str:
    """A Const; `holds` is the dtype of the value when it is another."""
    tensor = f"tensor {{ dtype: {holds or dtype} tensor_shape {{ {shape} }} {value} }}"
    attrs = f'attr {{ key: "dtype" value {{ type: {dtype} }} }} attr {{ key: "value" value {{ {tensor} }} }}'
    return node(name, "Const", (), attrs)


def dims(*sizes: int) -> str:
    """The dimensions of a shape."""
    return " ".join(f"dim {{ size: {size} }}" for size in sizes)


def merge(name: str, *inputs: str, op: str = "Merge") -> str:
    """A Merge of two."""
    return node(name, op, inputs, T + ' attr { key: "N" value { i: 2 } }')


def enter(name: str, source: str) -> str:
    """An Enter into the one frame."""
    return node(name, "Enter", (source,), T + ' attr { key: "frame_name" value { s: "f" } }')


def call(name: str = "call", source: str = "c", function: str = "f") -> str:
    """A PartitionedCall of a function of one float."""
    types = f'attr {{ key: "Tin" value {LIST_T} }} attr {{ key: "Tout" value {LIST_T} }}'
    return node(name, "PartitionedCall", (source,), types + _func("f", function))


def _func(key: str, name: str) -> str:
    return f' attr {{ key: "{key}" value {{ func {{ name: "{name}" }} }} }}'


def function(name: str = "f", body: str = "", result: str = "i:output:0", signature: str = "", rest: str = "") -> str:
    """A function of one float, `x`, to one float, `y`."""
    args = signature or 'input_arg { name: "x" type: DT_FLOAT } output_arg { name: "y" type: DT_FLOAT }'
    results = f'ret {{ key: "y" value: "{result}" }}' if result else ""
    nodes = (body or identity("i", "x")).replace("node {", "node_def {")
    return f'function {{ signature {{ name: "{name}" {args} }} {nodes} {results} {rest} }}\n'


def library(*parts: str) -> str:
    """The function library."""
    return f"library {{ {' '.join(parts)} }}\n"


def calling(body: str = "", **options: str) -> str:
    """A graph that calls f, with this body."""
    return const() + call() + library(function(body=body, **options))


def _class(*groups: str) -> str:
    listed = " ".join(f's: "{group}"' for group in groups)
    return f' attr {{ key: "_class" value {{ list {{ {listed} }} }} }}'


def variable(op: str = "VariableV2", *sizes: int) -> str:
    """A variable or handle of float32, called ``v``."""
    attrs = f'attr {{ key: "shape" value {{ shape {{ {dims(*sizes)} }} }} }}'
    return node("v", op, (), 'attr { key: "dtype" value { type: DT_FLOAT } }' + attrs)


def of_dtype(dtype: str) -> str:
    """The attr ``dtype``."""
    return f'attr {{ key: "dtype" value {{ type: {dtype} }} }}'


def output_shapes(*sizes: int) -> str:
    """What the one output is said to be."""
    return f' attr {{ key: "_output_shapes" value {{ list {{ shape {{ {dims(*sizes)} }} }} }} }}'


CASES: dict[str, Case] = {
    "nothing": Case(""),
    "sound": Case(const() + identity("i", "c", "^c")),
    # Names.
    "two nodes of one name": Case(const() + const(), ("duplicate-name",)),
    **{
        f"name {name!r}": Case(const(name), ("name",))
        for name in [
            "",
            " ",
            "a b",
            "a:0",
            "^a",
            "-a",
            "_a",
            "/a",
            ">a",
            "a+b",
            "a@b",
            "a*",
            "a>",
            "a>_b",
            "\\303\\251",
            "a\\n",
        ]
    },
    **{f"name {name!r}": Case(const(name)) for name in ["a/", "a//b", "1a", ".a", "a.b", "a-b", "a_", "a>b"]},
    # Inputs.
    **{
        f"input {text!r}": Case(const() + identity("i", text), ("dangling-input",))
        for text in ["", "z", "z:0", "c:-1", "c:x", "c:", "c:0:0", ":0", " c", "c "]
    },
    **{
        f"control input {text!r}": Case(const() + identity("i", "c", text), ("dangling-input",))
        for text in ["^z", "^c:0", "^", "^^c"]
    },
    "control input where data should be": Case(const() + identity("i", "^c"), ("input-count",)),
    "control input twice and of a data input": Case(const() + identity("i", "c", "^c", "^c")),
    "data twice": Case(const() + node("i", "Add", ("c", "c"))),
    "data behind control": Case(const() + identity("i", "^c", "c"), ("control-order",)),
    "output 1 of a Const": Case(const() + identity("i", "c:1"), ("output-index",)),
    "output 0, written in full": Case(const() + identity("i", "c:0")),
    "output 0 of a NoOp": Case(node("n", "NoOp", (), "") + identity("i", "n"), ("output-index",)),
    "the last output of a Split": Case(
        const("axis", "int_val: 0", "DT_INT32")
        + const("v", shape=dims(4))
        + node("s", "Split", ("axis", "v"), T + 'attr { key: "num_split" value { i: 2 } }')
        + identity("i", "s:1")
    ),
    "past the last output of a Split": Case(
        const("axis", "int_val: 0", "DT_INT32")
        + const("v", shape=dims(4))
        + node("s", "Split", ("axis", "v"), T + 'attr { key: "num_split" value { i: 2 } }')
        + identity("i", "s:2"),
        ("output-index",),
    ),
    "too few inputs": Case(const() + node("i", "Add", ("c",)), ("input-count",)),
    "too many inputs": Case(const() + identity("i", "c", "c"), ("input-count",)),
    "an input of a Const": Case(const() + const("d").replace("op:", 'input: "c" op:'), ("input-count",)),
    "an input of another type": Case(const(dtype="DT_INT32", value="int_val: 1") + identity("i", "c"), ("input-type",)),
    "a value where a reference should be": Case(const() + node("i", "Assign", ("c", "c")), ("input-type",)),
    "a reference where a value will do": Case(
        node(
            "v",
            "VariableV2",
            (),
            'attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape { } } }',
        )
        + const()
        + node("a", "Assign", ("v", "c"))
        + identity("i", "a")
    ),
    # Attrs.
    "a missing type": Case(const() + node("i", "Identity", ("c",), ""), ("attr",)),
    "a type with a default": Case(
        const(shape=dims(2)) + node("i", "ArgMax", ("c", "d"), T) + const("d", "int_val: 0", "DT_INT32"), ()
    ),
    "a type that is a number": Case(
        const() + node("i", "Identity", ("c",), 'attr { key: "T" value { i: 1 } }'), ("attr",)
    ),
    "a type that is a reference": Case(
        const() + node("i", "Identity", ("c",), 'attr { key: "T" value { type: DT_FLOAT_REF } }'), ("attr",)
    ),
    "a type that there is not": Case(const(dtype="99"), ("attr",)),
    "an unknown attr": Case(const() + identity("i", "c", attrs='attr { key: "_mine" value { i: 1 } }')),
    # Cycles.
    "a node of itself": Case(identity("i", "i"), ("cycle",)),
    "two nodes of each other": Case(identity("i", "j") + identity("j", "i"), ("cycle",)),
    "a control cycle": Case(node("i", "NoOp", ("^j",), "") + node("j", "NoOp", ("^i",), ""), ("cycle",)),
    "nodes out of order": Case(identity("j", "i") + identity("i", "c") + const()),
    "a loop": Case(const() + enter("e", "c") + merge("m", "e", "n") + node("n", "NextIteration", ("m",))),
    "a loop whose Merge names them the other way": Case(
        const() + enter("e", "c") + merge("m", "n", "e") + node("n", "NextIteration", ("m",))
    ),
    "a loop with a body and a control input": Case(
        const() + enter("e", "c") + merge("m", "e", "n") + node("n", "NextIteration", ("k",)) + identity("k", "m", "^m")
    ),
    "a loop without NextIteration": Case(
        const() + enter("e", "c") + merge("m", "e", "n") + identity("n", "m"), ("cycle",)
    ),
    "a loop without an entry": Case(merge("m", "n", "n") + node("n", "NextIteration", ("m",)), ("cycle",)),
    "a loop through a control input": Case(
        const() + enter("e", "c") + merge("m", "e", "e", "^n") + node("n", "NextIteration", ("m",)), ("cycle",)
    ),
    "a loop without Merge": Case(identity("i", "n") + node("n", "NextIteration", ("i",)), ("cycle",)),
    # Constants.
    "a value of another dtype": Case(const(holds="DT_INT32", value="int_val: 1"), ("const",)),
    "no value": Case(node("c", "Const", (), 'attr { key: "dtype" value { type: DT_FLOAT } }'), ("attr",)),
    "a value that is a number": Case(
        node("c", "Const", (), 'attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "value" value { i: 3 } }'),
        ("attr",),
    ),
    "a byte less": Case(const(value='tensor_content: "abc"'), ("const",)),
    "four bytes more": Case(const(value='tensor_content: "abcdefgh"'), ("const",)),
    "bytes of an empty tensor": Case(const(value='tensor_content: "abc"', shape=dims(0))),
    "bytes and a list": Case(const(value='tensor_content: "abcd" float_val: 3')),
    "the list of another dtype": Case(const(value="int_val: 1")),
    "a list too long": Case(const(value="float_val: 1 float_val: 2")),
    "a list too short": Case(const(value="float_val: 1 float_val: 2", shape=dims(3))),
    "an empty list": Case(const(value="", shape=dims(3))),
    "an unknown rank": Case(const(shape="unknown_rank: true")),
    "a negative dimension": Case(const(shape=dims(2, -1)), ("const",)),
    "too many elements": Case(const(shape=dims(1 << 40, 1 << 40)), ("const",)),
    "too many elements and a zero": Case(const(shape=dims(1 << 40, 1 << 40, 0)), ("const",)),
    "254 dimensions": Case(const(shape=dims(*[1] * 254))),
    "255 dimensions": Case(const(shape=dims(*[1] * 255)), ("const",)),
    "strings in bytes": Case(const(dtype="DT_STRING", value=r'tensor_content: "\001a"')),
    "a string past its bytes": Case(const(dtype="DT_STRING", value=r'tensor_content: "\002a"'), ("const",)),
    "bytes past their strings": Case(const(dtype="DT_STRING", value=r'tensor_content: "\001ab"'), ("const",)),
    "a resource": Case(const(dtype="DT_RESOURCE", value='resource_handle_val { device: "a" name: "b" }')),
    # Colocation.
    "colocated with nothing": Case(const() + identity("i", "c", attrs=_class("loc:@z")), ("colocation",)),
    "colocated with a tensor": Case(const() + identity("i", "c", attrs=_class("loc:@c:0")), ("colocation",)),
    "colocated with itself, another and a later one": Case(
        const() + identity("i", "c", attrs=_class("loc:@i", "loc:@c", "loc:@j")) + identity("j", "c")
    ),
    "a class that is no colocation": Case(const() + identity("i", "c", attrs=_class("z"))),
    "a class that is a string": Case(
        const() + identity("i", "c", attrs='attr { key: "_class" value { s: "loc:@c" } }'), ("colocation",)
    ),
    "a class of numbers": Case(
        const() + identity("i", "c", attrs='attr { key: "_class" value { list { i: 1 } } }'), ("colocation",)
    ),
    "a class of nothing": Case(const() + identity("i", "c", attrs='attr { key: "_class" value { list { } } }')),
    # Shapes.
    "an initial value": Case(variable("VariableV2", 2) + const(shape=dims(2)) + node("a", "Assign", ("v", "c"))),
    "an initial value of another shape": Case(
        variable("VariableV2", 2) + const(shape=dims(3)) + node("a", "Assign", ("v", "c")), ("shape",)
    ),
    "an initial value of another shape that nobody looks at": Case(
        variable("VariableV2", 2)
        + const(shape=dims(3))
        + node("a", "Assign", ("v", "c"), T + ' attr { key: "validate_shape" value { b: false } }')
    ),
    "an initial value of another shape behind a handle": Case(
        variable("VarHandleOp", 2)
        + const(shape=dims(3))
        + node("a", "AssignVariableOp", ("v", "c"), of_dtype("DT_FLOAT")),
        ("shape",),
    ),
    "a handle read as of another type": Case(
        variable("VarHandleOp", 2) + node("r", "ReadVariableOp", ("v",), of_dtype("DT_INT32")), ("input-type",)
    ),
    "an output that is said to be what it is": Case(
        const(shape=dims(2)).replace("attr {", output_shapes(2) + " attr {", 1)
    ),
    "an output that is said to be another": Case(
        const(shape=dims(2)).replace("attr {", output_shapes(3) + " attr {", 1), ("attr",)
    ),
    # Attrs.
    "an attr of another kind": Case(
        const()
        + node(
            "a",
            "Sum",
            ("c", "c"),
            T + 'attr { key: "keep_dims" value { i: 1 } }attr { key: "Tidx" value { type: DT_INT32 } }',
        ),
        ("attr", "input-type"),
    ),
    "a value that is not allowed": Case(
        const() + node("a", "BiasAdd", ("c", "c"), T + 'attr { key: "data_format" value { s: "NNN" } }'), ("attr",)
    ),
    "an attr that an op requires": Case(
        const() + node("a", "Cast", ("c",), 'attr { key: "SrcT" value { type: DT_FLOAT } }'), ("attr",)
    ),
    # Ops and functions.
    "a custom op": Case(const() + node("i", "MyOwnOp", ("c:0",), ""), (), ("unknown-op",)),
    "a call": Case(const() + node("call", "f", ("c",), "") + library(function())),
    "a call by attr": Case(calling()),
    "a call of nothing": Case(const() + node("call", "f", ("c",), ""), ("missing-function",)),
    "a call by attr of nothing": Case(const() + call(), ("missing-function",)),
    "a call by list of one that is missing": Case(
        const("which", "int_val: 1", "DT_INT32")
        + const()
        + node(
            "i",
            "Case",
            ("which", "c"),
            f'attr {{ key: "Tin" value {LIST_T} }} attr {{ key: "Tout" value {LIST_T} }}'
            'attr { key: "branches" value { list { func { name: "f" } func { name: "g" } } } }',
        )
        + library(function()),
        ("missing-function",),
    ),
    "an attr that nobody calls": Case(const() + identity("i", "c", attrs=_func("_mine", "g"))),
    "a second output of a call": Case(
        const() + node("call", "f", ("c",), "") + identity("k", "call:1") + library(function()), ("output-index",)
    ),
    "a call with too many inputs": Case(
        const() + node("call", "f", ("c", "c"), "") + library(function()), ("input-count",)
    ),
    "a gradient of nothing": Case(
        library(function(), 'gradient { function_name: "g" gradient_func: "f" }'), ("missing-function",)
    ),
    "a gradient that is missing": Case(
        library(function(), 'gradient { function_name: "f" gradient_func: "g" }'), ("missing-function",)
    ),
    "two gradients": Case(
        library(
            function(),
            function("g"),
            'gradient { function_name: "f" gradient_func: "f" } gradient { function_name: "f" gradient_func: "g" }',
        ),
        ("function",),
    ),
    "a function called as an op is": Case(library(function("Neg")), ("function",)),
    "a function without name": Case(library(function("")), (), ("function",)),
    # Bodies.
    **{
        f"body input {text!r}": Case(calling(identity("j", "x") + identity("i", text)))
        for text in ["x", "x:0", "j:output:0", "j:output"]
    },
    **{
        f"body input {text!r}": Case(calling(identity("j", "x") + identity("i", text)), ("dangling-input",))
        for text in ["z", "z:output:0", "z:0", "j", ""]
    },
    **{
        f"body input {text!r}": Case(calling(identity("j", "x") + identity("i", text)), ("output-index",))
        for text in ["j:output:1", "j:other:0", "j:0", "j:output:00", "j:output:0:0", "j:output:"]
    },
    **{f"result {text!r}": Case(calling(identity("j", "x"), result=text)) for text in ["x", "j:output:0", "j:output"]},
    "result that is missing": Case(calling(result="z:output:0"), ("dangling-input",)),
    "result that nobody gives": Case(calling(result=""), ("dangling-input",)),
    "result of another output": Case(calling(result="i:output:1"), ("output-index",)),
    "body control inputs": Case(calling(node("n", "NoOp", (), "") + identity("i", "x", "^n", "^x"))),
    "body control input of nothing": Case(calling(identity("i", "x", "^z")), ("dangling-input",)),
    "body data behind control": Case(calling(node("n", "NoOp", (), "") + identity("i", "^n", "x")), ("control-order",)),
    "body data of a NoOp": Case(
        calling(node("n", "NoOp", (), "") + node("i", "Add", ("x", "n")), result="x"), ("dangling-input",)
    ),
    "body node called as an argument": Case(calling(identity("i", "x") + const("x")), ("duplicate-name",)),
    "body node twice": Case(calling(identity("i", "x") + const() + const()), ("duplicate-name",)),
    "an argument twice": Case(
        const()
        + node("call", "f", ("c", "c"), "")
        + library(
            function(
                signature='input_arg { name: "x" type: DT_FLOAT } input_arg { name: "x" type: DT_FLOAT }'
                ' output_arg { name: "y" type: DT_FLOAT }'
            )
        ),
        ("duplicate-name",),
    ),
    "body name of TensorFlow's own": Case(calling(identity("i", "x") + const("_c"))),
    "body name with a blank": Case(calling(identity("i", "x") + const("a b")), ("name",)),
    "body cycle": Case(calling(identity("i", "j:output:0") + identity("j", "i:output:0")), ("cycle",)),
    "body loop": Case(
        calling(
            identity("i", "x")
            + enter("e", "x")
            + merge("m", "e:output:0", "n:output:0")
            + node("n", "NextIteration", ("m:output:0",))
        )
    ),
    "body type": Case(
        calling(const(dtype="DT_INT32", value="int_val: 1") + identity("i", "c:output:0")), ("input-type",)
    ),
    "body result type": Case(calling(const("i", dtype="DT_INT32", value="int_val: 1")), ("input-type",)),
    "body colocated with nothing": Case(calling(identity("i", "x", attrs=_class("loc:@z"))), (), ("colocation",)),
    "body colocated with an argument": Case(calling(identity("i", "x", attrs=_class("loc:@x")))),
    "body call of nothing": Case(calling(call("i", "x", "g")), ("missing-function",)),
    "a control result of nothing": Case(calling(rest='control_ret { key: "k" value: "z" }'), (), ("dangling-input",)),
    "faults of a body that nobody calls": Case(
        library(function(body=identity("i", "z") + call("k", "x", "g") + node("n", "gone", (), ""))),
        (),
        ("dangling-input", "missing-function", "missing-function"),
    ),
    "faults of a body that a body calls": Case(
        calling(call("i", "x", "g")).replace("library {", "library { " + function("g", identity("i", "z"))),
        ("dangling-input",),
    ),
    "an output of a call in a body": Case(
        calling(node("k", "g", ("x",), "") + identity("i", "k:y:0")).replace("library {", "library { " + function("g"))
    ),
    "no such output of a call in a body": Case(
        calling(node("k", "g", ("x",), "") + identity("i", "k:z:0")).replace("library {", "library { " + function("g")),
        ("output-index",),
    ),
}

#: What we say although TensorFlow lets it pass, or the other way, and why.
EXCEPTIONS = {
    "a custom op": "TensorFlow refuses it unless the custom op's library is loaded, which only the user knows",
    "faults of a body that nobody calls": "TensorFlow 2.21 accepts it",
}
