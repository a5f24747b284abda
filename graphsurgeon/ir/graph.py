"""Graphs and function bodies: ordered nodes that can be found, edited, walked over and matched."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from graphsurgeon.ir.faces import GraphFace
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_list import NodeList
from proto_utils import schema
from proto_utils.errors import NotFoundError

if TYPE_CHECKING:
    from graphsurgeon.ir.library import Library
    from graphsurgeon.ir.match import Match, Pattern
    from graphsurgeon.ir.model import Model
    from graphsurgeon.ir.output import Output, TensorLike
    from graphsurgeon.ir.signatures import OpSignatures
    from graphsurgeon.names import Names
    from graphsurgeon.tensors.dtypes import DType

    NodeLike: TypeAlias = Node | str
    Nodes: TypeAlias = NodeLike | Iterable[NodeLike]
    Anything: TypeAlias = Node | Output | str


class Graph(GraphFace, NodeList):
    """A graph, or the body of a function: nodes in the order of the file.

    The order carries no meaning for TensorFlow; it is kept so that what was not edited is written back unchanged.
    Where a tensor is taken, it may be an `Output`, a node for its output 0, or a name; where a node is, a node or its
    name. Every edit costs what it touches, and keeps `index` true; one that is refused changes nothing. Two nodes are
    equal when they are the same object.

    Parameters
    ----------
    nodes : iterable of Node

    Attributes
    ----------
    function_def : FunctionDef or None
        The function whose body this is, without its nodes; None of a graph that is not a body.
    """

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        super().__init__(nodes)
        self.function_def: schema.FunctionDef | None = None
        self._model: weakref.ref[Model] | None = None
        # That of a graph, which outlives a model that nobody holds; a body's holds the body.
        self._library: Library | None = None
        self._signatures: OpSignatures | None = None
        self._scope = ""

    def __getitem__(self, name: str) -> Any:
        """Return the node of that name, or the `Output` of a tensor's: ``a:0``, ``a:out:0``.

        Raises
        ------
        NotFoundError
            There is none; near names are in the error.
        """
        if not isinstance(name, str):
            raise TypeError(f"nodes are found by name, a str, not by {type(name).__name__}: {name!r:.60}")
        node = self.get(name)
        if node is not None:
            return node
        if ":" in name or self.is_body:
            return self.tensor(name)
        raise NotFoundError.among("node", name, (n.name for n in self))

    def copy(self) -> Graph:
        """Return an independent graph of copies of the nodes; payloads are shared, and none is read."""
        made = Graph(node.copy() for node in self)
        made._library = self.library
        if self.function_def is not None:
            made.function_def = schema.parse(schema.FunctionDef, schema.serialize(self.function_def))
        return made

    @property
    def is_body(self) -> bool:
        """Whether it is the body of a function, where inputs name arguments, ``argument``, or ``node:output:0``."""
        return self.function_def is not None

    @property
    def model(self) -> Model | None:
        """The model whose graph, or one of whose function bodies, it is, if any."""
        return None if self._model is None else self._model()

    def link(self, model: Model) -> None:
        """Let the model be known, and with it the functions that nodes call."""
        self._model = weakref.ref(model)
        self._library = None if self.is_body else model.library

    @property
    def library(self) -> Library | None:
        """The functions that nodes may call, if it is or was the graph of a model."""
        model = self.model
        return self._library if model is None else model.library

    @property
    def signatures(self) -> OpSignatures:
        """What nodes take and give, those that call functions of the library included."""
        from graphsurgeon.ir.signatures import TENSORFLOW, OpSignatures

        library = self.library
        if library is None or not library.functions:
            return TENSORFLOW
        if self._signatures is None or self._signatures.functions is not library.functions:
            self._signatures = OpSignatures(library.functions)
        return self._signatures

    @property
    def inputs(self) -> list[Output]:
        """The tensors by which data enters, as `inspect` guesses them; of a function, its arguments."""
        from graphsurgeon.ir.endpoints import entries

        return entries(self)

    @property
    def outputs(self) -> list[Output]:
        """The tensors by which results leave, as `inspect` guesses them; of a function, what it returns."""
        from graphsurgeon.ir.endpoints import results

        return results(self)

    def tensor(self, tensor: TensorLike) -> Output:
        """Return the `Output` that is meant; a NotFoundError with near names when there is none."""
        from graphsurgeon.ir.output import tensor_of

        return tensor_of(self, tensor)

    def node(self, node: NodeLike) -> Node:
        """Return the node that is meant, of this graph; a NotFoundError with near names when there is none."""
        from graphsurgeon.ir.output import node_named

        return node_named(self, node)

    def consumers(self, of: Anything) -> list[Node]:
        """Return the nodes that read a tensor, or any output of a node, once each in the order of the graph.

        `of` is a tensor, or a node; by a name like ``a`` a node, by ``a:0`` a tensor, by ``^a`` what waits for it.
        """
        from graphsurgeon.ir.walks import consumers

        return consumers(self, of)

    def add(
        self,
        op: str,
        inputs: TensorLike | Sequence[TensorLike] = (),
        *,
        name: str | None = None,
        device: str = "",
        control_inputs: Nodes = (),
        **attrs: Any,
    ) -> Node:
        """Make a node as TensorFlow makes one of an op, and add it at the end.

        Parameters
        ----------
        op : str
        inputs : tensor or sequence of tensors
            Types and lengths that the op has attrs for are taken from them.
        name : str, optional
            Below the scope that is open; without one, that of the op, or the first of ``Add``, ``Add_1`` ... that
            is free.
        device : str
            Such as ``/gpu:0``.
        control_inputs : node or sequence of nodes
        **attrs
            The others stand at their defaults.

        Raises
        ------
        GraphError
            The name is taken, inputs or attrs do not fit the op, inputs are of several frames of loops, or
            there is no such device.
        """
        from graphsurgeon.ir.live_edits import add, written_device

        where = written_device(device)
        return add(self, op, inputs, name=name, device=where, control_inputs=control_inputs, attrs=attrs)

    def insert_after(
        self,
        tensor: TensorLike,
        op: str,
        *,
        name: str | None = None,
        only: Nodes | None = None,
        except_: Nodes = (),
        **attrs: Any,
    ) -> Node:
        """Put a new node of one input between a tensor and those that read it.

        Parameters, errors as `add` and `replace_uses`. It is on the device of the tensor's node, and in its scope
        where no other is open.
        """
        from graphsurgeon.ir.live_edits import insert_after

        return insert_after(self, tensor, op, name=name, only=only, except_=except_, attrs=attrs)

    def insert_before(self, node: NodeLike, position: int, op: str, *, name: str | None = None, **attrs: Any) -> Node:
        """Put a new node of one input before one input of a node; others that read that tensor go on doing so.

        Parameters, errors as `add`.
        """
        from graphsurgeon.ir.live_edits import insert_before

        return insert_before(self, node, position, op, name=name, attrs=attrs)

    def remove(self, *nodes: Nodes) -> None:
        """Take nodes out; others that were to be on a device with them no longer are.

        Raises
        ------
        GraphError
            Nodes that stay read them or wait for them, or the function returns them.
        """
        from graphsurgeon.ir.live_edits import remove

        remove(self, nodes)

    def set_input(self, node: NodeLike, position: int, tensor: TensorLike) -> None:
        """Let one input of a node be another tensor.

        Raises
        ------
        GraphError
            The tensor has another type or a shape that does not fit, or is of another frame of a loop.
        """
        from graphsurgeon.ir.live_edits import set_input

        set_input(self, node, position, tensor)

    def set_control_inputs(self, node: NodeLike, nodes: Nodes) -> None:
        """Let a node wait for these nodes, and no others; a GraphError for a node of another frame of a loop."""
        from graphsurgeon.ir.live_edits import set_control_inputs

        set_control_inputs(self, node, nodes)

    def replace_uses(self, old: TensorLike, new: TensorLike, *, only: Nodes | None = None, except_: Nodes = ()) -> int:
        """Let those who read one tensor read another, or those who wait for ``^a`` wait for ``^b``.

        Parameters
        ----------
        old, new : tensor, or name of a control input
        only, except_ : nodes, names or patterns of names
            Which readers, and which not. The results of a function are read, too, but not where `only` is given.

        Returns
        -------
        int
            How many inputs are others now.

        Raises
        ------
        GraphError
            The tensors differ in type, or in shapes that are known; a reader is in another frame, or would read itself.
            (Longer circles are found when the model is verified or saved.)
        """
        from graphsurgeon.ir.live_edits import replace_uses

        return replace_uses(self, old, new, only=only, except_=except_)

    def rename(self, node: NodeLike, name: str) -> None:
        """Give a node another name, with all that names it in this graph: inputs, colocation, a function's results.

        `graphsurgeon.rename` is for a whole model, with its checkpoint, collections and signatures.

        Raises
        ------
        GraphError
            The name is taken, or TensorFlow does not allow it.
        """
        from graphsurgeon.ir.live_edits import rename

        rename(self, node, name)

    def unique_name(self, name: str) -> str:
        """Return the name, or the first of ``name_1``, ``name_2`` ... that is free; case does not count."""
        from graphsurgeon.ir.live_state import state_of

        return state_of(self).unique_name(name)

    @contextmanager
    def scope(self, name: str) -> Iterator[str]:
        """Let nodes that `add` makes within a ``with`` be below a scope, which is below the one that is open.

        It gives the whole scope's name.
        """
        outer = self._scope
        self._scope = "/".join([part for part in (outer, name.strip("/")) if part])
        try:
            yield self._scope
        finally:
            self._scope = outer

    def topological(self) -> Iterator[Node]:
        """Yield the nodes so that each comes after what it reads and waits for, but for the way back of loops.

        Among those that could come next, the one that stands first in the graph does. A GraphError for a cycle.
        """
        from graphsurgeon.ir.walks import topological

        return topological(self)

    def ancestors(
        self, of: Anything | Iterable[Anything], *, until: Anything | Iterable[Anything] = (), control: bool = True
    ) -> list[Node]:
        """Return nodes, or makers of tensors, with all that they need, in the order of the graph.

        Parameters
        ----------
        of : node, tensor, or several
        until : node, tensor, or several
            Where the walk ends: nodes are in the result and what they need is not, tensors are not gone through.
        control : bool
            Whether what is waited for is needed.
        """
        from graphsurgeon.ir.walks import ancestors

        return ancestors(self, of, until=until, control=control)

    def descendants(
        self, of: Anything | Iterable[Anything], *, until: Anything | Iterable[Anything] = (), control: bool = True
    ) -> list[Node]:
        """Return nodes, or readers of tensors, with all that needs them; parameters as for `ancestors`."""
        from graphsurgeon.ir.walks import descendants

        return descendants(self, of, until=until, control=control)

    def between(
        self,
        sources: Anything | Iterable[Anything],
        targets: Anything | Iterable[Anything],
        *,
        control: bool = True,
    ) -> list[Node]:
        """Return the nodes on the ways from sources to targets, both included; of a source tensor, its readers."""
        from graphsurgeon.ir.walks import between

        return between(self, sources, targets, control=control)

    def select(
        self,
        *,
        name: Names | None = None,
        op: Names | None = None,
        scope: str | None = None,
        device: Names | None = None,
        attr: str | Mapping[str, Any] | None = None,
        dtype: Any = None,
    ) -> list[Node]:
        """Return the nodes that are all that is asked for, in the order of the graph.

        Parameters
        ----------
        name, op, device : str or sequence of str
            Names, or regular expressions that match whole ones.
        scope : str, a node's name, or what it begins with before a slash
        attr : str or mapping
            An attr that they have, or attrs with their values.
        dtype : DType or what `DType.of` takes
            The type of one of their outputs, as a reference or not.
        """
        from graphsurgeon.ir.selection import select

        return select(self, name=name, op=op, scope=scope, device=device, attr=attr, dtype=dtype)

    def match(self, pattern: Pattern | str | Mapping[str, Any]) -> list[Match]:
        """Return where a pattern occurs, in the order of the graph: see `Pattern`."""
        from graphsurgeon.ir.match import match

        return match(self, pattern)

    def argument_dtype(self, name: str) -> DType | None:
        """Return the type of an argument of the function; None when it has none of that name.

        Of one whose type depends on the call, it is `INVALID`.
        """
        from graphsurgeon.ir.output import argument_dtype

        return argument_dtype(self, name)

    def outputs_of(self, node: Node) -> tuple[Output, ...]:
        """Return the tensors that a node of the graph makes."""
        from graphsurgeon.ir.output import outputs_of

        return outputs_of(self, node)

    def output_of(self, text: str) -> Output:
        """Return the tensor that a data input of a node names; where no node makes it, it has no producer."""
        from graphsurgeon.ir.output import output_of_input

        return output_of_input(self, text)
