"""A reverse proxy on loopback, as a program of its own: it passes requests on, and adds what proxies add.

``python proxy.py PORT`` passes on to that port of loopback; the first line that it prints is its own port.
"""

from __future__ import annotations

import http.client
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: Connections end here; the proxy makes its own.
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}
_ADDED = {
    "X-Forwarded-For": "198.51.100.77, 203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "review.example",
    "Forwarded": 'for="[2001:db8::17]";proto=https;host=review.example',
    "Via": "1.1 mail-proxy.example, 1.1 edge.example",
    "X-Real-IP": "198.51.100.77",
    "X-Request-ID": "0123456789abcdef",
    "Cookie": "load_balancer=node7; session=of-somebody-else",
    "Origin": "null",
    "Referer": "https://mail.example/inbox",
}


def create_proxy(upstream: int) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            connection = http.client.HTTPConnection("127.0.0.1", upstream, timeout=60)
            connection.request(self.command, self.path, body or None, headers | _ADDED)
            answer = connection.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            connection.close()

        do_GET = do_HEAD = do_POST = pass_on  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


if __name__ == "__main__":
    proxy = create_proxy(int(sys.argv[1]))
    sys.stdout.write(f"{proxy.server_address[1]}\n")
    sys.stdout.flush()
    proxy.serve_forever()
