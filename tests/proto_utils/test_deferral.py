"""Signals wait until the block is done, and are not lost."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from proto_utils.deferral import deferred_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_takes_effect_after_the_block(number: signal.Signals):
    seen: list[int] = []
    before = signal.signal(number, lambda got, frame: seen.append(got))
    try:
        with deferred_signals():
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), number)
            assert seen == []
        assert seen == [number]
    finally:
        signal.signal(number, before)


def test_ctrl_c_becomes_a_keyboard_interrupt_behind_the_block():
    done = []

    def work() -> None:
        with deferred_signals():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("work")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["work"]


def test_handlers_are_put_back_after_a_failure():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(OSError, match="disk"), deferred_signals():
        raise OSError("disk")
    assert signal.getsignal(signal.SIGTERM) == before


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with deferred_signals():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_may_write_too():
    results = []

    def work() -> None:
        with deferred_signals():
            results.append(threading.current_thread().name)

    thread = threading.Thread(target=work, name="writer")
    thread.start()
    thread.join()
    assert results == ["writer"]
