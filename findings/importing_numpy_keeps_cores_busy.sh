#!/usr/bin/env bash
# Importing numpy keeps another core busy for tens of milliseconds, also in a program that multiplies no matrices.
#
# Seen with numpy 2.4.6 (wheel for x86_64, OpenBLAS 0.3.31 inside) on two cores. Expected: threads of a library of
# linear algebra start when there is linear algebra, or wait without costing anything. Found: on import OpenBLAS starts
# a thread for each further core, and each spins until a set number of cycles has gone by before it sleeps. A program
# of a tenth of a second that computes something itself, on all cores, gets that much less of them. With
# OPENBLAS_NUM_THREADS=1, set before the import, the same import takes a third less processor time.
#
# Needs two cores, Linux, Python 3.11 or newer and pip; takes half a minute. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install numpy==2.4.6
cat >"$folder/measure.py" <<'PY'
import os
import subprocess
import sys
import time

COUNT = "import os, numpy; print(len(os.listdir('/proc/self/task')))"
cores = len(os.sched_getaffinity(0))
if cores < 2:
    sys.exit("this needs two cores")


def import_in(threads: str | None) -> tuple[float, int]:
    env = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    env |= {} if threads is None else {"OPENBLAS_NUM_THREADS": threads}
    # Compiled files are there after the first.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    least, count = 1e9, 0
    for _ in range(21):
        process = subprocess.Popen([sys.executable, "-c", COUNT], env=env, stdout=subprocess.PIPE, text=True)
        count = int(process.stdout.read())
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0
        least = min(least, usage.ru_utime + usage.ru_stime)
        time.sleep(0.1)
    return least, count


(spinning, threads), (alone, one) = import_in(None), import_in("1")
print(f"numpy as it is: {1000 * spinning:.0f} ms of processor time, {threads} threads")
print(f"OPENBLAS_NUM_THREADS=1: {1000 * alone:.0f} ms, {one} thread")
print(f"ratio {spinning / alone:.2f}")
if (threads, one) != (min(cores, 64), 1) or spinning < 1.2 * alone:
    sys.exit("the behaviour changed")
print("as described")
PY
"$folder/venv/bin/python" "$folder/measure.py"
