"""TensorFlow's message classes, from a private descriptor pool.

``schema.NodeDef``, ``schema.MetaGraphDef.MetaInfoDef`` ... are protobuf message classes built on first use from
``schema.binpb``, which ``make schema`` compiles from ``protos/*.proto``. This is the only module that imports
google.protobuf, and it does so when the first class is asked for.

The pool is private because TensorFlow registers the same names in protobuf's default pool, and one pool refuses two
different files with one name. So both live in one process, in either import order. The price: a message of ours is
not an instance of TensorFlow's class of that name. `convert` carries one over, and `message_class_like` finds the
class in the pool that a caller's message came from.

Fields unknown to us survive parsing and serializing; they have no text form, so the text functions refuse them.
"""

from __future__ import annotations

import copyreg
import os
import re
import threading
from collections.abc import Iterator, MutableMapping, MutableSequence
from typing import Any

from proto_utils.errors import CorruptionError, LimitError, NotFoundError, UnsupportedError
from proto_utils.wire import fields as _fields

PACKAGE = "tensorflow"
MAX_MESSAGE_NBYTES = 2**31 - 1

#: A field of ours of type float with the largest float as `text_format` prints it; a double may be that number itself.
_LARGEST_FLOAT = r"(?m)^( *(?:f|float_val|scomplex_val|value|keep_checkpoint_every_n_hours): -?)3\.4028235e\+38$"

# Threads that ask for the same class at once would each make one, which protobuf in pure Python does not bear.
_lock = threading.RLock()
_pools: list[Any] = []


def _private_pool() -> Any:
    """Return the one pool, built on the first call; a second one would have other classes of the same names."""
    with _lock:
        if not _pools:
            with open(os.path.join(os.path.dirname(__file__), "schema.binpb"), "rb") as file:
                data = file.read()
            pool = _new_pool()
            # FileDescriptorSet = file(1)*. Taken apart here: protobuf's own class for it costs 10 ms to import.
            for each in _fields(data):
                pool.AddSerializedFile(data[each.start : each.end])
            _pools.append(pool)
        return _pools[0]


def _new_pool() -> Any:
    c = _in_c()
    if c is not None:
        return c.DescriptorPool()
    from google.protobuf import descriptor_pool

    return descriptor_pool.DescriptorPool()


def _class_of(descriptor: Any) -> Any:
    """Return the class of a message, as `message_factory.GetMessageClass` does; messages of ours have no extensions."""
    found = getattr(descriptor, "_concrete_class", None)
    if found is not None:
        return found
    if _in_c() is None:
        from google.protobuf import message_factory

        return message_factory.GetMessageClass(descriptor)
    from google.protobuf.message import Message
    from google.protobuf.pyext.cpp_message import GeneratedProtocolMessageType

    made = GeneratedProtocolMessageType(descriptor.name, (Message,), {"DESCRIPTOR": descriptor, "__module__": None})
    for field in descriptor.fields:
        if field.message_type is not None:
            _class_of(field.message_type)
    return made


def _in_c() -> Any:
    """Return protobuf's implementation in C, None where another one is in use.

    `descriptor_pool` and `message_factory` do no more with it than is done here, but import the implementation in
    Python, text format and a calendar first: a tenth of all that a small command does.
    """
    from google.protobuf.internal import api_implementation

    c = getattr(api_implementation, "_c_module", None) if api_implementation.Type() == "upb" else None
    return c if hasattr(c, "DescriptorPool") else None


def _message_class(name: str, pool: Any) -> Any:
    """Return the class of ``tensorflow.<name>`` from a pool; KeyError when it is not there."""
    return _class_of(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))


def _with_nested(cls: Any) -> Any:
    """Make nested messages attributes of their class, which protobuf's pure Python classes lack."""
    for name, descriptor in cls.DESCRIPTOR.nested_types_by_name.items():
        if not hasattr(cls, name):
            setattr(cls, name, _with_nested(_class_of(descriptor)))
    return cls


def __getattr__(name: str) -> Any:
    """Resolve a message class by its short name and keep it as a global."""
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "Message":
        from google.protobuf import message

        found = message.Message
    else:
        try:
            with _lock:
                found = _with_nested(_message_class(name, _private_pool()))
            # Its module could not be imported.
            copyreg.pickle(found, _reduce)
        except KeyError:
            raise AttributeError(f"module {__name__!r} has no message {name!r}") from None
    globals()[name] = found
    return found


def _reduce(msg: Any) -> tuple[Any, ...]:
    return _unpickled, (msg.DESCRIPTOR.name, serialize(msg))


def _unpickled(name: str, data: bytes) -> Any:
    return parse(__getattr__(name), data)


def serialize(msg: Any) -> bytes:
    """Serialize a message deterministically: map entries sorted by key.

    Parameters
    ----------
    msg : Message
        Of any pool.

    Raises
    ------
    LimitError
        When the message is past protobuf's limit of 2 GiB.
    """
    try:
        data: bytes = msg.SerializeToString(deterministic=True)
    except _encode_error() as error:
        # All that upb says is "Failed to serialize proto".
        raise _past_limit(msg, msg.ByteSize()) from error
    if len(data) > MAX_MESSAGE_NBYTES:
        raise _past_limit(msg, len(data))
    return data


def _encode_error() -> type[Exception]:
    """Return what protobuf raises; imported when something is raised, for many thousands of messages are serialized."""
    from google.protobuf import message

    error: type[Exception] = message.EncodeError
    return error


def _past_limit(msg: Any, nbytes: int) -> LimitError:
    hint = "TensorFlow, too, takes none past 2 GiB: keep large values in a checkpoint"
    return LimitError(f"the size of a {_title(type(msg))} in bytes", nbytes, MAX_MESSAGE_NBYTES, hint=hint)


def parse(cls: Any, data: Any, *, path: str | None = None, offset: int | None = None, is_stripped: bool = False) -> Any:
    """Parse a serialized message.

    Parameters
    ----------
    cls : type of Message
        Of any pool.
    data : bytes-like
        Copied; the message keeps no reference to it.
    path, offset : optional
        Where `data` came from, for the error.
    is_stripped : bool
        Whether what is in the file from `offset` on is more than `data`.

    Returns
    -------
    Message
        Of class `cls`.

    Raises
    ------
    CorruptionError
        When `data` is not such a message; it says where, in which field, and why.
    """
    data = bytes(data)
    try:
        return cls.FromString(data)
    except _decode_errors() as error:
        from proto_utils.diagnosis import find_fault

        reason, fault = "protobuf does not parse it", find_fault(cls.DESCRIPTOR, data)
        if fault is not None:
            is_placed = not is_stripped and (offset is not None or path is None)
            reason = str(fault) if is_placed else f"{fault} (at its byte {fault.offset})"
            offset = (offset or 0) + fault.offset if is_placed else offset
        raise CorruptionError(f"not a {_title(cls)}: {reason}", path=path, offset=offset) from error


def canonical(descriptor: Any, data: bytes) -> bytes:
    """Return the deterministic serialization of a message given in another, such as with its fields in any order.

    Raises
    ------
    CorruptionError
        `data` is no such message.
    """
    return serialize(parse(_class_of(descriptor), data))


def _decode_errors() -> tuple[type[Exception], ...]:
    """Return what protobuf raises for bytes that are no message; its implementation in Python has more kinds."""
    from google.protobuf import message

    return message.DecodeError, UnicodeDecodeError, RecursionError


def _title(cls: Any) -> str:
    return str(cls.DESCRIPTOR.full_name).removeprefix(f"{PACKAGE}.")


def parse_text(cls: Any, text: str | bytes, *, path: str | None = None) -> Any:
    """Parse protobuf text format.

    Parameters
    ----------
    cls : type of Message
        Of any pool.
    text : str or bytes
        UTF-8 when bytes, with or without byte order mark.
    path : str, optional
        Where `text` came from, for the error.

    Returns
    -------
    Message
        Of class `cls`.

    Raises
    ------
    CorruptionError
        When the text is malformed or has a field that `cls` lacks; the reason has line and column. Nothing is
        skipped, because what is skipped would be lost on writing.
    """
    from google.protobuf import text_format

    from proto_utils import text_faults

    hint = None
    try:
        # Editors on Windows begin a file with a byte order mark.
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        return text_format.Parse(decoded, cls(), descriptor_pool=cls.DESCRIPTOR.file.pool)
    except UnicodeDecodeError as error:
        reason = text_faults.describe_bytes(error)
    except RecursionError:
        reason = "messages are nested deeper than it can be read"
    except (text_format.ParseError, ValueError, OverflowError, TypeError) as error:
        reason, hint = text_faults.translate(error, decoded, cls.DESCRIPTOR.file.pool)
    raise CorruptionError(f"not the text of a {_title(cls)}: {reason}", path=path, hint=hint)


def print_text(msg: Any) -> str:
    """Print a message in protobuf text format.

    Parameters
    ----------
    msg : Message
        Of any pool.

    Returns
    -------
    str
        ASCII, one field per line, map entries sorted by key. `parse_text` gives an equal message back. An ``Any``
        is printed as its URL and bytes: printed by its fields it could lose the unknown ones. The largest float is
        printed with all digits of a double, because older parsers in Python take its short form, which is a double
        above it, for an infinity.

    Raises
    ------
    UnsupportedError
        When the message has fields unknown to its class: text has no way to keep them.
    """
    from google.protobuf import descriptor_pool, text_format

    known = type(msg)()
    known.CopyFrom(msg)
    known.DiscardUnknownFields()
    if known.ByteSize() != msg.ByteSize():
        where = _path_of_unknown(msg) or "some field"
        raise UnsupportedError(
            f"{msg.DESCRIPTOR.full_name}: {where} is unknown, and text cannot keep unknown fields",
            hint="keep it in binary form",
        )
    no_types_for_any = descriptor_pool.DescriptorPool()
    text: str = text_format.MessageToString(msg, as_utf8=False, descriptor_pool=no_types_for_any)
    return re.sub(_LARGEST_FLOAT, r"\g<1>3.4028234663852886e+38", text)


def quoted(text: str) -> str:
    """Return a text as `print_text` writes it: in quotes and ASCII."""
    from google.protobuf import text_encoding

    return f'"{text_encoding.CEscape(text.encode(), as_utf8=False)}"'


def _path_of_unknown(msg: Any) -> str | None:
    """Return where a message's first unknown field is, as ``node[3].attr[T].99``."""
    from google.protobuf import unknown_fields

    for field in unknown_fields.UnknownFieldSet(msg):
        return str(field.field_number)
    for name, child in _children(msg):
        path = _path_of_unknown(child)
        if path is not None:
            return f"{name}.{path}"
    return None


def _children(msg: Any) -> Iterator[tuple[str, Any]]:
    """Yield the messages a message directly holds, with their names."""
    for field, value in msg.ListFields():
        if isinstance(value, MutableMapping):
            pairs = [(f"{field.name}[{key}]", value[key]) for key in value]
        elif isinstance(value, MutableSequence):
            pairs = [(f"{field.name}[{index}]", each) for index, each in enumerate(value)]
        else:
            pairs = [(field.name, value)]
        if field.message_type is not None:
            yield from ((name, each) for name, each in pairs if hasattr(each, "ListFields"))


def message_class_like(name: str, like: Any) -> Any:
    """Return the class named ``tensorflow.<name>`` from the pool of a given message.

    Parameters
    ----------
    name : str
        Short name; nested messages as ``"MetaGraphDef.MetaInfoDef"``.
    like : Message
        Any message: ours, or the caller's own (TensorFlow's ``GraphDef``).

    Returns
    -------
    type of Message
        For a message of TensorFlow's this is TensorFlow's own class.

    Raises
    ------
    NotFoundError
        When that pool has no such message.
    """
    try:
        return _message_class(name, like.DESCRIPTOR.file.pool)
    except KeyError:
        raise NotFoundError("message", f"{PACKAGE}.{name}", where=f"the pool of {type(like)!r}") from None


def convert(msg: Any, cls: Any) -> Any:
    """Carry a message over to the class of the same name in another pool.

    Parameters
    ----------
    msg : Message
        Not modified.
    cls : type of Message
        Its class in the other pool; the class of `msg` itself gives a copy.

    Returns
    -------
    Message
        Of class `cls`. Fields `cls` does not know are kept as unknown fields.

    Raises
    ------
    LimitError
        When the message is past protobuf's limit of 2 GiB.
    """
    return parse(cls, serialize(msg))
