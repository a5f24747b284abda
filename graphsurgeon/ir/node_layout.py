"""The bytes of a NodeDef as most writers lay them out: name, op, inputs, then all else, each text shorter than 128.

So other inputs take the place of those that are there without the message being parsed, and what is behind them stays
as it was written: the order of attrs, which protobuf leaves open, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from proto_utils.wire import LEN

# Tag and length of a short text in field 1, 2 or 3 of a NodeDef, by its length.
_NAME_HEADS, _OP_HEADS, _INPUT_HEADS = ([bytes((number << 3 | LEN, n)) for n in range(0x80)] for number in (1, 2, 3))

# Of nodes with more inputs, to set one would cost as much as to parse the message once for all.
_MAX_INPUTS = 16


def end_of_inputs(message: bytes, name: str, op: str, inputs: Sequence[str]) -> int | None:
    """Return where in a message name, op and inputs end and all else begins; None where it is laid out otherwise."""
    # Where headers are as expected the texts are, or the message has the field again behind them.
    num_name, num_op = len(name), len(op)
    end = num_name + num_op + 4
    try:
        if message[:2] != _NAME_HEADS[num_name] or message[num_name + 2 : num_name + 4] != _OP_HEADS[num_op]:
            return None
        for text in inputs:
            if message[end : end + 2] != _INPUT_HEADS[len(text)]:
                return None
            end += len(text) + 2
    except IndexError:
        return None
    return end


def with_inputs(message: bytes, name: str, op: str, inputs: Sequence[str], new: Sequence[str]) -> bytes | None:
    """Return the message with other inputs; None where it, or one of them, is not as most are."""
    if len(inputs) > _MAX_INPUTS:
        return None
    end = end_of_inputs(message, name, op, inputs)
    if end is None or not "".join(new).isascii():
        return None
    made = message[: len(name) + len(op) + 4]
    try:
        for text in new:
            made += _INPUT_HEADS[len(text)] + text.encode()
    except IndexError:
        return None
    return made + message[end:]
