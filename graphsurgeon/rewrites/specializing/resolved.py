"""Edits of a graph or body by its specialization: dead nodes go, and what decided or masked becomes what it is.

=============================== ===============================================================
before                          after
=============================== ===============================================================
a Switch that is decided        its readers read its data; with control inputs it is an Identity
a Merge of one live input       an Identity of that; its ``value_index`` a Const of its own
an If or Case that is decided   a PartitionedCall of the function, Stateful where it was
a dropout that keeps all        an Identity
a Select by a known scalar      an Identity of what it takes
a dead node                     goes, and so does what only such nodes needed
a pivot of a constant           nobody waits for it any more
=============================== ===============================================================
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.colocation import colocated_with, drop_colocation
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.node import Node
from graphsurgeon.names import is_control, node_of_input, unique_name
from graphsurgeon.rewrites.pruning.unneeded import remove_unneeded
from graphsurgeon.rewrites.specializing.branches import pivots
from graphsurgeon.rewrites.specializing.specialization import Key, Specialization
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import as_tensor


class Resolution:
    """The edits of one graph or body, made when `apply` is called.

    Parameters
    ----------
    specialization : Specialization
    edit : GraphEdit
        Of the graph itself, or of a copy of it.
    kept : collection of str
        Nodes that stay, though nobody needs them any more.
    operation : str
        For errors.

    Attributes
    ----------
    moved : dict of str to str
        Tensors that are others now, as inputs name them.
    pivots : set of str
        The nodes that told branches, now gone, that they are chosen.
    """

    def __init__(self, specialization: Specialization, edit: GraphEdit, kept: Collection[str], operation: str) -> None:
        self._made = specialization
        self._branches = specialization.branches
        self._edit = edit
        self._kept = kept
        self._operation = operation
        # Nodes that may have lost a reader.
        self._touched: dict[str, None] = {}
        self.moved: dict[str, str] = {}
        self.pivots = pivots(specialization.known, self._branches.switches).keys() - self._branches.dead

    def apply(self, name_of: Callable[[Key], str], constants: Mapping[str, Node]) -> None:
        """Edit the graph.

        `name_of` tells the name that a specialization of a function has, `constants` are what some nodes become.
        """
        for name, constant in constants.items():
            self._touched.update(dict.fromkeys(map(node_of_input, self._node(name).inputs)))
            self._edit.replace(name, [constant])
        for name, positions in self._branches.merges.items():
            self._merge(name, positions)
        for name, text in {**self._made.selects, **self._made.dropouts}.items():
            if name not in self._branches.dead:
                self._give(name, text)
        for name in self._branches.switches:
            if name not in self._branches.dead:
                self._switch(name)
        for name, keys in self._made.calls.items():
            if name not in self._branches.dead:
                self._call(name, {function: name_of(key) for function, key in keys.items()})
        self._drop_pivots()
        for name in self._branches.dead:
            self._remove(name)
        remove_unneeded(self._edit, self._touched, self._kept)
        self._drop_colocations()
        self._edit.apply()

    def _set_inputs(self, node: Node, inputs: list[str]) -> None:
        self._touched.update(dict.fromkeys(map(node_of_input, node.inputs)))
        self._edit.set_inputs(node, inputs)

    def _remove(self, name: str) -> None:
        node = self._edit.get(name)
        if node is not None:
            self._touched.update(dict.fromkeys(map(node_of_input, node.inputs)))
            self._edit.remove(name)

    def _become(self, node: Node, op: str, inputs: list[str], attrs: Mapping[str, object]) -> None:
        """Let a node be another op: of its attrs the internal ones stay, and its outputs keep their order."""
        own = self._edit.edit(node)
        before = self._body_texts(own)
        for key in [key for key in own.attrs if not key.startswith("_")]:
            del own.attrs[key]
        own.attrs.update(attrs)
        own.op = op
        self._set_inputs(own, inputs)
        # In bodies outputs are read by the names that the op has for them.
        for old, new in zip(before, self._body_texts(own), strict=False):
            if old != new:
                self._edit.redirect(old, new)
                self.moved[old] = new

    def _body_texts(self, node: Node) -> list[str]:
        names = self._made.known.signatures.of(node).output_names or ()
        return [f"{node.name}:{name}:{i}" for name, count in names for i in range(count)]

    def _merge(self, name: str, positions: list[int]) -> None:
        node = self._node(name)
        live = [node.data_inputs[at] for at in positions]
        waits = [text for text in node.control_inputs if not self._branches.is_dead(text)]
        is_read = [reader for reader, at in self._edit.index.consumers(name) if self._output(reader.inputs[at]) == 1]
        if len(live) > 1:
            if is_read:
                reason = f"{is_read[0].name!r} asks which of its inputs came, and {len(positions)} are left"
                raise PassError(self._operation, reason, node=name)
            own = self._edit.edit(node)
            own.attrs["N"] = len(live)
            self._set_inputs(own, [*live, *waits])
            return
        if is_read:
            self._give_index(node, positions[0])
        shapes = node.attrs.get("_output_shapes")
        op = "RefIdentity" if node.op == "RefMerge" else "Identity"
        self._become(node, op, [*live, *waits], {"T": node.attrs["T"]})
        if isinstance(shapes, list):
            self._edit.edit(node).attrs["_output_shapes"] = shapes[:1]

    def _give_index(self, node: Node, position: int) -> None:
        """Give those who ask which input of a Merge came a constant that says so, in the same frame and branch."""
        import numpy as np

        name = unique_name(f"{node.name}/value_index", self._edit.index.producers)
        attrs = {"dtype": dtypes.INT32, "value": as_tensor(np.int32(position))}
        made = Node.new(name, "Const", [f"^{node.name}"], device=node.device, attrs=attrs)
        for reader, at in self._edit.index.consumers(node.name):
            if self._output(reader.inputs[at]) == 1:
                is_body = reader.inputs[at].count(":") > 1
                self._edit.set_input(reader, at, f"{name}:output:0" if is_body else name)
        self.moved |= {f"{node.name}:1": name, f"{node.name}:value_index:0": f"{name}:output:0"}
        self._edit.add(made, behind=node.name)

    def _switch(self, name: str) -> None:
        node = self._node(name)
        waits = list(node.control_inputs)
        target = node.data_inputs[0]
        texts = {
            reader.inputs[at] for reader, at in self._edit.index.consumers(name)
            if self._output(reader.inputs[at]) == self._branches.switches[name]
        }  # fmt: skip
        if waits:
            attrs = {"T": node.attrs["T"]}
            self._become(node, "RefIdentity" if node.op == "RefSwitch" else "Identity", [target, *waits], attrs)
            self._edit.edit(node).attrs.pop("_output_shapes", None)
            target = name if all(text.count(":") < 2 for text in texts) else f"{name}:output:0"
        self.moved |= dict.fromkeys([*texts, *self._spellings(node)], target)
        for text in texts:
            self._edit.redirect(text, target)
        if not waits:
            source = node_of_input(target)
            if source in self._edit.index.producers:
                self._edit.redirect(f"^{name}", f"^{source}")
            else:
                for reader in self._edit.index.control_consumers(name):
                    self._edit.set_inputs(reader, [text for text in reader.inputs if text != f"^{name}"])
            self._remove(name)

    def _spellings(self, node: Node) -> list[str]:
        live = self._branches.switches[node.name]
        names = {"_SwitchN": f"outputs:{live}"}.get(node.op, ("output_false:0", "output_true:0")[live == 1])
        return [f"{node.name}:{live}" if live else node.name, f"{node.name}:{names}"]

    def _call(self, name: str, names: Mapping[str, str]) -> None:
        node = self._node(name)
        chosen = self._made.conditionals.get(name)
        if chosen is not None:
            is_stateless = node.op.startswith("Stateless")
            attrs = {"Tin": node.attrs["Tin"], "Tout": node.attrs["Tout"]}
            attrs |= {"f": Func(names.get(chosen.name, chosen.name), chosen.attrs)}
            attrs |= {"config": b"", "config_proto": b"", "executor_type": b""}
            op = "PartitionedCall" if is_stateless else "StatefulPartitionedCall"
            self._become(node, op, [*node.data_inputs[1:], *node.control_inputs], attrs)
            self._edit.edit(node).attrs.pop("_lower_using_switch_merge", None)
            return
        if all(old == new for old, new in names.items()):
            return
        own = self._edit.edit(node)
        if own.op in names:
            own.op = names[own.op]
            return
        for key in list(own.attrs):
            value = own.attrs[key]
            if isinstance(value, Func):
                own.attrs[key] = Func(names.get(value.name, value.name), value.attrs)
            elif isinstance(value, list) and value and isinstance(value[0], Func):
                own.attrs[key] = [Func(names.get(each.name, each.name), each.attrs) for each in value]

    def _give(self, name: str, text: str) -> None:
        """Let a node hand on a tensor that it reads."""
        node = self._node(name)
        self._become(node, "Identity", [text, *node.control_inputs], {"T": node.attrs["T"]})

    def _drop_pivots(self) -> None:
        """Let nobody wait for the Identity of a constant predicate; where it tells a frame or branch, it stays."""
        for name in self.pivots:
            node = self._edit.get(name)
            if node is None or not self._is_unconditional(node):
                continue
            for reader in self._edit.index.control_consumers(name):
                self._set_inputs(reader, [text for text in reader.inputs if text != f"^{name}"])

    def _is_unconditional(self, node: Node) -> bool:
        """Whether a node is a chain of Identities from a constant, or of one from an argument."""
        current: Node | None = node
        while current is not None and current.op == "Identity" and not current.control_inputs:
            text = current.inputs[0]
            current = self._edit.get(node_of_input(text))
        return current is None or (current.op in ("Const", "Placeholder", "PlaceholderV2") and not current.inputs)

    def _drop_colocations(self) -> None:
        for node in self._edit.nodes():
            gone = [name for name in colocated_with(node) if self._edit.get(name) is None]
            if gone:
                drop_colocation(self._edit.edit(node), gone)

    def _node(self, name: str) -> Node:
        node = self._edit.get(name)
        assert node is not None, name
        return node

    def moved_text(self, text: str) -> str:
        """Return what a tensor is now, as an input names it."""
        seen: set[str] = set()
        while text in self.moved and text not in seen:
            seen.add(text)
            text = self.moved[text]
        return text

    def _output(self, text: str) -> int | None:
        # Nodes that are another op by now have no further outputs, so what was there before counts.
        return None if is_control(text) else self._made.known.output(text)
