"""How fast a browser shows a graph of 25,000 nodes: the page of `report`, beside Netron's page of the same file.

Both are opened by the same headless Chromium, each in a new one, and timed by the page's own clock from the start of
the navigation to the picture. Netron comes from the interpreter that GRAPHSURGEON_NETRON_PYTHON names (pip install
netron); without one it is left out.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench import OURS, Bench, Claim, Result
from benchmarks.process import MIB, Measurement, progress, run
from graphsurgeon.tools.report.browser import Browser

NODES = 25_000
#: Netron is given so long; it asks at 25,000 nodes whether one would rather not wait.
PATIENCE = 120
GIVEN_UP = ", given up"
SERVE = "import netron, sys, time; netron.start(sys.argv[1], ('127.0.0.1', int(sys.argv[2])), False); time.sleep(1e6)"

OURS_READY = "document.documentElement?.dataset.ready === 'true' && document.querySelector('#picture .box')"
#: Its body has this class when the graph is drawn; before that it asks for consent.
NETRON_READY = """(() => {
  if (/consent|cookies/.test(document.querySelector('#message-text')?.textContent ?? '')) {
    document.querySelector('#message-button').click();
    document.querySelector('#message-text').textContent = '';
  }
  return document.body?.className === 'default';
})()"""
#: Milliseconds from the start of the navigation until a condition holds, or null when it never does.
TIMED = """new Promise((resolve) => {
  const look = () => {
    if (%s) requestAnimationFrame(() => resolve(performance.now()));
    else if (performance.now() > %d) resolve(null);
    else setTimeout(look, 10);
  };
  look();
})"""


def open_pages(bench: Bench) -> Result:
    """A chain of 25,000 nodes, and one with loops, as pages."""
    rows: list[Measurement] = []
    claims: list[Claim] = []
    for kind in ("nodes", "loops"):
        source = bench.synthetic(kind, NODES)
        page = bench.work / f"{kind}.html"
        run([*OURS, "report", str(source), "-o", str(page), "--force"], bench.work / "output.log")
        what = "a chain" if kind == "nodes" else "loops"
        ours = Measurement(f"graphsurgeon report, {NODES:,} nodes, {what}")
        theirs = Measurement(f"Netron, {NODES:,} nodes, {what}")
        for turn in range(bench.runs):
            progress(f"{ours.label}: {turn + 1} of {bench.runs}")
            measure_page(ours, page.as_uri(), OURS_READY)
            if turn < bench.recipe_runs and (python := os.environ.get("GRAPHSURGEON_NETRON_PYTHON")):
                with netron(python, source) as address:
                    measure_page(theirs, address, NETRON_READY)
        rows += [each for each in (ours, theirs) if each.seconds]
        claims += [
            Claim(f"a page of {NODES:,} nodes, {what}, opens", ours.median, 2, "s"),
            Claim(f"a page of {NODES:,} nodes, {what}, memory of its process", ours.peak / MIB, 300, "MiB"),
        ]
        if theirs.seconds:
            ratio = theirs.median / ours.median
            claims.append(Claim(f"a page of {NODES:,} nodes, {what}, faster than Netron", ratio, 2, "x", at_least=True))
    title = (
        f"Open a graph of {NODES:,} nodes in Chromium: from the navigation to the picture, memory of the page's process"
    )
    return Result(title, rows, claims)


def measure_page(measurement: Measurement, address: str, ready: str) -> None:
    """Add the time until an address shows its graph, and the peak of its process; PATIENCE when it gives up."""
    with Browser(timeout=PATIENCE + 240) as browser:
        page = browser.page()
        page.open(address)
        milliseconds = page.evaluate(TIMED % (ready, PATIENCE * 1000))
        measurement.seconds.append(PATIENCE if milliseconds is None else milliseconds / 1000)
        if milliseconds is None:
            measurement.label = f"{measurement.label.removesuffix(GIVEN_UP)}{GIVEN_UP}"
        measurement.peak = max(measurement.peak, renderer_peak(browser.pid))


def renderer_peak(group: int) -> int:
    """Return the peak resident memory of the largest renderer of a browser, in bytes; 0 where there is no /proc."""
    peaks = [0]
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            if os.getpgid(int(folder.name)) == group and b"--type=renderer" in (folder / "cmdline").read_bytes():
                found = re.search(r"VmHWM:\s+(\d+) kB", (folder / "status").read_text())
                peaks.append(int(found[1]) * 1024 if found else 0)
    return max(peaks)


@contextlib.contextmanager
def netron(python: str, source: Path) -> Iterator[str]:
    """Serve a file by Netron; yield the address of its page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [python, "-c", SERVE, str(source), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(400):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.kill()
        server.wait()
