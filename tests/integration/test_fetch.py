"""Sources fetched from a real HTTP server on loopback."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from newsletter.errors import UnreadableSourceError
from newsletter.ingest.fetch import fetch_source
from newsletter.ingest.source import LONGEST_SOURCE


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        match self.path:
            case "/feed":
                self.answer(200, b"<rss/>")
            case "/zipped":
                self.answer(200, gzip.compress(b"<rss/>"), {"Content-Encoding": "gzip"})
            case "/moved":
                self.answer(302, b"", {"Location": "/feed"})
            case "/loop":
                self.answer(302, b"", {"Location": "/loop"})
            case "/away":
                self.answer(302, b"", {"Location": "file:///etc/hostname"})
            case "/nowhere":
                self.answer(302, b"", {"Location": "http://[/"})
            case "/huge":
                self.answer(200, gzip.compress(b" " * (LONGEST_SOURCE + 1)), {"Content-Encoding": "gzip"})
            case _:
                self.answer(404, b"gone")

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("path", ["/feed", "/zipped", "/moved"])
def test_a_source_is_fetched_through_redirects_and_compression(site: str, path: str) -> None:
    assert fetch_source(site + path, allow_private=True) == b"<rss/>"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/gone", "expected an answer of status 200, not 404"),
        ("/loop", "expected at most 5 redirects"),
        ("/away", "expected an address that begins with http:// or https://"),
        ("/nowhere", "expected an answer from the server"),
        ("/huge", "expected at most 10 MiB"),
    ],
)
def test_an_answer_beyond_the_limits_is_refused(site: str, path: str, expected: str) -> None:
    with pytest.raises(UnreadableSourceError) as caught:
        fetch_source(site + path, allow_private=True)

    assert str(caught.value).startswith(f"{site}{path}: {expected}")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.1.2.3", "[::1]", "[::ffff:127.0.0.1]", "169.254.1.1"])
def test_private_addresses_are_not_asked(host: str) -> None:
    with pytest.raises(UnreadableSourceError, match="expected a server on the public internet"):
        fetch_source(f"http://{host}:9/feed")


@pytest.mark.parametrize("url", ["ftp://example.org/feed", "http://", "https://[", "http://127.0.0.1:0/"])
def test_an_address_that_cannot_be_fetched_is_one_sentence(url: str) -> None:
    with pytest.raises(UnreadableSourceError, match="nothing was imported from it"):
        fetch_source(url, allow_private=True)
