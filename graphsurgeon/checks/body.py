"""Checks of names and attrs, in the graph and in function bodies, and the tables for all others.

What makes this fast enough to run before and after every pass: all texts by which a node may be read are
put into one dict with their types, so an ordinary node is checked by comparing two tuples.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from operator import attrgetter, itemgetter

from graphsurgeon.checks.attrs import Fault, attr_faults, node_kind, recall, remember
from graphsurgeon.checks.constants import const_problem
from graphsurgeon.checks.finding import ERROR, WARNING, Finding, Severity
from graphsurgeon.checks.inputs import CONTROL, SEVERAL, all_fit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.node import BESIDE, CHECKED, INPUTS, NAME, Kind, Node
from graphsurgeon.ir.node_messages import protos
from graphsurgeon.ir.signatures import REF_OFFSET, UNKNOWN, OpSignature, OpSignatures
from graphsurgeon.names import NODE_NAME, are_node_names, is_control, node_of_input, parse_input, text_of
from proto_utils import schema

# TensorFlow's own internal names, which bodies may hold, begin with "_".
_BODY_NAME = r"[A-Za-z0-9._][A-Za-z0-9_./-]*(?:>[A-Za-z0-9.][A-Za-z0-9_./-]*)*"

# Texts that are known beforehand, for each node of a graph.
_MAX_TENSORS = 4

# So many nodes, and an eighth of all more, may read what is made behind them, as loops do.
_MAX_ODD = 64

# So many outputs of one argument are in the table of tensors.
_MAX_LISTED = 64

_FIRST = attrgetter("first")


class Body:
    """A symbol table of a graph, or of the body of a function: its names, its tensors and their types.

    What a node's own name and attrs tell is looked at once and remembered by the node, which forgets it when it is
    edited (`Node.checked`). All that depends on other nodes too is looked at each time: names that are there twice,
    inputs, colocation, cycles. So a check after a pass finds what a first one would, and costs what the pass made new.
    The lists of nodes, names, inputs and signatures have the same length.
    """

    def __init__(self, graph: Graph, signatures: OpSignatures, function: Function | None = None) -> None:
        self.function = function
        self.graph = graph
        self.nodes = list(graph)
        self.names: list[str] = list(map(NAME, self.nodes))
        self.inputs: list[tuple[str, ...]] = list(map(INPUTS, self.nodes))
        # where the (first) node of a name is
        self.position = dict(zip(reversed(self.names), range(len(self.names) - 1, -1, -1), strict=True))
        self.signatures: list[OpSignature] = list(map(CHECKED, self.nodes))
        # the nodes that the quick look did not find sound, with where they are
        self.suspects: list[tuple[int, Node, list[Fault]]] = []
        if self.nodes:
            self._look_at_new_nodes(signatures)
        # the function's arguments and their types; `SEVERAL` for a list
        self.arguments = {} if function is None else _arguments(function)
        # every text that names a tensor, as far as that is known beforehand, and its type
        self.tensors: dict[str, int | None] = {} if function is None else self._body_tensors()
        # the nodes that the quick look at inputs did not find sound
        self.odd: Sequence[int] = range(len(self.nodes))
        if function is None:
            if len(self.position) == len(self.names):
                self.odd = self._look_at_inputs()
            if len(self.odd) == len(self.nodes):
                self.tensors.update(zip(self.names, map(_FIRST, self.signatures), strict=True))

    def is_legal(self, name: str) -> bool:
        """Whether TensorFlow allows a node to have that name here."""
        return re.fullmatch(NODE_NAME if self.function is None else _BODY_NAME, name) is not None

    def _look_at_new_nodes(self, signatures: OpSignatures) -> None:
        """Look at one of each kind of node, then at those that its outcome does not tell about."""
        places = self._new_nodes(signatures.functions)
        are_legal = are_node_names([self.names[i] for i in places])
        kinds, others = self._kinds(places, signatures.functions, are_legal)
        firsts = {members[0]: kind for kind, members in kinds.items() if recall(kind) is None}
        self._look_at(sorted([*others, *firsts]), signatures, firsts, are_legal=are_legal)
        left: list[int] = []
        nodes, sound = self.nodes, self.signatures
        for kind, members in kinds.items():
            known = recall(kind)
            if known is None:
                left += members[1:]
                continue
            for i in members:
                sound[i] = nodes[i].checked = known
        self._look_at(sorted(left), signatures, {i: node_kind(nodes[i]) for i in left}, are_legal=are_legal)
        self.suspects.sort(key=itemgetter(0))

    def _kinds(
        self, places: list[int], functions: Collection[str], are_legal: bool
    ) -> tuple[dict[Kind, list[int]], list[int]]:
        """Return, by kind, the places of nodes of which nothing can be wrong but their attrs, and of all others."""
        nodes, position = self.nodes, self.position
        kinds: dict[Kind, list[int]] = defaultdict(list)
        others = []
        for i in places:
            node = nodes[i]
            kind = node.kind or node_kind(node)
            beside = node.beside
            near = None if beside is None else position.get(beside)
            if (
                kind is None
                or kind[0] in functions
                or (beside is not None and near is None)
                or not (are_legal or re.fullmatch(NODE_NAME, self.names[i]))
            ):
                others.append(i)
                continue
            members = kinds[kind]
            # All share the texts of one: there are as many nodes as may be.
            if members:
                node.kind = nodes[members[0]].kind
            if near is not None:
                node.beside = self.names[near]
            members.append(i)
        return kinds, others

    def _look_at(
        self,
        places: list[int],
        signatures: OpSignatures,
        kinds: Mapping[int, Kind | None],
        *,
        are_legal: bool,
    ) -> None:
        """Take what is needed of all attrs in one go: that is where the time goes."""
        functions, find = signatures.functions, signatures.find
        nodes = [self.nodes[i] for i in places]
        in_body = self.function is not None
        for i, node, proto in zip(places, nodes, protos(nodes), strict=True):
            op, attr = node.op, proto.attr
            signature = self.signatures[i] = find(op, attr)
            faults = self._faults(op, attr, signature, functions)
            group = attr.get("_class")
            beside = None if group is None else self._only_neighbour(group)
            if (
                faults
                or not (are_legal or re.fullmatch(NODE_NAME, node.name))
                or (op == "Const" and const_problem(node, attr) is not None)
                or beside == ""
            ):
                self.suspects.append((i, node, faults))
            elif op not in functions:
                node.set_checked(signature, beside)
                kind = kinds.get(i)
                if kind is not None and not in_body:
                    remember(kind, signature)

    def _faults(
        self, op: str, attr: Mapping[str, schema.AttrValue], signature: OpSignature, functions: Collection[str]
    ) -> list[Fault]:
        """Return what is wrong with the attrs of a node, which may call a function of the library."""
        count = None if signature.outputs is None else len(signature.outputs)
        in_body = self.function is not None
        faults = [] if op in functions else attr_faults(op, attr, in_body=in_body, num_outputs=count)
        if signature.problem is not None and all(severity != ERROR for severity, _ in faults):
            faults.append((ERROR, signature.problem))
        return faults

    def _look_at_inputs(self) -> Sequence[int]:
        """Fill the table of tensors; return all nodes but those that read what their op takes of nodes before them.

        So nothing is wrong with the inputs of those, and when no node is left the graph is in topological order. Where
        many are, this gives up, and all are.
        """
        tensors, type_of, odd = self.tensors, self.tensors.get, []
        # Types that are not the very ones an op takes, but serve it.
        fitting: set[tuple[tuple[int | None, ...], Sequence[int] | None]] = set()
        rows = zip(self.names, self.inputs, self.signatures, strict=True)
        for i, (name, inputs, signature) in enumerate(rows):
            types, wanted = tuple(map(type_of, inputs)), signature.inputs
            if types != wanted and (types, wanted) not in fitting:
                if None in types:
                    types = self._types_before(inputs, i)
                if (types, wanted) in fitting or all_fit(types, wanted):
                    fitting.add((types, wanted))
                else:
                    odd.append(i)
                    if len(odd) > _MAX_ODD + i // 8:
                        return range(len(self.nodes))
            tensors[name] = signature.first
        return odd

    def _types_before(self, inputs: tuple[str, ...], i: int) -> tuple[int | None, ...]:
        """Return the types of what a node reads and waits for, each None unless a node before it makes that."""
        # Groups read nothing, and wait for very many nodes.
        controls = [text[1:] for text in inputs if is_control(text)]
        if len(controls) == len(inputs) and all(map(self.tensors.__contains__, controls)):
            return (CONTROL,) * len(inputs)
        return tuple([self._type_before(text, i) for text in inputs])

    def _type_before(self, text: str, i: int) -> int | None:
        """Return the type of what an input names, None unless a node before that one makes it."""
        known = self.tensors.get(text)
        if known is not None:
            return known
        if is_control(text):
            return CONTROL if text[1:] in self.tensors else None
        found = self._graph_type_of(text) if self.position.get(node_of_input(text), -1) < i else None
        return found if isinstance(found, int) else None

    def _new_nodes(self, functions: Collection[str]) -> list[int]:
        """Return the nodes of which nothing is remembered, or nothing that is still so."""
        position = self.position
        found = [i for i, checked in enumerate(map(CHECKED, self.nodes)) if checked is None]
        if not position.keys() >= set(filter(None, map(BESIDE, self.nodes))):
            gone = (i for i, node in enumerate(self.nodes) if node.beside and node.beside not in position)
            found = sorted({*found, *gone})
        if functions:
            found = sorted({*found, *(i for i, node in enumerate(self.nodes) if node.op in functions)})
        return found

    def _only_neighbour(self, group: schema.AttrValue) -> str:
        """Return the node that a ``_class`` attr names, empty when it is not exactly one that is there."""
        names = group.list.s
        if len(names) != 1 or names[0][:5] != b"loc:@":
            return ""
        position = self.position.get(names[0][5:].decode("latin-1"))
        return "" if position is None else self.names[position]

    def finding(self, severity: Severity, rule: str, node: str | None, message: str) -> Finding:
        """Make a finding about a node of this body."""
        return Finding(severity, rule, node, None if self.function is None else self.function.name, message)

    def type_of(self, text: str) -> int | tuple[str, str]:
        """Return the type of the tensor that a data input names; (rule, message) when there is no such tensor."""
        known = self.tensors.get(text)
        if known is not None:
            return known
        return self._graph_type_of(text) if self.function is None else self._body_type_of(text)

    def has_producer(self, control: str) -> bool:
        """Whether what a control input (given without its ``^``) names is there."""
        if self.function is None:
            return control in self.position
        return control in self.tensors or node_of_input(control) in self.position

    def _body_tensors(self) -> dict[str, int | None]:
        tensors: dict[str, int | None] = dict(self.arguments)
        tensors |= {f"{name}:0": kind for name, kind in self.arguments.items() if kind != SEVERAL}
        for name, signature in zip(self.names, self.signatures, strict=True):
            first = 0
            if signature.outputs is None:
                continue
            for output, count in signature.output_names or ():
                # How many there are is what an attr says; of more than these, one is looked for when it is read.
                types = signature.outputs[first : first + min(count, _MAX_LISTED)]
                tensors[f"{name}:{output}"] = types[0] if count == 1 else SEVERAL
                for index, kind in enumerate(types):
                    tensors[f"{name}:{output}:{index}"] = kind
                first += count
        return tensors

    def _unlisted_type_of(self, signature: OpSignature, output: str) -> int | None:
        """Return the type of ``output:index``, None when there is none; for those that are too many for a table."""
        name, _, text = output.partition(":")
        first = 0
        for known, count in signature.output_names or ():
            is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(count)) and text == str(int(text))
            if known == name and is_number and int(text) < count and signature.outputs is not None:
                return signature.outputs[first + int(text)]
            first += count
        return None

    def _graph_type_of(self, text: str) -> int | tuple[str, str]:
        name, index = parse_input(text)
        position = self.position.get(name)
        if position is None:
            return "dangling-input", f"input {text!r} names no node"
        outputs = self.signatures[position].outputs
        if outputs is None:
            return UNKNOWN
        if index < len(outputs):
            if len(self.tensors) + len(outputs) <= _MAX_TENSORS * len(self.nodes):
                # Where one output is read, most are.
                self.tensors.update((f"{name}:{i}", kind) for i, kind in enumerate(outputs))
            self.tensors[text] = outputs[index]
            return outputs[index]
        count = f"{len(outputs)} output{'s' if len(outputs) != 1 else ''}"
        return "output-index", f"input {text!r}: {name!r} ({self.nodes[position].op}) has {count}"

    def _body_type_of(self, text: str) -> int | tuple[str, str]:
        name, _, output = text.partition(":")
        if output and self.arguments.get(name) == SEVERAL:
            return UNKNOWN
        position = self.position.get(name)
        if position is None:
            return "dangling-input", f"input {text!r} names neither an argument nor a node"
        if not output:
            return "dangling-input", f"input {text!r} names a node but not its output, as in '{name}:output:0'"
        signature = self.signatures[position]
        if signature.outputs is None:
            return UNKNOWN
        found = self._unlisted_type_of(signature, output)
        if found is not None:
            return found
        there = ", ".join(f"{known} ({count})" for known, count in signature.output_names or ()) or "none"
        return "output-index", f"input {text!r}: the outputs of {name!r} ({self.nodes[position].op}) are: {there}"


def name_findings(body: Body) -> Iterator[Finding]:
    """Yield names that TensorFlow does not allow, and those that are there twice."""
    for _, node, _ in body.suspects:
        if not body.is_legal(node.name):
            what = "holds characters that TensorFlow does not allow" if node.name else "is empty"
            yield body.finding(ERROR, "name", node.name, f"the name {what}")
    if len(body.position) != len(body.names):
        for name, count in Counter(body.names).items():
            if count > 1:
                yield body.finding(ERROR, "duplicate-name", name, f"{count} nodes have this name")
    for name in body.arguments:
        if name in body.position:
            yield body.finding(ERROR, "duplicate-name", name, "an argument of the function has this name too")


def node_findings(body: Body) -> Iterator[Finding]:
    """Yield bad attrs and colocation with nodes that are not there."""
    for _, node, faults in body.suspects:
        for severity, reason in faults:
            yield body.finding(severity, "attr", node.name, f"{node.op}: {reason}")
    for _, node, _ in body.suspects:
        group = node.attr("_class")
        if group is not None:
            yield from _colocation_findings(body, node, group)


def const_findings(body: Body) -> Iterator[Finding]:
    """Yield constants that TensorFlow refuses."""
    for _, node, _ in body.suspects:
        problem = const_problem(node, node.proto.attr) if node.op == "Const" else None
        if problem is not None:
            yield body.finding(ERROR, "const", node.name, problem)


def _arguments(function: Function) -> dict[str, int]:
    return {
        arg.name: SEVERAL
        if arg.number_attr or arg.type_list_attr
        else arg.type + REF_OFFSET * arg.is_ref
        if arg.type
        else UNKNOWN
        for arg in function.proto.signature.input_arg
    }


def _colocation_findings(body: Body, node: Node, group: schema.AttrValue) -> Iterator[Finding]:
    names: list[bytes] = list(group.list.s)
    held: str = group.WhichOneof("value") or "nothing"
    elements = [field.name for field, _ in group.list.ListFields()]
    if held != "list" or (elements and not names):
        held = f"list({elements[0]})" if elements else held
        yield body.finding(ERROR, "colocation", node.name, f"attr '_class' holds {held}, not list(string)")
    # Inside function bodies TensorFlow does not look for the node.
    severity: Severity = ERROR if body.function is None else WARNING
    for each in names:
        if each.startswith(b"loc:@"):
            name = text_of(each[5:])
            if name not in body.position and name not in body.arguments:
                yield body.finding(severity, "colocation", node.name, f"is colocated with {name!r}, which is no node")
