"""The TensorFlow version that a meta graph says it was written by.

`import_meta_graph` parses it, and goes by it: before 1.9 a VariableDef did not say whether
it is trainable. A version that Python's parsers refuse makes the import fail.
"""

from __future__ import annotations

import re

from proto_utils import schema

#: What is written where there is none: every TensorFlow parses it and believes `VariableDef.trainable`.
VERSION = "1.15.0"

_PARSEABLE = (
    r"\d+(\.\d+)*([-_.]?(a|b|c|rc|alpha|beta|pre)[-_.]?\d*)?([-_.]?post[-_.]?\d*)?([-_.]?dev[-_.]?\d*)?(\+[\w.-]+)?"
)


def stamp_version(meta: schema.MetaGraphDef) -> str | None:
    """Give a meta graph a version that TensorFlow can parse; return the one that had to be replaced, if any."""
    version: str = meta.meta_info_def.tensorflow_version
    if version and re.fullmatch(_PARSEABLE, version, re.ASCII):
        return None
    meta.meta_info_def.tensorflow_version = VERSION
    return version or None
