"""Names of devices, as TensorFlow writes them: ``/job:worker/replica:0/task:1/device:GPU:0``, each part optional.

Source: ``DeviceSpec.from_string`` and ``to_string`` of TensorFlow's ``python/framework/device_spec.py``.
"""

from __future__ import annotations

import re
from typing import Final

from proto_utils.errors import UnsupportedError

_PART: Final = re.compile(
    r"job:(?P<job>[A-Za-z][\w.-]*)|replica:(?P<replica>\d+|\*)|task:(?P<task>\d+|\*)"
    r"|(?:device:(?P<kind>\w+)|(?P<short>[cg]pu))(?::(?P<index>\d+|\*))?",
    re.ASCII | re.IGNORECASE,
)
_DEVICE: Final = re.compile(r"(?:CPU|GPU|TPU|TPU_SYSTEM|XLA_CPU|XLA_GPU)(?::(?:\d+|\*))?", re.IGNORECASE)


def device_name(text: str) -> str:
    """Return the name of a device as a NodeDef holds it: ``/gpu:0`` as ``/device:GPU:0``; empty for none.

    Raises
    ------
    UnsupportedError
        It is no name of a device.
    """
    whole = f"/device:{text}" if _DEVICE.fullmatch(text) else text
    found: dict[str, str] = {}
    for part in filter(None, whole.split("/")):
        match = _PART.fullmatch(part)
        if match is None or (whole[:1] != "/"):
            raise _no_device(text)
        parts = {key: value for key, value in match.groupdict().items() if value is not None}
        if found.keys() & parts.keys() or ("kind" in found and "short" in parts):
            raise _no_device(text)
        found |= parts
        if "short" in parts:
            found["kind"] = found.pop("short").upper()
            found.setdefault("index", "*")
    name = "".join([f"/{key}:{found[key]}" for key in ("job", "replica", "task") if found.get(key, "*") != "*"])
    if "kind" in found:
        name += f"/device:{found['kind'].upper()}:{found.get('index', '*')}"
    return name


def _no_device(text: str) -> UnsupportedError:
    return UnsupportedError(
        f"{text!r} is no name of a device", hint="such as /device:GPU:0, /cpu:0, or /job:worker/task:1/device:CPU:0"
    )
