"""Contexts of loops and branches as a tree: what the graph itself tells of them.

A loop has the frame that its Enters name, a branch the predicate of its Switches and the port that it hangs on. Each
lies in the context around it, the outermost ones in a root that stands for the graph.
"""

from __future__ import annotations

from collections.abc import Iterator


class Context:
    """A loop, a branch of a conditional, or the root around all.

    Attributes
    ----------
    parent : Context or None
        The context right around it; of the root, none.
    frame : str or None
        Of a loop, the name of its frame.
    pred : str
        Of a branch, the tensor that decides, through all Identities.
    branch : int
        Of a branch, the port of its Switches: 1 where the predicate is true.
    """

    __slots__ = ("_branches", "branch", "frame", "parent", "pred")

    def __init__(self, parent: Context | None = None, *, frame: str | None = None, pred: str = "", branch: int = 0):
        self.parent = parent
        self.frame = frame
        self.pred = pred
        self.branch = branch
        self._branches: dict[tuple[str, int], Context] = {}

    @property
    def is_loop(self) -> bool:
        """Whether it is a loop."""
        return self.frame is not None

    @property
    def depth(self) -> int:
        """How many contexts there are around it, the root included."""
        return sum(1 for _ in self.around())

    @property
    def outermost(self) -> Context:
        """The context right in the root that it is or lies in; of the root, itself."""
        found = self
        for each in self.around():
            if each.parent is not None:
                found = each
        return found

    @property
    def loop(self) -> Context | None:
        """The innermost loop that it is or lies in."""
        return next((each for each in (self, *self.around()) if each.is_loop), None)

    def around(self) -> Iterator[Context]:
        """Yield the contexts around it, from the inside out."""
        context = self.parent
        while context is not None:
            yield context
            context = context.parent

    def is_within(self, other: Context) -> bool:
        """Whether it is another, or lies in it."""
        return self is other or any(each is other for each in self.around())

    def shared(self, other: Context) -> Context:
        """Return the innermost context that both are or lie in."""
        if self is other:
            return self
        own = {id(each) for each in (self, *self.around())}
        return next(each for each in (other, *other.around()) if id(each) in own)

    def child(self, pred: str, branch: int) -> Context:
        """Return the branch of that predicate right in it."""
        key = pred, branch
        if key not in self._branches:
            self._branches[key] = Context(self, pred=pred, branch=branch)
        return self._branches[key]

    def pair(self) -> tuple[Context, ...]:
        """Return both branches of the conditional that it is a branch of, that for false first; a loop alone."""
        if self.parent is None or self.is_loop:
            return (self,)
        return self.parent.child(self.pred, 0), self.parent.child(self.pred, 1)

    def label(self) -> str:
        """Return what people know it by."""
        if self.is_loop:
            return f"the loop with frame {self.frame!r}"
        return f"the branch for {'true' if self.branch else 'false'} of {self.pred!r}" if self.parent else "the graph"
