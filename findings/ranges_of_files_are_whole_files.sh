#!/usr/bin/env bash
# fsspec's cat_file and cat_ranges give whole files where a range is asked for, of web servers that have no ranges.
#
# Seen with fsspec 2026.9.0 and aiohttp 3.14.5, and a web server of Python's own http.server. Expected: the four bytes
# that are asked for, or the ValueError that a file opened by the same file system raises there ("doesn't appear to
# support range requests"). Found: cat_file(url, start=10, end=14) and cat_ranges return all bytes of the file, without
# an error, so that the first four of what comes are those at 0. An answer of 200 is not told from one of 206.
#
# Needs Python 3.10 to 3.14 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install fsspec==2026.9.0 aiohttp==3.14.5
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import functools
import http.server
import pathlib
import tempfile
import threading

import fsspec

directory = tempfile.mkdtemp(dir=".")
data = bytes(range(100))
pathlib.Path(directory, "data").write_bytes(data)
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=directory)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_address[1]}/data"
local, web = fsspec.filesystem("file"), fsspec.filesystem("http")
path = str(pathlib.Path(directory, "data").resolve())

print("fsspec", fsspec.__version__)
assert local.cat_file(path, start=10, end=14) == data[10:14]
assert local.cat_ranges([path, path], [10, 50], [14, 52]) == [data[10:14], data[50:52]]
try:
    with web.open(url, block_size=4) as file:
        file.seek(10)
        told = f"gives {file.read(4)!r}"
except ValueError as error:
    told = f"raises ValueError: {error}"
print("a file that is opened", told)
assert "support range requests" in told

one, several = web.cat_file(url, start=10, end=14), web.cat_ranges([url, url], [10, 50], [14, 52])
print(f"cat_file of bytes 10 to 14 gives {len(one)} bytes, the first of which are {one[:4]!r}")
print(f"cat_ranges of 4 and of 2 bytes gives {[len(each) for each in several]} bytes")
assert one == data, "cat_file does not give the whole file: the behaviour changed"
assert several == [data, data], "cat_ranges does not give whole files: the behaviour changed"
print("as described")
PY
