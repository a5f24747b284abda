"""The new name of every name of a model: nodes, tensors and checkpoint keys by one and the same rule.

1. An entry of the map that takes the name gives the new one.
2. Else the name follows what it is below of: ``X/read``, ``X/Adam`` or ``X/ExponentialMovingAverage`` the nearest
   variable, table or checkpoint key ``X``; ``T-keys`` and ``T-values`` the table ``T``; the slot of a TensorFlow 2
   optimizer its variable.
3. Then a scope is taken away, where the name begins with it, and another put before every name.

Because nodes and keys go by the same rule, they stay in step: what a saver looks up, what the checkpoint has and what
the graph calls its variables.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import compress

from graphsurgeon.errors import PassError
from graphsurgeon.names import NODE_NAME, is_control, node_of, some_of
from graphsurgeon.rewrites.renaming.name_map import NameMap
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.object_graph_keys import KEY_SUFFIXES
from proto_utils.errors import NotFoundError

_VALUE, _SLOT = "/.ATTRIBUTES/VARIABLE_VALUE", "/.OPTIMIZER_SLOT/"
_MAX_LISTED = 10


class NewNames:
    """The new names, each found once; `roots` are the variables, tables and keys that names below them follow."""

    def __init__(
        self,
        name_map: NameMap,
        roots: Collection[str],
        *,
        add_scope: str | None = None,
        strip_scope: str | None = None,
    ) -> None:
        self._map = name_map
        self._roots = roots
        self._lengths = set(map(len, roots))
        self._added = _scope("add_scope", add_scope)
        self._stripped = _scope("strip_scope", strip_scope)
        self._has_stripped = not self._stripped
        # Before and after the scopes.
        self._mapped: dict[str, str] = {}
        self._found: dict[str, str] = {}
        self._tensors: dict[str, str] = {}

    @property
    def keeps_apart(self) -> bool:
        """Whether different names stay different, as they do when only a scope is added."""
        return not len(self._map) and not self._stripped

    def __call__(self, name: str) -> str:
        """Return the new name of a node or checkpoint key; of what is not to be renamed, the same."""
        new = self._found.get(name)
        if new is None:
            new = self._mapped_name(name)
            if self._stripped and new.startswith(self._stripped):
                self._has_stripped = True
                new = new[len(self._stripped) :]
            self._found[name] = new = self._added + new
        return new

    def all_keys(self, keys: Sequence[str]) -> list[str]:
        """Return the new names of checkpoint keys; where there is no map, a million of them at once."""
        if len(self._map):
            return [*map(self.key, keys)]
        if self._stripped:
            self._has_stripped = self._has_stripped or any(key.startswith(self._stripped) for key in keys)
            found = [self._added + key.removeprefix(self._stripped) for key in keys]
        else:
            found = [self._added + key for key in keys]
        if OBJECT_GRAPH_KEY in keys:
            found[keys.index(OBJECT_GRAPH_KEY)] = OBJECT_GRAPH_KEY
        return found

    def key(self, key: str) -> str:
        """Return the new name of a checkpoint key; that of the object graph stays."""
        return key if key == OBJECT_GRAPH_KEY else self(key)

    def tensor(self, text: str) -> str:
        """Return what ``a``, ``a:1`` or ``^a`` is called now."""
        new = self._tensors.get(text)
        if new is None:
            if is_control(text):
                new = "^" + self(text[1:])
            else:
                name = node_of(text)
                new = self(name) + text[len(name) :] if name else text
            self._tensors[text] = new
        return new

    def require_all_used(self, names: Iterable[str]) -> None:
        """Require that every entry of the map has taken a name, and that some name began with the scope to strip.

        Else it is a NotFoundError with near names.
        """
        self._map.require_all_used(names)
        if not self._has_stripped:
            scopes = dict.fromkeys(name.partition("/")[0] for name in names if "/" in name)
            raise NotFoundError("name in the scope", self._stripped[:-1], list(scopes)[:3])

    def _mapped_name(self, name: str) -> str:
        below: list[tuple[str, int]] = []
        new = self._mapped.get(name)
        # Not by recursion, which has an end: a name may be below a root that is below a root ...
        while new is None:
            new = self._map.find(name) if len(self._map) else name
            end = self._root_end(name) if new is None else 0
            if end:
                below.append((name, end))
                name = name[:end]
                new = self._mapped.get(name)
            else:
                new = self._mapped[name] = self._beside(name) if new is None else new
        for name, end in reversed(below):
            new = self._mapped[name] = new + name[end:]
        return new

    def _root_end(self, name: str) -> int:
        """Return where the nearest root ends that a name is below of, 0 when there is none."""
        end = name.rfind("/")
        # Of a name of very many scopes, those that are as long as no root are not even copied.
        while end > 0 and not (end in self._lengths and name[:end] in self._roots):
            end = name.rfind("/", 0, end)
        return max(end, 0)

    def _beside(self, name: str) -> str:
        """Return what a name is called that no entry takes and that is below nothing."""
        roots = self._roots
        variable, slot, rest = name.partition(_SLOT)
        if slot and variable + _VALUE in roots:
            new = self._mapped_name(variable + _VALUE)
            return new.removesuffix(_VALUE) + slot + rest if new.endswith(_VALUE) else name
        for suffix in KEY_SUFFIXES:
            if name.endswith(suffix) and name.removesuffix(suffix) in roots:
                return self._mapped_name(name.removesuffix(suffix)) + suffix
        return name


class ChangedNames(Mapping[str, str]):
    """New names by the old ones; a million pairs are looked up in only when somebody does.

    Attributes
    ----------
    old, new : list of str
        In the order of the old ones.
    """

    def __init__(self, old: list[str], new: list[str]) -> None:
        self.old = old
        self.new = new

    def __len__(self) -> int:
        return len(self.old)

    def __iter__(self) -> Iterator[str]:
        return iter(self.old)

    def __getitem__(self, name: str) -> str:
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, str]:
        return dict(zip(self.old, self.new, strict=True))


def changed_names(names: Iterable[str], new: NewNames, kind: str) -> ChangedNames:
    """Return the new names of those that change, by the old ones.

    `names` are all there are of a kind, each once. It is a PassError that two would have one name, or one a name
    that TensorFlow does not take; such are listed.
    """
    names = names if isinstance(names, list) else [*names]
    find: Callable[[str], str] = new if kind == "node" else new.key
    new_names = [*map(new, names)] if kind == "node" else new.all_keys(names)
    clashes: list[tuple[str, str]] = []
    if not new.keeps_apart:
        holders: dict[str, str] = {}
        for old, now in zip(names, new_names, strict=True):
            first = holders.setdefault(now, old)
            if first != old:
                # The one that is renamed is told of first.
                clashes.append((old, first) if now != old else (first, old))
    changed = ChangedNames(names, new_names)
    if not all(map(operator.ne, names, new_names)):
        is_changed = [*map(operator.ne, names, new_names)]
        changed = ChangedNames([*compress(names, is_changed)], [*compress(new_names, is_changed)])
    _refuse_clashes(clashes, find, kind)
    _refuse_bad(changed, kind)
    return changed


def _refuse_clashes(clashes: list[tuple[str, str]], find: Callable[[str], str], kind: str) -> None:
    if not clashes:
        return
    lines = [
        f"{one!r} -> {find(one)!r}, " + (f"which {other!r} becomes too" if find(other) != other else "which exists")
        for one, other in clashes
    ]
    raise PassError(
        "rename",
        f"{_count(clashes, kind)} would have the name of another: {some_of(lines, _MAX_LISTED, '; ')}",
        listed=lines,
        hint="give the other a new name too, in the same map, or choose another new name",
    )


def _refuse_bad(changed: ChangedNames, kind: str) -> None:
    if kind == "node":
        bad = [
            (old, now)
            for old, now in zip(changed.old, changed.new, strict=True)
            if re.fullmatch(NODE_NAME, now) is None
        ]
        rule = "letters, digits and _.-/>, beginning with a letter, digit or dot"
    else:
        bad = [(old, now) for old, now in zip(changed.old, changed.new, strict=True) if not now or "\0" in now]
        rule = "any text but an empty one"
    if bad:
        lines = [f"{old!r} -> {now!r}" for old, now in bad]
        raise PassError(
            "rename",
            f"{_count(bad, kind)} would have a name that TensorFlow does not allow: "
            + some_of(lines, _MAX_LISTED, "; "),
            listed=lines,
            hint=f"allowed are {rule}",
        )


def _count(found: Collection[object], kind: str) -> str:
    word = "node" if kind == "node" else "checkpoint key"
    return f"{len(found):,} {word}{'s' if len(found) > 1 else ''}"


def _scope(option: str, text: str | None) -> str:
    """Return a scope with its slash; empty for none."""
    if text is None:
        return ""
    scope = text.rstrip("/")
    if not scope or scope.startswith("/"):
        raise PassError("rename", f"{option} {text!r} is no scope", hint="write it as in vgg_16 or towers/first")
    return f"{scope}/"
