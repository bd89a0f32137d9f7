"""Chromium, started for some pictures and ended again: without a window or a network, its profile thrown away.

It is spoken to over two pipes, in the DevTools protocol: one JSON document after the other, each ended by a NUL.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import F_DUPFD_CLOEXEC, fcntl
from pathlib import Path
from time import monotonic
from typing import Any, Literal

from newsletter.errors import ConfigurationError, RenderError

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS = 120.0  # for all pictures together
_SECONDS_TO_END = 2.0
_PIECE = 1 << 16
_FIRST_HEIGHT = 800
_MOST_HEIGHT = 16_000  # pixels; Chromium draws no higher picture in one piece

_FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    # The sandbox wants rights that root and containers do not have. All that is shown here is our own, without scripts.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    # What it may still want of the network by itself finds none: no name resolves, and the proxy is a closed port.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A file that a page shows."""

    content: bytes
    media_type: str


#: Gives what a page asks for by its address; None where it is to be left out.
FindResource = Callable[[str], Resource | None]


def find_chromium() -> Path:
    """Return the program. Raises ConfigurationError where there is none."""
    for name in _PROGRAMS:
        if found := shutil.which(name):
            return Path(found)
    raise ConfigurationError("Pictures need Chromium, which is not here: sudo apt-get install chromium")


@contextmanager
def open_chromium(program: Path, *, seconds: float = _SECONDS) -> Iterator[Chromium]:
    """Start the browser, and end it with all its children, whatever happens."""
    deadline = monotonic() + seconds
    their_input, our_output = _open_pipe()
    our_input, their_output = _open_pipe()
    with tempfile.TemporaryDirectory(prefix="newsletter-chromium-", ignore_cleanup_errors=True) as profile:
        # It reads commands from descriptor 3 and answers on 4. A plain shell copies descriptors of one digit only.
        start = f'exec "$0" "$@" 3</dev/fd/{their_input} 4>/dev/fd/{their_output}'
        arguments = [*_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(  # noqa: S603  # the program is the one that was found, no input is part of it
            ["/bin/sh", "-c", start, str(program), *arguments],
            pass_fds=(their_input, their_output),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(their_input)
        os.close(their_output)
        try:
            yield Chromium(our_input, our_output, deadline=deadline)
        finally:
            os.close(our_output)  # it ends when nobody speaks to it any more
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_SECONDS_TO_END)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            os.close(our_input)


def _open_pipe() -> tuple[int, int]:
    """Return both ends of a pipe, under numbers that a child's 3 and 4 do not overwrite."""
    low = os.pipe()
    reading, writing = (fcntl(end, F_DUPFD_CLOEXEC, 10) for end in low)
    for end in low:
        os.close(end)
    return reading, writing


class Chromium:
    """A browser that runs. What it cannot do in time raises RenderError."""

    def __init__(self, incoming: int, outgoing: int, *, deadline: float) -> None:
        os.set_blocking(outgoing, False)
        self._incoming, self._outgoing, self._deadline = incoming, outgoing, deadline
        self._unread = b""
        self._number = 0
        self._find: FindResource = lambda _: None
        #: sessions whose page has loaded
        self._loaded: set[str] = set()

    def photograph(
        self, html: str, *, width: int, scheme: Literal["light", "dark"], find: FindResource = lambda _: None
    ) -> bytes:
        """Return a PNG of a whole page, as wide as asked and as high as it is.

        No script of it runs. What it shows beside its own text comes from ``find``, and nothing from anywhere else.
        """
        self._find = find
        target = self._ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        try:
            return self._photograph(session, html, width, scheme)
        finally:
            self._ask("Target.closeTarget", {"targetId": target})

    def _photograph(self, session: str, html: str, width: int, scheme: str) -> bytes:
        def ask(method: str, **parameters: object) -> dict[str, Any]:
            return self._ask(method, parameters, session)

        def resize(height: int) -> None:
            ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

        ask("Emulation.setScriptExecutionDisabled", value=True)
        ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        resize(_FIRST_HEIGHT)
        ask("Fetch.enable", patterns=[{"urlPattern": "*"}])
        ask("Page.enable")
        frame = ask("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self._loaded.discard(session)
        ask("Page.setDocumentContent", frameId=frame, html=html)
        while session not in self._loaded:
            self._attend(self._receive())
        height = round(ask("Page.getLayoutMetrics")["cssContentSize"]["height"])
        resize(min(max(1, height), _MOST_HEIGHT))
        return b64decode(ask("Page.captureScreenshot", format="png")["data"])

    def _ask(self, method: str, parameters: Mapping[str, object], session: str = "") -> dict[str, Any]:
        number = self._send(method, parameters, session)
        while (message := self._receive()).get("id") != number:
            self._attend(message)
        if "error" in message:
            raise RenderError(f"Chromium refused {method}: {message['error']['message']}.")
        result: dict[str, Any] = message["result"]
        return result

    def _attend(self, message: Mapping[str, Any]) -> None:
        """Follow what happens in a page, and answer what it asks for."""
        session = message.get("sessionId", "")
        if message.get("method") == "Page.loadEventFired":
            self._loaded.add(session)
        elif message.get("method") == "Fetch.requestPaused":
            asked = message["params"]
            self._answer(session, asked["requestId"], self._find(asked["request"]["url"]))

    def _answer(self, session: str, request: str, found: Resource | None) -> None:
        if found is None:
            self._send("Fetch.failRequest", {"requestId": request, "errorReason": "BlockedByClient"}, session)
            return
        answer = {
            "requestId": request,
            "responseCode": 200,
            "responseHeaders": [{"name": "Content-Type", "value": found.media_type}],
            "body": b64encode(found.content).decode("ascii"),
        }
        self._send("Fetch.fulfillRequest", answer, session)

    def _send(self, method: str, parameters: Mapping[str, object], session: str) -> int:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        data = json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0"
        while data:
            self._wait(self._outgoing, select.POLLOUT)
            try:
                data = data[os.write(self._outgoing, data) :]
            except BrokenPipeError as error:
                raise RenderError("Chromium ended before its pictures were taken.") from error
        return self._number

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            self._wait(self._incoming, select.POLLIN)
            piece = os.read(self._incoming, _PIECE)
            if not piece:
                raise RenderError("Chromium ended before its pictures were taken.")
            self._unread += piece
        text, _, self._unread = self._unread.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message

    def _wait(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        if not poll.poll(max(0.0, self._deadline - monotonic()) * 1000):
            raise RenderError("Chromium took too long and was stopped.")
