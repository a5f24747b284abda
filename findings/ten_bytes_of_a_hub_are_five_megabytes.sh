#!/usr/bin/env bash
# Ten bytes of a file on the Hugging Face hub, asked for by fsspec's cat_file, are five megabytes on the wire.
#
# Seen with huggingface_hub 2.4.0 and fsspec 2026.9.0, and a server on loopback that answers as the hub does to who
# reads one repository. Expected: a range of ten bytes, which is what `cat_file(path, start, end)` of web servers and of
# S3 asks for. Found: each call opens the file anew, reads 5 MiB ahead, and drops what it read. With
# cache_type="none" the request is for the ten bytes.
#
# Needs Python 3.10 to 3.14 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install huggingface_hub==2.4.0 fsspec==2026.9.0
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import http.server
import json
import threading
import urllib.parse

import fsspec
import huggingface_hub

SIZE = 20 << 20
ranges = []


class Hub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        if path.startswith("/api/models/people/models/tree/"):
            return self.send([{"type": "file", "oid": "0" * 40, "size": SIZE, "path": "x"}])
        if path.startswith("/api/models/"):
            return self.send({"id": "people/models", "sha": "0" * 40})
        first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
        count = min(int(last) + 1, SIZE) - int(first)
        ranges.append(count)
        return self.send(bytes(count), 206)

    def send(self, value, status=200):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
threading.Thread(target=server.serve_forever, daemon=True).start()
fs = fsspec.filesystem("hf", endpoint=f"http://127.0.0.1:{server.server_address[1]}", token=False)
print("huggingface_hub", huggingface_hub.__version__, "fsspec", fsspec.__version__)
for start in (0, 100, 10_000_000):
    assert fs.cat_file("people/models/x", start=start, end=start + 10) == bytes(10)
print("three ranges of 10 bytes are asked for as", ranges)
assert ranges == [(5 << 20) + 10] * 3, "the behaviour changed"
ranges.clear()
assert fs.cat_file("people/models/x", start=100, end=110, cache_type="none") == bytes(10)
print('with cache_type="none":', ranges)
assert ranges == [10], "the behaviour changed"
print("as described")
PY
