"""What options of passes and edits take, in one word, as help shows it: declared here, once for each option's name.

Numbers need no word of their own, and choices are shown as they are.
"""

from __future__ import annotations

from graphsurgeon.options import Option

#: By the kind of the option.
_OF_KINDS = {"integer": "N", "number": "NUMBER", "value": "VALUE", "checkpoint": "CHECKPOINT", "lines": "FILE"}
_NUMBERS = "N,N..."
#: By the name of the option, and of the verb where two mean different things by it.
_OF_OPTIONS = {
    "add": "NAME",
    "add_scope": "SCOPE",
    "at": "TENSOR",
    "attr": "NAME=VALUE",
    "attribute_name": "ATTR",
    "axis": "AXIS",
    "clear": "NAME",
    "connect": "INPUT=TENSOR",
    "device": "DEVICE",
    "drop": "PATTERN",
    "dropout": "TENSOR=RATE",
    "drop_state": "PATTERN",
    "dtype": "DTYPE",
    "except_": "PATTERN",
    "exclude_node": "NODES",
    "exclude_op": "OP",
    "exclude": "PATTERN",
    "factor": "NUMBER",
    "initializers": "NODES",
    "input_shape": "SHAPE",
    "input_type": "DTYPE",
    "inputs": "NODES",
    "keep": "PATTERN",
    "map": "OLD=NEW",
    "train_mode.momentum": "M|PATTERN=M",
    "name": "NAME",
    "new_attribute_name": "ATTR",
    "new_op_name": "OP",
    "not_trainable": "PATTERN",
    "offset": "NUMBER",
    "old_attribute_name": "ATTR",
    "old_op_name": "OP",
    "only": "PATTERN",
    "op": "OP",
    "op_name": "OP",
    "outputs": "NODES",
    "part": "SLICE",
    "pattern": "N:M|HxW",
    "prefer": "SRC",
    "prefix": "SRC=SCOPE",
    "prefixes": "SRC=SCOPE",
    "role": "ROLE",
    "scope": "SCOPE",
    "select": "PATTERN",
    "set": "NAME=VALUE",
    "shape": "INPUT=SHAPE",
    "signature": "KEY",
    "slot_name": "NAME",
    "sparsity": "S|PATTERN=S",
    "strip_scope": "SCOPE",
    "suffix": "NAME",
    "to": "NAME",
    "downgrade.to": "VERSION",
    "trainable": "PATTERN",
    "training": "NAME=VALUE",
    "version": "VERSION",
}


def metavar_of(option: Option, verb: str = "") -> str:
    """Return what an option of a pass or an edit takes; its type when nothing here says it."""
    kind = option.kind
    if kind.is_list and kind.item in ("integer", "number"):
        return _NUMBERS
    known = _OF_OPTIONS.get(f"{verb}.{option.name}") or _OF_OPTIONS.get(option.name)
    return known or _OF_KINDS.get(kind.item, "TEXT")
