"""TensorFlow saves, keeps and deletes checkpoints, at times of our choosing.

Runs unchanged on TensorFlow 1.15 and later.
"""

import contextlib
import glob
import os
import time


class Clock(object):
    """Stands for the module `time`; shows the time that it is told."""

    def __init__(self, now):
        self.now = now

    def time(self):
        return self.now

    def __getattr__(self, name):
        return getattr(time, name)


@contextlib.contextmanager
def clock(module, now):
    shown = Clock(now)
    module.time = shown
    try:
        yield shown
    finally:
        module.time = time


def set_times(prefix, now):
    for path in glob.glob(prefix + "*"):
        os.utime(path, (now, now))


def save_with_saver(directory, times, start, keep, hours, version=2, sharded=False, relative=False):
    """Save with a Saver that is made at `start`, once at each of `times`; return what it lists at the end."""
    import tensorflow as tf
    from tensorflow.python.training import saver as saver_module

    tf1 = tf.compat.v1
    with tf.Graph().as_default(), tf1.Session() as session, clock(saver_module, start) as now:
        tf1.Variable([1.0], name="v")
        session.run(tf1.global_variables_initializer())
        saver = tf1.train.Saver(
            max_to_keep=keep,
            keep_checkpoint_every_n_hours=hours,
            write_version=version,
            sharded=sharded,
            save_relative_paths=relative,
        )
        for step, now.now in enumerate(times):
            set_times(saver.save(session, os.path.join(directory, "m"), global_step=step), now.now)
        return saver.last_checkpoints


def go_on_with_saver(directory, keep, step):
    """Let a new Saver take over a directory and save once more.

    Returns what it takes over, what it lists then, and the latest checkpoint.
    """
    import tensorflow as tf

    tf1 = tf.compat.v1
    with tf.Graph().as_default(), tf1.Session() as session:
        variable = tf1.Variable([2.0], name="v")
        session.run(tf1.global_variables_initializer())
        saver = tf1.train.Saver(max_to_keep=keep)
        saver.restore(session, tf1.train.latest_checkpoint(directory))
        restored = session.run(variable).tolist()
        saver.recover_last_checkpoints(tf1.train.get_checkpoint_state(directory).all_model_checkpoint_paths)
        before = saver.last_checkpoints
        saver.save(session, os.path.join(directory, "m"), global_step=step)
        return restored, before, saver.last_checkpoints, tf1.train.latest_checkpoint(directory)


def save_with_manager(directory, times, start, keep, hours):
    """Save with a CheckpointManager that is made at `start`, once at each of `times`; return what it lists."""
    return _managed(directory, times, start, keep, hours)[1]


def go_on_with_manager(directory, now, keep, hours):
    """Let a new CheckpointManager take over a directory and save once more; return what it lists before and then."""
    return _managed(directory, [now], now, keep, hours)


def _managed(directory, times, start, keep, hours):
    import tensorflow as tf
    from tensorflow.python.training import checkpoint_management

    # In TensorFlow 2 the code is in another module, of whose functions this one has copies.
    used = __import__("sys").modules[checkpoint_management.CheckpointManager.__module__]
    tf1 = tf.compat.v1
    with tf.Graph().as_default(), tf1.Session() as session, clock(used, start) as now:
        variable = tf.Variable([1.0], name="v")
        checkpoint = tf.train.Checkpoint(v=variable)
        session.run(variable.initializer)
        manager = checkpoint_management.CheckpointManager(
            checkpoint, directory, max_to_keep=keep, keep_checkpoint_every_n_hours=hours
        )
        before = manager.checkpoints
        for number, now.now in enumerate(times):
            set_times(manager.save(checkpoint_number=number + len(before) * 100), now.now)
        return before, manager.checkpoints
