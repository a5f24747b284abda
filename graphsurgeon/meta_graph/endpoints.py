"""Where data enters and leaves a graph by its signatures, which say more than guesses do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.endpoints import Endpoint
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.signatures import num_outputs
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE
from graphsurgeon.names import node_of
from graphsurgeon.tensors.dtypes import DType
from proto_utils.errors import FileFormatError


@dataclass(frozen=True)
class SignatureTensor:
    """A TensorInfo as plain data."""

    name: str
    dtype: str | None
    shape: list[int | None] | None

    @classmethod
    def of(cls, info: Any) -> SignatureTensor:
        """Read a TensorInfo."""
        try:
            dtype: str | None = DType.from_number(info.dtype).name
        except FileFormatError:
            dtype = None
        dims = Shape.from_proto(info.tensor_shape).dims
        return cls(info.name, dtype, None if dims is None else list(dims))


def signature_endpoints(model: Model, side: str) -> Iterator[Endpoint]:
    """Yield what the signatures name, once each."""
    if model.meta is None:
        return
    seen = set()
    for key in sorted(set(model.meta.signature_def) - {INIT_SIGNATURE}):
        infos: Mapping[str, Any] = getattr(model.meta.signature_def[key], side)
        for argument in sorted(infos):
            name = infos[argument].name
            node = model.graph.get(node_of(name)) if name else None
            if node is None or name in seen or num_outputs(node) == 0:
                continue
            seen.add(name)
            tensor = SignatureTensor.of(infos[argument])
            reason = f"{side[:-1]} {argument!r} of signature {key!r}"
            yield Endpoint(name.removesuffix(":0"), node.op, tensor.dtype, tensor.shape, reason)


def merge_endpoints(named: Iterable[Endpoint], guessed: Iterable[Endpoint]) -> list[Endpoint]:
    """Return those that signatures name, then those guessed that are not among them."""
    first = list(named)
    names = {node_of(each.name) for each in first}
    return first + [each for each in guessed if each.name not in names]
