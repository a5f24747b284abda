#!/usr/bin/env bash
# gcsfs waits for minutes before it first reads from an emulator of Google Cloud Storage, and then goes on as if nothing were.
#
# Seen with gcsfs 2026.10.1 and gcp-storage-emulator 2026.7.19. Expected: with STORAGE_EMULATOR_HOST set, as its
# documentation has it, all that is asked for goes to that server in the protocol that it speaks, HTTP. Found: the kind
# of a bucket is asked for by gRPC with TLS, at the emulator's port. What comes back is no handshake, which is tried
# again until 60 s are over, twice; a warning says that the kind is not known, and the answer by HTTP takes milliseconds.
# GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT=false avoids it when it is set before gcsfs is imported; later it changes nothing.
#
# Needs Python 3.11 to 3.13 and pip; takes three minutes. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install gcsfs==2026.10.1 gcp-storage-emulator==2026.7.19
cd "$folder"
cat >ask.py <<'PY'
import os
import sys
import time

from gcp_storage_emulator.server import create_server

server = create_server("127.0.0.1", 0, in_memory=True, default_bucket="models")
server.start()
os.environ["STORAGE_EMULATOR_HOST"] = f"http://127.0.0.1:{server._api._httpd.server_port}"
if sys.argv[1] == "before":
    os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"
import gcsfs

if sys.argv[1] == "after":
    os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"
start = time.monotonic()
fs = gcsfs.GCSFileSystem(token="anon")
fs.pipe("models/x", b"0123456789")
assert fs.cat_file("models/x", 2, 4) == b"23"
print(f"{time.monotonic() - start:.0f}")
sys.stdout.flush()
os._exit(0)
PY
echo "gcsfs $("$folder/venv/bin/python" -c 'import gcsfs; print(gcsfs.__version__)' 2>/dev/null)"
for when in before after; do
    seconds=$("$folder/venv/bin/python" ask.py $when 2>"$folder/stderr") || { tail -n 20 "$folder/stderr" >&2; exit 1; }
    echo "the setting made $when the import: writing and reading ten bytes takes $seconds s"
    if [ $when = before ]; then
        [ "$seconds" -lt 20 ] || { echo 'the setting does not help: the behaviour changed' >&2; exit 1; }
    else
        grep -o 'Timeout of 60.0s exceeded' "$folder/stderr" | head -n 1
        [ "$seconds" -ge 50 ] || { echo 'there is no wait: the behaviour changed' >&2; exit 1; }
    fi
done
echo "as described"
