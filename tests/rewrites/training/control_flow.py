"""Loops and conditionals as freezing leaves them, in the notation of `tests.notation`."""

from __future__ import annotations

#: Two variables; nobody reads the counter when the loop ends.
LOOP = """
    x = Placeholder {dtype: f32}
    zero = Const {i32 [] 0}
    w = Const {f32 [2,2]}
    while/Enter = Enter(zero) {frame_name: "while/ctx"}
    while/Enter_1 = Enter(x) {frame_name: "while/ctx"}
    while/Merge = Merge(while/Enter, while/NextIteration)
    while/Merge_1 = Merge(while/Enter_1, while/NextIteration_1)
    while/Less/y = Const(^while/Merge) {i32 [] 3}
    while/Less = Less(while/Merge, while/Less/y)
    while/LoopCond = LoopCond(while/Less)
    while/Switch = Switch(while/Merge, while/LoopCond)
    while/Switch_1 = Switch(while/Merge_1, while/LoopCond)
    while/Identity = Identity(while/Switch:1)
    while/Identity_1 = Identity(while/Switch_1:1)
    while/add/y = Const(^while/Identity) {i32 [] 1}
    while/add = AddV2(while/Identity, while/add/y)
    while/MatMul/Enter = Enter(w) {frame_name: "while/ctx", is_constant: true}
    while/MatMul = MatMul(while/Identity_1, while/MatMul/Enter)
    while/NextIteration = NextIteration(while/add)
    while/NextIteration_1 = NextIteration(while/MatMul)
    while/Exit_1 = Exit(while/Switch_1)
    y = Identity(while/Exit_1)
"""

COND = """
    x = Placeholder {dtype: f32}
    p = Placeholder {dtype: bool}
    w = Const {f32 [2,2]}
    cond/Switch = Switch(p, p)
    cond/switch_t = Identity(cond/Switch:1)
    cond/switch_f = Identity(cond/Switch)
    cond/pred_id = Identity(p)
    cond/MatMul/Switch = Switch(x, cond/pred_id)
    cond/MatMul/Switch_1 = Switch(w, cond/pred_id)
    cond/MatMul = MatMul(cond/MatMul/Switch:1, cond/MatMul/Switch_1:1)
    cond/Neg/Switch = Switch(x, cond/pred_id)
    cond/Neg = Neg(cond/Neg/Switch)
    cond/Merge = Merge(cond/Neg, cond/MatMul)
    y = Identity(cond/Merge)
"""

#: In each iteration, Neg or nothing, whichever a predicate of the loop says.
COND_IN_LOOP = LOOP.replace("while/MatMul = MatMul(while/Identity_1, while/MatMul/Enter)", """
    while/Greater = Greater(while/Identity, while/add/y)
    while/cond/Switch_1 = Switch(while/Identity_1, while/Greater)
    while/cond/Neg = Neg(while/cond/Switch_1:1)
    while/cond/Merge = Merge(while/cond/Switch_1, while/cond/Neg)
    while/MatMul = MatMul(while/cond/Merge, while/MatMul/Enter)
""")  # fmt: skip


def changed(text: str, **lines: str) -> str:
    """Return a graph in which the node of each line is another; with ``_`` for ``/`` in its name, empty for none."""
    made = []
    for line in text.strip().splitlines():
        name = line.split("=")[0].strip().replace("/", "_")
        made.append(lines.get(name, line))
    return "\n".join(made)
