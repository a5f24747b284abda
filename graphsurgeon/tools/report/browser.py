"""A headless Chromium, driven over the pipes of its DevTools protocol.

It needs no library: two pipes, JSON messages with a zero byte between them. The browser has a profile of its own that
is removed afterwards, opens no port, and is ended with whatever it started.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import selectors
import signal
import time
from collections.abc import Iterator, Mapping
from typing import Any

from graphsurgeon.errors import NotFoundError, PassError
from proto_utils import disk

#: Names under which systems have it.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
#: The environment's word for one, when it is not on PATH.
VARIABLE = "GRAPHSURGEON_CHROMIUM"
_MAC = tuple(f"/Applications/{name}.app/Contents/MacOS/{name}" for name in ("Google Chrome", "Chromium"))
_FLAGS = (
    "headless", "disable-gpu", "disable-quic", "no-first-run", "no-default-browser-check",
    "disable-background-networking", "disable-component-update", "disable-sync", "disable-extensions",
    "disable-dev-shm-usage", "hide-scrollbars", "remote-debugging-pipe",
)  # fmt: skip
#: A Unix socket's path has 107 bytes at most; Chromium's is ``org.chromium.Chromium.123456/SingletonSocket`` there.
_MAX_TEMPORARY = 60
_READ_AT_ONCE = 1 << 20


def find_browser(*, environment: Mapping[str, str] | None = None) -> str:
    """Return the path of a Chromium: GRAPHSURGEON_CHROMIUM, else the first known name on PATH.

    Raises
    ------
    NotFoundError
        When there is none, or the variable names none.
    """
    named = (os.environ if environment is None else environment).get(VARIABLE)
    if named:
        if found := _program(named):
            return found
        raise NotFoundError("browser", named, hint=f"{VARIABLE} should name the program of a Chromium")
    for name in (*NAMES, *_MAC):
        if found := _program(name):
            return found
    raise NotFoundError(
        "browser", "chromium", where="on PATH", hint=f"install Chromium or Chrome, or let {VARIABLE} name its program"
    )


def _program(name: str) -> str | None:
    """Return the path of a program that can be run: one given as a path, or found on PATH."""
    folders = [""] if os.path.dirname(name) else os.environ.get("PATH", os.defpath).split(os.pathsep)
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


class Browser:
    """A running Chromium; a context manager that ends it.

    Parameters
    ----------
    path : str, optional
        The program, else what `find_browser` finds.
    timeout : float
        Seconds that it may be silent, before it is ended and PassError raised.
    """

    def __init__(self, path: str | None = None, *, timeout: float = 120) -> None:
        self.timeout = timeout
        self._last = 0
        self._buffer = bytearray()
        #: Events that came meanwhile: `method`, `params`, `sessionId`.
        self.events: list[dict[str, Any]] = []
        self._profile = _new_profile()
        try:
            self._start(path or find_browser())
        except BaseException:
            disk.remove(self._profile)
            raise

    def _start(self, path: str) -> None:
        if not hasattr(os, "posix_spawn"):
            raise PassError("report", "pictures are drawn by Chromium over pipes that this system does not have")
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        ends = [_above(fd) for fd in (theirs_in, theirs_out)]
        null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
        actions = [*null, (os.POSIX_SPAWN_DUP2, ends[0], 3), (os.POSIX_SPAWN_DUP2, ends[1], 4)]
        # Chromium refuses its sandbox to root.
        words = [*_FLAGS, f"user-data-dir={self._profile}", *(["no-sandbox"] if os.geteuid() == 0 else [])]
        flags = ["--" + word for word in words]
        try:
            # Without a page that it is to begin with, it makes that of a new tab, which asks the network.
            self.pid = os.posix_spawn(
                path, [path, *flags, "about:blank"], _environment(), file_actions=actions, setpgroup=0
            )
        finally:
            for fd in ends:
                os.close(fd)
        self._in = ours_in
        self._ready = selectors.DefaultSelector()
        self._ready.register(ours_in, selectors.EVENT_READ)
        self._out = os.fdopen(ours_out, "wb", buffering=0)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self, *, seconds: float = 5) -> None:
        """End the browser and all that it started, and remove its profile; after some seconds without asking it."""
        with contextlib.suppress(PassError, OSError):
            self.send("Browser.close", timeout=seconds)
            _wait(self.pid, seconds)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        _wait(self.pid, 5)
        self._out.close()
        self._ready.close()
        os.close(self._in)
        _remove(self._profile)

    def send(
        self, method: str, /, session: str | None = None, timeout: float | None = None, **params: Any
    ) -> dict[str, Any]:
        """Send a command of the protocol and return its result."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        self._write(json.dumps(message).encode() + b"\0", method)
        for answer in self._messages(method, timeout or self.timeout):
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise PassError("report", f"the browser refuses {method}: {answer['error'].get('message')}")
                result: dict[str, Any] = answer.get("result", {})
                return result
            if "method" in answer:
                self.events.append(answer)
        raise AssertionError("unreachable: messages end with an error")

    def _write(self, data: bytes, method: str) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[self._out.write(view) :]
        except BrokenPipeError:
            raise _ended(method) from None

    def _messages(self, method: str, timeout: float) -> Iterator[dict[str, Any]]:
        limit = time.monotonic() + timeout
        while True:
            end = self._buffer.find(b"\0")
            if end >= 0:
                text = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                yield json.loads(text)
                continue
            if not self._ready.select(max(0.0, limit - time.monotonic())):
                raise PassError("report", f"the browser did not answer {method} within {timeout:g} s")
            more = os.read(self._in, _READ_AT_ONCE)
            if not more:
                raise _ended(method)
            self._buffer += more

    def page(self, *, width: int = 1280, height: int = 800) -> Page:
        """Return a new page."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, target)
        page.send("Page.enable")
        page.send("Runtime.enable")
        page.resize(width, height)
        return page


class Page:
    """A page of a browser."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        self.browser = browser
        self.session = session
        self.target = target

    def close(self) -> None:
        """Close the page."""
        self.browser.send("Target.closeTarget", targetId=self.target)

    def send(self, method: str, /, **params: Any) -> dict[str, Any]:
        """Send a command to the page."""
        return self.browser.send(method, session=self.session, **params)

    def resize(self, width: int, height: int, scale: float = 1) -> None:
        """Set the size of the window, and how many pixels of a picture one of it has."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )

    def open(self, url: str) -> None:
        """Go to an address."""
        failed = self.send("Page.navigate", url=url).get("errorText")
        if failed:
            raise PassError("report", f"the browser cannot open {url}: {failed}")

    def show(self, html: str) -> None:
        """Show the text of a page that is no file."""
        frame = self.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self.send("Page.setDocumentContent", frameId=frame, html=html)

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, when it has come; a thrown error becomes PassError."""
        answer = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            said = details.get("exception", {}).get("description") or details.get("text")
            raise PassError("report", f"the page failed: {said}")
        return answer["result"].get("value")


def _ended(method: str) -> PassError:
    return PassError("report", f"the browser ended at {method}", hint="does it start by itself, headless?")


def _above(fd: int) -> int:
    """Move a descriptor out of the way of those that the browser expects."""
    import fcntl

    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(fd)
    return moved


def _environment() -> Mapping[str, str]:
    """Return the environment of a browser: it ends at once where its socket in TMPDIR would have too long a path."""
    if len(os.fsencode(os.environ.get("TMPDIR", ""))) <= _MAX_TEMPORARY:
        return os.environ
    return {**os.environ, "TMPDIR": "/tmp"}


def _new_profile() -> str:
    place = os.path.join(os.environ.get("TMPDIR") or "/tmp", f"graphsurgeon-browser-{secrets.token_hex(8)}")
    disk.mkdir(place)
    disk.chmod(place, 0o700)
    return place


def _remove(place: str) -> None:
    """Remove a profile; the last processes of a browser may still write to it."""
    for _ in range(20):
        with contextlib.suppress(OSError):
            disk.remove(place)
            return
        time.sleep(0.05)


def _wait(pid: int, seconds: float) -> None:
    limit = time.monotonic() + seconds
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < limit:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
            time.sleep(0.02)
