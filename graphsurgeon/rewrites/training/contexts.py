"""Control-flow contexts of a graph that lost them, made again from the graph alone.

Freezing drops the collections ``cond_context`` and ``while_context``, without which TensorFlow runs a loop but does not
differentiate it. They follow from the graph: `ContextPlaces` finds where each node stands, `ControlFlow` what a loop or
conditional is made of, `NormalForm` what has to be added to it, and `ContextDefs` writes it down.

A context that would not be whole is not made, and the outermost one around it neither; what the meta graph said of that
one stays. Function bodies have no contexts. Costs O(nodes + edges) of what stands in contexts, and an index.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from graphsurgeon.errors import PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.frames import ENTER_OPS, SWITCH_OPS
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.meta_graph.collections import messages
from graphsurgeon.meta_graph.contexts import CONTEXTS
from graphsurgeon.rewrites.training.context_defs import ContextDefs
from graphsurgeon.rewrites.training.context_places import ContextPlaces
from graphsurgeon.rewrites.training.context_tree import Context
from graphsurgeon.rewrites.training.loop_variables import ControlFlow
from graphsurgeon.rewrites.training.normal_form import NormalForm
from proto_utils import schema


@dataclass(frozen=True)
class ContextRow:
    """A loop or a branch of a conditional.

    Attributes
    ----------
    context : str
        Its name, for a loop that of its frame; of a branch that has no context, the tensor that decides.
    kind : {"while", "cond"}
        What it is of: a loop, or a branch of a conditional.
    around : str
        The name of the context around it; empty of outermost ones.
    added : list of str
        The nodes that were added for it.
    reason : str
        Why it has no context; empty where it has one.
    """

    context: str
    kind: str
    around: str
    added: list[str]
    reason: str


def rebuild_all(
    model: Model, *, declines: str = "", known: Collection[str] | None = None, index: Index | None = None
) -> list[ContextRow]:
    """Make the contexts of a model's loops and conditionals; return one row for each, outermost first.

    Nodes that are missing are added to the graph, and noted for `freeze`. When one cannot be made, the operation named
    by `declines` is refused with a PassError, and the model is as it was; without that name, a row says why. Where
    nodes are `known`, only the outermost contexts in which some of them stand are made. An index of the graph that is
    given is that of the graph as it is afterwards.
    """
    if (ENTER_OPS | SWITCH_OPS).isdisjoint(model.graph.ops):
        return []
    index = Index(model.graph) if index is None else index
    places = ContextPlaces(model.graph, index)
    flow = ControlFlow(places)
    if declines and flow.refused:
        context, reason = next(iter(flow.refused.items()))
        hint = "unfreeze leaves such a one without context, makes the others, and says so"
        raise PassError(declines, f"no context for {context.label()}: {reason}", hint=hint)
    if known is not None:
        _leave_others(flow, known)
    edit = GraphEdit(model.graph, index)
    form = NormalForm(flow, edit)
    members, lost = _members(edit, flow)
    if model.meta is None:
        model.meta = schema.MetaGraphDef()
    form.note.contexts = not any(key in model.meta.collection_def for key in CONTEXTS) and bool(members)
    defs = ContextDefs(places, form, flow.loops, model.meta)
    defs.make(members)
    rows = [_row(context, defs, form) for context in sorted(members, key=lambda each: each.depth)]
    defs.nest()
    _write(model.meta, defs, lost)
    edit.apply()
    if not form.note.is_empty:
        form.note.write(model.meta)
    return rows + [_lost_row(context, reason) for context, reason in lost.items() if reason]


def lost_loops(rows: Iterable[ContextRow]) -> dict[str, str]:
    """Return why loops have no context, by the names of their frames."""
    return {each.context: each.reason for each in rows if each.reason and each.kind == "while"}


def lost_conditionals(rows: Iterable[ContextRow]) -> list[str]:
    """Return a sentence for each outermost conditional that has no context."""
    lost = [each for each in rows if each.reason and each.kind == "cond" and not each.around]
    return list(dict.fromkeys(f"no context for the conditional on {each.context!r}: {each.reason}" for each in lost))


def _leave_others(flow: ControlFlow, known: Collection[str]) -> None:
    """Let contexts be in which none of these nodes stands."""
    here = flow.places.here
    wanted = {each for name in known if name in here for each in here[name].outermost.pair()}
    for context in dict.fromkeys(here.values()):
        if context.outermost not in wanted:
            flow.refused.setdefault(context.outermost, "")


def _members(edit: GraphEdit, flow: ControlFlow) -> tuple[dict[Context, list[Node]], dict[Context, str]]:
    """Return the nodes right in each context, those around it too; and the contexts that are refused, with reasons."""
    members: dict[Context, list[Node]] = {}
    lost: dict[Context, str] = {}
    places, order, producers = flow.places, edit.index.order, edit.index.producers
    for name in sorted(places.here, key=order.__getitem__):
        context, node = places.here[name], producers[name]
        if context in members:
            members[context].append(node)
        elif context in lost:
            continue
        elif flow.is_refused(context):
            reason = flow.refused[context.outermost]
            lost |= dict.fromkeys(reversed([context, *context.around()][:-1]), reason)
        elif context.parent is not None:
            for each in context.around():
                if each.parent is not None:
                    members.setdefault(each, [])
            members[context] = [node]
    return members, lost


def _row(context: Context, defs: ContextDefs, form: NormalForm) -> ContextRow:
    around = defs.made[context.parent].context_name if context.parent in defs.made else ""
    kind = "while" if context.is_loop else "cond"
    return ContextRow(defs.made[context].context_name, kind, around, form.added.get(context, []), "")


def _lost_row(context: Context, reason: str) -> ContextRow:
    around = "" if context.parent is None or context.parent.parent is None else _name(context.parent)
    return ContextRow(_name(context), "while" if context.is_loop else "cond", around, [], reason)


def _name(context: Context) -> str:
    return context.pred if context.frame is None else context.frame


def _write(meta: schema.MetaGraphDef, defs: ContextDefs, lost: dict[Context, str]) -> None:
    """Set the collections; of contexts that were not made, what they say of them stays."""
    outermost = {context.outermost for context in lost}
    frames = {context.frame for context in outermost if context.is_loop}
    preds = {(context.pred, context.branch) for context in outermost if not context.is_loop}
    for key in CONTEXTS:
        left = [
            schema.serialize(each)
            for each in messages(meta, key)
            if (each.context_name in frames if key == CONTEXTS[1] else (_plain(each.pred_name), each.branch) in preds)
        ]
        made = [
            schema.serialize(message)
            for context, message in defs.made.items()
            if context.parent not in defs.made and context.is_loop is (key == CONTEXTS[1])
        ]
        if key in meta.collection_def:
            del meta.collection_def[key]
        if left or made:
            meta.collection_def[key].bytes_list.value.extend(left + made)


def _plain(tensor: str) -> str:
    return tensor.removesuffix(":0")
