"""The bar under which payload moves: what it shows, and when it does not."""

from __future__ import annotations

import io
import threading
import time

import click
import pytest

from graphsurgeon.cli import progress
from graphsurgeon.cli.options import MUTED
from graphsurgeon.cli.progress import Bar, shown
from proto_utils import meter
from tests.terminal import terminal


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def lines(stream: io.StringIO) -> list[str]:
    return [part.rstrip() for part in stream.getvalue().split("\r") if part.strip()]


def test_what_takes_long_is_shown_with_speed_and_tensor(clock):
    bar = Bar(out := io.StringIO(), {})
    bar.expect(4_000_000, written=True)
    bar.at("conv/weights")
    bar.wrote(1_000_000)
    clock.now += 0.4
    bar.wrote(500_000)
    assert lines(out) == []
    clock.now += 0.1
    bar.wrote(500_000)
    assert lines(out) == ["writing  50% ━━━━╌╌╌╌ 2.0 MB of 4.0 MB  4.0 MB/s  conv/weights"]
    bar.wrote(500_000)
    assert len(lines(out)) == 1, "not drawn twice within a tenth of a second"


def test_without_a_total_there_are_sizes_and_the_file(clock):
    bar = Bar(out := io.StringIO(), {})
    clock.now += 0.5
    bar.read(3_000_000, "/data/frozen.pb")
    clock.now += 0.5
    bar.read(1_000_000, "/data/frozen.pb")
    assert lines(out)[-1] == "reading 4.0 MB  4.0 MB/s  frozen.pb"


def test_what_was_expected_next_is_one_bar_with_what_is_unfinished(clock):
    bar = Bar(out := io.StringIO(), {})
    bar.expect(1000, written=False)
    bar.expect(1000, written=False)
    clock.now += 1
    bar.read(500, "x")
    assert "25%" in lines(out)[-1]
    bar.read(1500, "x")
    bar.expect(100, written=True)
    clock.now += 1
    bar.read(1 << 20, "x")
    bar.wrote(50)
    assert lines(out)[-1].startswith("writing   0%"), "what is read for it is not counted, but draws the bar"


def test_after_a_pause_other_work_begins(clock):
    bar = Bar(out := io.StringIO(), {})
    bar.read(1_000_000, "x")
    clock.now += 60
    bar.read(10, "x")
    clock.now += 0.5
    bar.read(90, "x")
    assert lines(out) == ["reading 100 B  200 B/s  x"]


@pytest.mark.parametrize("width", range(1, 130))
def test_no_line_is_wider_than_the_terminal(clock, width):
    bar = Bar(io.StringIO(), {})
    bar.expect(553_400_000, written=True)
    bar.at("名前/" * 3 + "scope/" * 10 + "kernel")
    bar.wrote(239_100_000)
    assert progress._columns(bar._line(width, 8e8)) <= width


def test_the_name_goes_first_then_the_bar_then_the_sizes(clock):
    bar = Bar(io.StringIO(), {})
    bar.expect(553_400_000, written=True)
    bar.at("vgg_16/fc6/weights")
    bar.wrote(239_100_000)
    assert [bar._line(width, 8.123e8) for width in (100, 80, 66, 50, 24)] == [
        "writing  43% ━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌ 239.1 MB of 553.4 MB  812.3 MB/s  vgg_16/fc6/weights",
        "writing  43% ━━━╌╌╌╌╌ 239.1 MB of 553.4 MB  812.3 MB/s  vgg_16/fc6/weights",
        "writing  43% ━━━╌╌╌╌╌ 239.1 MB of 553.4 MB  812.3 MB/s",
        "writing  43% 239.1 MB of 553.4 MB  812.3 MB/s",
        "writing  43% 812.3 MB/s",
    ]


def test_long_names_keep_their_end():
    assert progress._shortened("vgg_16/fc6/weights", 17) == ".../fc6/weights"
    assert progress._shortened("a_name_without_slashes", 12) == "...t_slashes"
    assert progress._shortened("vgg_16/fc6/weights", 7) == ""


def test_a_terminal_that_knows_no_unicode_gets_letters(clock):
    bar = Bar(io.TextIOWrapper(io.BytesIO(), encoding="ascii"), {})
    bar.expect(100, written=True)
    bar.wrote(50)
    assert "==========----------" in bar._line(99, 1.0)


def test_names_do_not_steer_the_terminal(clock):
    bar = Bar(io.StringIO(), {})
    bar.at("\x1b[2Jw")
    assert "\x1b" not in bar._line(79, 1.0)


def test_muted_it_is_not_drawn(clock):
    bar = Bar(out := io.StringIO(), {MUTED: True})
    clock.now += 1
    bar.read(10, "x")
    assert out.getvalue() == ""


def test_a_terminal_that_went_away_is_no_error(clock):
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(5, "Input/output error")

    bar = Bar(Gone(), {})
    clock.now += 1
    bar.read(10, "x")
    bar.clear()


def test_while_nothing_moves_the_seconds_do(clock):
    bar = Bar(out := io.StringIO(), {})
    clock.now += 1
    bar.read(4_000_000, "x.pb")
    clock.now += 0.9
    bar.tick()
    assert len(lines(out)) == 1
    clock.now += 11
    bar.tick()
    assert lines(out) == ["reading 4.0 MB  4.0 MB/s  x.pb", "working  12 s"]
    clock.now += 1
    bar.expect(100, written=True)
    clock.now += 1
    bar.wrote(50)
    assert lines(out)[-1].startswith("writing  50%")


def test_seconds_are_not_drawn_into_a_line_nor_when_muted(clock):
    bar, muted = Bar(out := io.StringIO(), {}), Bar(quiet := io.StringIO(), {MUTED: True})
    clock.now += 5
    muted.tick()
    bar.print(out, "half of a")
    bar.tick()
    bar.print(out, " line\n")
    assert (out.getvalue(), quiet.getvalue()) == ("half of a line\n", "")
    bar.tick()
    assert lines(out)[-1] == "working   5 s"


def test_the_thread_that_draws_them_ends_with_the_work(monkeypatch):
    monkeypatch.setattr(progress, "PAUSE", 0)
    monkeypatch.setattr(progress, "TICK", 0.001)
    before = threading.active_count()
    with terminal() as (stream, text):
        monkeypatch.setattr("sys.stderr", stream)
        with shown({}):
            for _ in range(1000):
                if meter.observer._num_drawn:  # type: ignore[union-attr]
                    break
                time.sleep(0.01)
        assert threading.active_count() == before + 1, "the one that reads the terminal"
        assert "working   0 s" in (seen := text())
        assert seen.endswith(" \r")


def count(nbytes: int) -> None:
    assert meter.observer is not None
    meter.observer.read(nbytes, "x")


def test_it_is_wiped_out_before_anything_is_printed(clock, monkeypatch):
    with terminal() as (stream, text):
        monkeypatch.setattr("sys.stdout", stream)
        monkeypatch.setattr("sys.stderr", stream)
        monkeypatch.setattr(progress, "TICK", 3600)
        with shown({}):
            clock.now += 1
            count(1000)
            click.echo("an answer")
            clock.now += 1
            count(1000)
        assert meter.observer is None
        seen = text()
    blank = "\r" + " " * len("reading 1.0 kB  1.0 kB/s  x") + "\r"
    assert seen.startswith("\rreading 1.0 kB  1.0 kB/s  x" + blank + "an answer\r\n\rreading")
    assert seen.endswith(" \r"), "and at the end"
