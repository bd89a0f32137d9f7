"""A token endpoint (RFC 6749) on loopback, for the tests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs


class TokenServer:
    """Answers each request with the next answer of a list, and the last one for ever; a context manager."""

    def __init__(self) -> None:
        #: Status and body; what is no text goes out as JSON.
        self.answers: list[tuple[int, object]] = [(200, {"access_token": "token", "expires_in": 3600})]
        #: The form of each request.
        self.requests: list[dict[str, str]] = []
        #: Called before each answer.
        self.before_answer: Callable[[], object] = lambda: None
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                server.requests.append({key: values[0] for key, values in parse_qs(body).items()})
                server.before_answer()
                status, answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
                data = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Be quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/token"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
