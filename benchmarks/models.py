"""Write synthetic frozen graphs of any size, record by record, without any protobuf library.

Usage: python -m benchmarks.models towers N OUT.pb     N VGG16s side by side, weights as holes in the file
       python -m benchmarks.models nodes N OUT.pb      N nodes, of which a fifth are small constants
       python -m benchmarks.models loops N OUT.pb      the same, of which a tenth are in while loops
       python -m benchmarks.models text N OUT.pbtxt    a constant of N bytes, in text

    GraphDef   1 node, 4 versions        TensorProto  1 dtype, 2 shape, 4 content
    NodeDef    1 name, 2 op, 3 input*, 5 attr (map: 1 key, 2 value)
    AttrValue  1 list, 2 s, 3 i, 5 b, 6 type, 7 shape, 8 tensor
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO

FLOAT, INT32 = 1, 3
VERSIONS = b"\x22\x03\x08\x86\x01"  # versions { producer: 134 }, TensorFlow 1.15's

#: Scope, shape of the weights: the sixteen layers of VGG16.
VGG16 = [
    ("conv1/conv1_1", (3, 3, 3, 64)),
    ("conv1/conv1_2", (3, 3, 64, 64)),
    ("conv2/conv2_1", (3, 3, 64, 128)),
    ("conv2/conv2_2", (3, 3, 128, 128)),
    ("conv3/conv3_1", (3, 3, 128, 256)),
    ("conv3/conv3_2", (3, 3, 256, 256)),
    ("conv3/conv3_3", (3, 3, 256, 256)),
    ("conv4/conv4_1", (3, 3, 256, 512)),
    ("conv4/conv4_2", (3, 3, 512, 512)),
    ("conv4/conv4_3", (3, 3, 512, 512)),
    ("conv5/conv5_1", (3, 3, 512, 512)),
    ("conv5/conv5_2", (3, 3, 512, 512)),
    ("conv5/conv5_3", (3, 3, 512, 512)),
    ("fc6", (25088, 4096)),
    ("fc7", (4096, 4096)),
    ("fc8", (4096, 1000)),
]
LAST_OF_BLOCK = ("conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3")


def varint(number: int) -> bytes:
    """Return a base-128 varint."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def field(number: int, payload: bytes) -> bytes:
    """Return a length-delimited field."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def integer(number: int, value: int) -> bytes:
    """Return a varint field."""
    return varint(number << 3) + varint(value)


def shape_of(dims: Sequence[int]) -> bytes:
    """Return a TensorShapeProto."""
    return b"".join(field(2, integer(1, dim)) for dim in dims)


def attr(key: str, value: bytes) -> bytes:
    """Return one entry of a NodeDef's attr map."""
    return field(5, field(1, key.encode()) + field(2, value))


def node(name: str, op: str, inputs: Iterable[str] = (), **attrs: bytes) -> bytes:
    """Return a node as its record in a GraphDef; attrs are encoded AttrValues."""
    body = field(1, name.encode()) + field(2, op.encode()) + b"".join(field(3, one.encode()) for one in inputs)
    return field(1, body + b"".join(attr(key, value) for key, value in attrs.items()))


def constant(name: str, dims: Sequence[int], content: bytes, dtype: int = FLOAT) -> bytes:
    """Return a Const node that holds these bytes."""
    tensor = integer(1, dtype) + field(2, shape_of(dims)) + field(4, content)
    return node(name, "Const", dtype=integer(6, dtype), value=field(8, tensor))


def write_hole(file: BinaryIO, name: str, dims: Sequence[int]) -> None:
    """Write a float Const whose content is a hole in the file: zeros that take no room on the disk."""
    nbytes = 4
    for dim in dims:
        nbytes *= dim
    # Each message is closed by its content, so only the lengths must be known ahead.
    head = integer(1, FLOAT) + field(2, shape_of(dims)) + varint(4 << 3 | 2) + varint(nbytes)
    for number, prefix in [(8, b""), (2, field(1, b"value")), (5, _const_head(name)), (1, b"")]:
        head = prefix + varint(number << 3 | 2) + varint(len(head) + nbytes) + head
    file.write(head)
    file.seek(nbytes, 1)


def _const_head(name: str) -> bytes:
    return field(1, name.encode()) + field(2, b"Const") + attr("dtype", integer(6, FLOAT))


def read_of(name: str) -> bytes:
    """Return the Identity that freezing leaves behind a variable."""
    location = field(1, field(2, f"loc:@{name}".encode()))
    return node(f"{name}/read", "Identity", [name], T=integer(6, FLOAT), _class=location)


def write_towers(file: BinaryIO, count: int) -> None:
    """Write `count` VGG16s over one input."""
    typed = integer(6, FLOAT)
    file.write(node("input", "Placeholder", dtype=typed, shape=field(7, shape_of((1, 224, 224, 3)))))
    file.write(constant("flat", (2,), struct.pack("<2i", -1, 25088), INT32))
    for tower in range(count):
        last = "input"
        for scope, dims in VGG16:
            last = _write_layer(file, f"tower_{tower}/{scope}", dims, last)
        file.write(node(f"prob_{tower}", "Softmax", [last], T=typed))
    file.write(VERSIONS)


def _write_layer(file: BinaryIO, scope: str, dims: Sequence[int], last: str) -> str:
    """Write weights, biases and the nodes that use them; return the name of the layer's output."""
    for name, shape in [("weights", dims), ("biases", dims[-1:])]:
        write_hole(file, f"{scope}/{name}", shape)
        file.write(read_of(f"{scope}/{name}"))
    typed = integer(6, FLOAT)
    nodes = _convolution(scope, last) if len(dims) == 4 else _dense(scope, last)
    nodes += node(f"{scope}/BiasAdd", "BiasAdd", [f"{scope}/product", f"{scope}/biases/read"], T=typed)
    nodes += node(f"{scope}/Relu", "Relu", [f"{scope}/BiasAdd"], T=typed)
    output = f"{scope}/Relu"
    if scope.endswith(LAST_OF_BLOCK):
        window = field(1, field(3, b"\x01\x02\x02\x01"))
        attrs = {"T": typed, "ksize": window, "strides": window, "padding": field(2, b"VALID")}
        nodes += node(f"{scope}/pool", "MaxPool", [output], **attrs)
        output = f"{scope}/pool"
    file.write(nodes)
    return output


def _convolution(scope: str, last: str) -> bytes:
    strides = field(1, field(3, b"\x01\x01\x01\x01"))
    attrs = {"T": integer(6, FLOAT), "strides": strides, "padding": field(2, b"SAME")}
    return node(f"{scope}/product", "Conv2D", [last, f"{scope}/weights/read"], **attrs)


def _dense(scope: str, last: str) -> bytes:
    typed, flat = integer(6, FLOAT), b""
    if scope.endswith("fc6"):
        flat = node(f"{scope}/flat", "Reshape", [last, "flat"], T=typed, Tshape=integer(6, INT32))
        last = f"{scope}/flat"
    return flat + node(f"{scope}/product", "MatMul", [last, f"{scope}/weights/read"], T=typed)


def write_nodes(file: BinaryIO, count: int) -> None:
    """Write a chain of `count` nodes, five per layer: 4x4 weights, their read, MatMul, Relu, Identity."""
    typed = integer(6, FLOAT)
    file.write(node("input", "Placeholder", dtype=typed, shape=field(7, shape_of((1, 4)))))
    for record in _chain(count // 5):
        file.write(record)
    file.write(VERSIONS)


def _chain(layers: int) -> Iterator[bytes]:
    typed, last = integer(6, FLOAT), "input"
    for number in range(layers):
        scope = f"block_{number // 100}/layer_{number}"
        yield constant(f"{scope}/kernel", (4, 4), struct.pack("<16f", *[number + 0.25 * i for i in range(16)]))
        yield read_of(f"{scope}/kernel")
        yield node(f"{scope}/MatMul", "MatMul", [last, f"{scope}/kernel/read"], T=typed)
        yield node(f"{scope}/Relu", "Relu", [f"{scope}/MatMul"], T=typed)
        yield node(f"{scope}/out", "Identity", [f"{scope}/Relu"], T=typed)
        last = f"{scope}/out"


def write_loops(file: BinaryIO, count: int) -> None:
    """Write a chain of nine tenths of `count` nodes, and loops of 16 on its input: a tenth."""
    typed = integer(6, FLOAT)
    file.write(node("input", "Placeholder", dtype=typed, shape=field(7, shape_of((1, 4)))))
    file.write(constant("limit", (), struct.pack("<f", 9.0)))
    for record in _chain(count * 9 // 50):
        file.write(record)
    for number in range(count // 160):
        file.write(b"".join(_loop(f"loop_{number}")))
    file.write(VERSIONS)


def _loop(scope: str) -> Iterator[bytes]:
    typed, frame = integer(6, FLOAT), field(2, f"{scope}/ctx".encode())
    yield constant(f"{scope}/kernel", (4, 4), struct.pack("<16f", *[0.1 * i for i in range(16)]))
    yield read_of(f"{scope}/kernel")
    yield node(f"{scope}/Enter", "Enter", ["input"], T=typed, frame_name=frame)
    for name, source in (("Enter_1", "limit"), ("Enter_2", f"{scope}/kernel/read")):
        yield node(f"{scope}/{name}", "Enter", [source], T=typed, frame_name=frame, is_constant=integer(5, 1))
    yield node(f"{scope}/Merge", "Merge", [f"{scope}/Enter", f"{scope}/NextIteration"], T=typed, N=integer(3, 2))
    yield constant(f"{scope}/axes", (2,), struct.pack("<2i", 0, 1), INT32)
    yield node(f"{scope}/Enter_3", "Enter", [f"{scope}/axes"], T=integer(6, INT32), frame_name=frame,
               is_constant=integer(5, 1))  # fmt: skip
    yield node(f"{scope}/Sum", "Sum", [f"{scope}/Merge", f"{scope}/Enter_3"], T=typed, Tidx=integer(6, INT32))
    yield node(f"{scope}/Less", "Less", [f"{scope}/Sum", f"{scope}/Enter_1"], T=typed)
    yield node(f"{scope}/LoopCond", "LoopCond", [f"{scope}/Less"])
    yield node(f"{scope}/Switch", "Switch", [f"{scope}/Merge", f"{scope}/LoopCond"], T=typed)
    yield node(f"{scope}/Identity", "Identity", [f"{scope}/Switch:1"], T=typed)
    yield node(f"{scope}/MatMul", "MatMul", [f"{scope}/Identity", f"{scope}/Enter_2"], T=typed)
    yield node(f"{scope}/NextIteration", "NextIteration", [f"{scope}/MatMul"], T=typed)
    yield node(f"{scope}/Exit", "Exit", [f"{scope}/Switch"], T=typed)


def write_text(file: BinaryIO, nbytes: int) -> None:
    """Write a graph in text: a float Const of so many bytes, each an escape of four letters."""
    head = f"""node {{
  name: "weights"
  op: "Const"
  attr {{
    key: "dtype"
    value {{
      type: DT_FLOAT
    }}
  }}
  attr {{
    key: "value"
    value {{
      tensor {{
        dtype: DT_FLOAT
        tensor_shape {{
          dim {{
            size: {nbytes // 4}
          }}
        }}
        tensor_content: \""""
    file.write(head.encode())
    block = b"\\000\\001\\200\\077" * (1 << 10)
    for start in range(0, nbytes // 4, 1 << 10):
        file.write(block[: 16 * (nbytes // 4 - start)])
    file.write(b'"\n      }\n    }\n  }\n}\nversions {\n  producer: 134\n}\n')


WRITERS: dict[str, Callable[[BinaryIO, int], None]] = {
    "towers": write_towers, "nodes": write_nodes, "loops": write_loops, "text": write_text,
}  # fmt: skip


def main(kind: str, count: str, path: str) -> None:
    """Write one model; the arguments are those of the command line."""
    with open(path, "wb") as file:
        WRITERS[kind](file, int(count))


if __name__ == "__main__":
    main(*sys.argv[1:4])
