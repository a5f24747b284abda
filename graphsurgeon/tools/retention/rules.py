"""TensorFlow's two rules for checkpoints that are kept for good.

The state file shows which wrote it::

    tf.train.Saver               no timestamps    stays when saved later than T; then T moves on by the period
    tf.train.CheckpointManager   timestamps       stays when saved a period or more after the last one that stayed

T begins a period after the Saver was made. Where that is not known, the oldest checkpoint stays and is where the
periods begin. So whichever the rule, doing it again to what stayed keeps all of it.

Source: ``Saver._MaybeDeleteOldCheckpoints`` and ``CheckpointManager._sweep``, the same in TensorFlow 1.15 and 2.21.
"""

from __future__ import annotations

from collections.abc import Sequence


def kept_by_saver(times: Sequence[float], period: float, since: float | None = None) -> list[int]:
    """Return the positions of what a Saver keeps of the checkpoints that drop out of its list.

    `times`, in the order in which they drop out, and `period` are in seconds; the Saver was made at `since`.
    """
    kept: list[int] = []
    later_than = None if since is None else since + period
    for i, time in enumerate(times):
        if later_than is None or time > later_than:
            kept.append(i)
            later_than = (time if later_than is None else later_than) + period
    return kept


def kept_by_manager(times: Sequence[float], period: float, since: float | None = None) -> list[int]:
    """Return the positions of what a CheckpointManager keeps of the checkpoints that drop out of its list.

    `times`, in the order in which they drop out, and `period` are in seconds; the last one that stayed was saved at
    `since`.
    """
    kept: list[int] = []
    last = since
    for i, time in enumerate(times):
        if last is None or time - period >= last:
            kept.append(i)
            last = time
    return kept
