"""Generate `schema.binpb` and `schema.pyi` from `protos/*.proto`.

Run ``python -m proto_utils.make_schema`` after editing a ``.proto`` file (``--check`` only says whether the two
files are current). It needs protoc, taken from the development dependency grpcio-tools; nothing at run time does.

The descriptor set keeps no file options, JSON names or comments: they play no part on the wire, and without them the
result does not depend on the version of protoc.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PROTOS = HERE / "protos"


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
        return strip(out.read_bytes())


def strip(descriptor_set: bytes) -> bytes:
    """Drop what plays no part on the wire: file options, JSON names."""
    from google.protobuf import descriptor_pb2

    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set)
    for file in files.file:
        file.ClearField("options")
        for message in file.message_type:
            _strip_message(message)
    stripped: bytes = files.SerializeToString(deterministic=True)
    return stripped


def _strip_message(message: Any) -> None:
    for field in message.field:
        field.ClearField("json_name")
    for nested in message.nested_type:
        _strip_message(nested)


def main(arguments: list[str] | None = None) -> int:
    """Write both files, or with ``--check`` compare; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is not current")
    options = parser.parse_args(arguments)
    descriptor_set = compile_protos()
    wanted = {HERE / "schema.binpb": descriptor_set}
    stale = [path for path, data in wanted.items() if not path.exists() or path.read_bytes() != data]
    for path in stale:
        if options.check:
            print(f"{path.name} is not current: run make schema", file=sys.stderr)
        else:
            path.write_bytes(wanted[path])
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
