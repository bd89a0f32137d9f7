"""Sources fetched from a real HTTP server on loopback."""

import gzip
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from newsletter.errors import UnreadableSourceError
from newsletter.ingest.fetch import fetch_source
from newsletter.ingest.limits import LONGEST_SOURCE


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        match self.path:
            case "/host":
                self.answer(200, self.headers["Host"].encode())
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


@pytest.fixture
def secure_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Serve with the certificate of news.example, which is trusted here."""
    certificate = make_certificate(tmp_path, "news.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def make_certificate(folder: Path, host: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    plain = serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


def resolve_here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


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
        ("/huge", "expected at most 25 MiB"),
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


def test_the_address_that_was_looked_at_is_asked_under_the_name_of_the_host(site: str) -> None:
    port = site.rpartition(":")[2]

    answer = fetch_source(f"http://news.example:{port}/host", allow_private=True, resolve=resolve_here)

    assert answer.decode() == f"news.example:{port}"


def test_a_certificate_has_to_name_the_host_and_not_its_address(secure_port: int) -> None:
    for host, is_named in (("news.example", True), ("other.example", False)):
        url = f"https://{host}:{secure_port}/feed"
        if is_named:
            assert fetch_source(url, allow_private=True, resolve=resolve_here) == b"<rss/>"
        else:
            with pytest.raises(UnreadableSourceError, match="certificate"):
                fetch_source(url, allow_private=True, resolve=resolve_here)


def test_a_name_that_turns_private_between_two_questions_reaches_nothing(site: str) -> None:
    port = site.rpartition(":")[2]
    answers = iter([["93.184.215.14", "127.0.0.1"], ["127.0.0.1"]])

    with pytest.raises(UnreadableSourceError, match="expected a server on the public internet"):
        fetch_source(f"http://news.example:{port}/feed", resolve=lambda *_: next(answers))
    assert next(answers) == ["127.0.0.1"]  # it was asked once


def test_a_host_that_does_not_answer_leaves_the_next_of_its_addresses(site: str) -> None:
    port = site.rpartition(":")[2]

    answer = fetch_source(
        f"http://news.example:{port}/feed", allow_private=True, resolve=lambda *_: ["::1", "127.0.0.1"]
    )

    assert answer == b"<rss/>"


def test_the_limit_of_an_answer_can_be_lower(site: str) -> None:
    with pytest.raises(UnreadableSourceError, match="at most 0 MiB"):
        fetch_source(f"{site}/feed", allow_private=True, most_bytes=3)
