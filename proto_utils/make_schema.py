"""Generate `schema.binpb` and `schema.pyi` from `protos/`.

Run ``make schema`` after editing a ``.proto`` file (``python -m proto_utils.make_schema --check`` only says whether
the two files are current). It needs protoc, taken from the development dependency grpcio-tools; nothing at run time
does.

The descriptor set keeps no file options, JSON names or comments: they play no part on the wire, and without them the
result does not depend on the version of protoc.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PROTOS = HERE / "protos"

# The numbers that descriptor.proto gives to field types and labels.
_PYTHON_TYPE = {
    **dict.fromkeys((1, 2), "float"),
    **dict.fromkeys((3, 4, 5, 6, 7, 13, 14, 15, 16, 17, 18), "int"),
    8: "bool",
    9: "str",
    12: "bytes",
}
_MESSAGE, _ENUM, _REPEATED = 11, 14, 3
# The classes of stub_head.txt that stand for protobuf's own messages.
_WELL_KNOWN = {".google.protobuf.Any": "AnyMessage", ".google.protobuf.BoolValue": "BoolValue"}


def compile_protos(protos: Path = PROTOS) -> bytes:
    """Compile every ``.proto`` file of a directory.

    Parameters
    ----------
    protos : Path
        The directory; it is also the import root.

    Returns
    -------
    bytes
        A serialized ``google.protobuf.FileDescriptorSet``, dependencies first, with the well-known types included.

    Raises
    ------
    ImportError
        When grpcio-tools is not installed.
    RuntimeError
        When protoc refuses a file; protoc itself has printed why.
    """
    from grpc_tools import protoc

    well_known = Path(protoc.__file__).parent / "_proto"
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "out.binpb")
        sources = [path.name for path in sorted(protos.glob("*.proto"))]
        command = ["protoc", f"-I{protos}", f"-I{well_known}", "--include_imports", f"--descriptor_set_out={out}"]
        if protoc.main(command + sources) != 0:
            raise RuntimeError(f"protoc failed on {protos}")
        return _stripped(out.read_bytes())


def _stripped(descriptor_set: bytes) -> bytes:
    """Drop what plays no part on the wire."""
    from google.protobuf import descriptor_pb2

    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set)
    for file in files.file:
        file.ClearField("options")
        for message in file.message_type:
            _drop_json_names(message)
    stripped: bytes = files.SerializeToString(deterministic=True)
    return stripped


def _drop_json_names(message: Any) -> None:
    for field in message.field:
        field.ClearField("json_name")
    for nested in message.nested_type:
        _drop_json_names(nested)


def write_stub(descriptor_set: bytes) -> str:
    """Return the text of `schema.pyi` for a descriptor set.

    Parameters
    ----------
    descriptor_set : bytes
        As `compile_protos` gives it.

    Returns
    -------
    str
        `protos/stub_head.txt`, then one class per message of package ``tensorflow``, in alphabetical order.
    """
    from google.protobuf import descriptor_pb2

    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set)
    ours = [file for file in files.file if file.package == "tensorflow"]
    messages = {message.name: (message, file.syntax != "proto3") for file in ours for message in file.message_type}
    lines = [(PROTOS / "stub_head.txt").read_text(encoding="utf-8")]
    for name, (message, is_proto2) in sorted(messages.items()):
        lines.extend(_class_lines(message, f".tensorflow.{name}", is_proto2))
        lines.append("")
    return "\n".join(lines)


def _class_lines(message: Any, full_name: str, is_proto2: bool) -> Iterator[str]:
    """Yield the stub of one message class and, indented, of those nested in it."""
    entries = {f"{full_name}.{nested.name}": nested for nested in message.nested_type if nested.options.map_entry}
    yield f"class {message.name}(Message):" + ("" if message.field else " ...")
    for enum in message.enum_type:
        yield f"    {enum.name}: ClassVar[Enum]"
        yield from (f"    {value.name}: ClassVar[int]" for value in enum.value)
    for nested in message.nested_type:
        if not nested.options.map_entry:
            yield from ("    " + line for line in _class_lines(nested, f"{full_name}.{nested.name}", is_proto2))
    for field in message.field:
        yield from _field_lines(field, entries)
    if message.field:
        yield from _constructor_lines(message, entries)
        yield from _named_field_lines(message, is_proto2)


def _field_lines(field: Any, entries: dict[str, Any]) -> Iterator[str]:
    """Yield the attribute of a field: assignable when it is a single scalar."""
    if field.label != _REPEATED and field.type != _MESSAGE:
        yield f"    {field.name}: {_value_type(field)}"
        return
    container = _value_type(field)
    if field.type_name in entries:
        key, value = entries[field.type_name].field
        kind = "MessageMap" if value.type == _MESSAGE else "ScalarMap"
        container = f"{kind}[{_value_type(key)}, {_value_type(value)}]"
    elif field.label == _REPEATED:
        container = f"{'RepeatedMessage' if field.type == _MESSAGE else 'RepeatedScalar'}[{container}]"
    yield "    @property"
    yield f"    def {field.name}(self) -> {container}: ..."


def _constructor_lines(message: Any, entries: dict[str, Any]) -> Iterator[str]:
    yield "    def __init__("
    yield "        self,"
    yield "        *,"
    yield from (f"        {field.name}: {_argument_type(field, entries)} | None = ...," for field in message.field)
    yield "    ) -> None: ..."


def _named_field_lines(message: Any, is_proto2: bool) -> Iterator[str]:
    """Yield the methods that take the name of a field or oneof, with the names that are allowed."""
    oneofs = {oneof.name: _oneof_members(message, index) for index, oneof in enumerate(message.oneof_decl)}
    present = [
        field.name
        for field in message.field
        if field.label != _REPEATED and (is_proto2 or field.type == _MESSAGE or field.HasField("oneof_index"))
    ]
    if present:
        yield f"    def HasField(self, field_name: {_literal([*present, *oneofs])}) -> bool: ..."
    names = [field.name for field in message.field]
    yield f"    def ClearField(self, field_name: {_literal([*names, *oneofs])}) -> None: ..."
    for name, members in oneofs.items():
        yield f"    def WhichOneof(self, oneof_group: {_literal([name])}) -> {_literal(members)} | None: ..."


def _oneof_members(message: Any, index: int) -> list[str]:
    return [field.name for field in message.field if field.HasField("oneof_index") and field.oneof_index == index]


def _literal(names: list[str]) -> str:
    return "Literal[" + ", ".join(f'"{name}"' for name in names) + "]"


def _value_type(field: Any) -> str:
    """Return the Python type of one value of a field."""
    if field.type != _MESSAGE:
        return _PYTHON_TYPE[field.type]
    return _WELL_KNOWN.get(field.type_name) or str(field.type_name).removeprefix(".tensorflow.")


def _argument_type(field: Any, entries: dict[str, Any]) -> str:
    """Return what the constructor takes for a field."""
    if field.type_name in entries:
        key, value = entries[field.type_name].field
        return f"Mapping[{_value_type(key)}, {_value_type(value)}]"
    single = _value_type(field)
    if field.type == _ENUM:
        single += " | str"
    elif field.type == _MESSAGE:
        single += " | Mapping[str, Any]"
    return f"Iterable[{single}]" if field.label == _REPEATED else single


def main(arguments: list[str] | None = None) -> int:
    """Write both files, or with ``--check`` compare; return the exit code."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is not current")
    check = parser.parse_args(arguments).check
    descriptor_set = compile_protos()
    wanted = {
        HERE / "schema.binpb": descriptor_set,
        HERE / "schema.pyi": write_stub(descriptor_set).encode(),
    }
    stale = [path for path, data in wanted.items() if not path.exists() or path.read_bytes() != data]
    for path in stale:
        if check:
            print(f"{path.name} is not current: run make schema", file=sys.stderr)
        else:
            path.write_bytes(wanted[path])
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
