"""Links tried against a real HTTP server on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from checking import LOCAL, a_site
from draft_builders import a_proof, a_stored_article, an_article, an_article_shown
from newsletter.domain.issue import ItemSlot
from newsletter.ingest.link import LinkAnswer, Patience, try_links
from newsletter.service.proof import fetch_links


@dataclass
class Site:
    url: str
    #: paths that were asked for, in order
    asked: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0


class Server(ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = True
    site: Site


class Answers(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        site, lock = self.server.site, _LOCK
        with lock:
            site.asked.append(self.path)
            site.at_once += 1
            site.most_at_once = max(site.most_at_once, site.at_once)
        status, location = {
            "/moved": (302, "/here"),
            "/loop": (302, "/loop"),
            "/away": (302, "ftp://files.example/"),
            "/gone": (404, ""),
        }.get(self.path, (200, ""))
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", "1000000000")  # nobody is to read that much
        self.end_headers()
        with lock:
            site.at_once -= 1
        self.close_connection = True

    def log_message(self, *_words: object) -> None:
        pass


_LOCK = threading.Lock()


@pytest.fixture
def site() -> Iterator[Site]:
    with Server(("127.0.0.1", 0), Answers) as server:
        server.site = Site(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.site
        server.shutdown()


def as_public(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/here", LinkAnswer(status=200)),
        ("/moved", LinkAnswer(status=200)),
        ("/gone", LinkAnswer(status=404)),
        ("/loop", LinkAnswer(why="redirects more than 5 times")),
        ("/away", LinkAnswer(why="leads to something that is not a web address")),
    ],
)
def test_the_answer_is_the_one_behind_all_redirects(site: Site, path: str, answer: LinkAnswer) -> None:
    assert try_links([site.url + path], allow_private=True) == {site.url + path: answer}


def test_a_machine_that_only_this_network_reaches_is_not_asked(site: Site) -> None:
    url = f"{site.url}/here"

    assert try_links([url])[url].why == "leads to a machine that only this network reaches"
    assert site.asked == []


def test_who_keeps_silent_is_not_waited_for_too_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        answers = try_links([url], allow_private=True, patience=Patience(seconds_per_wait=0.2))

    assert answers[url].why == "did not answer in time"


def test_what_has_not_had_its_turn_in_time_is_not_tried(site: Site) -> None:
    url = f"{site.url}/here"

    answers = try_links([url], allow_private=True, patience=Patience(seconds_in_all=-1))

    assert answers[url].why.startswith("was not tried")
    assert site.asked == []


@pytest.mark.parametrize(
    ("number", "is_dead"), [(socket.EAI_NONAME, True), (socket.EAI_NODATA, True), (socket.EAI_AGAIN, False)]
)
def test_a_name_that_does_not_exist_is_told_from_a_silent_dns(number: int, is_dead: bool) -> None:  # noqa: FBT001
    def resolve(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(number, "no")

    assert try_links(["https://journal.example/"], resolve=resolve)["https://journal.example/"].is_dead is is_dead


def test_nobody_at_the_other_end_is_an_answer_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"

    assert try_links([url], allow_private=True)[url].why.startswith("did not answer (")


def test_each_is_asked_once_some_at_once_and_no_more_than_patience_lasts(site: Site) -> None:
    urls = [f"{site.url}/{number}" for number in range(31)]

    answers = try_links([*urls, *urls], allow_private=True, patience=Patience(links=30, at_once=3))

    assert len(site.asked) == len(set(site.asked)) == 30
    assert site.most_at_once <= 3
    assert [answer.status for answer in answers.values()].count(None) == 1
    assert answers[urls[-1]].why.startswith("was not tried")


def test_an_issue_has_its_links_fetched_but_for_the_sites_own(site: Site) -> None:
    proof = a_proof(
        an_article_shown(a_stored_article(1, an_article(url=f"{site.url}/gone"))),
        an_article_shown(a_stored_article(2), slot=ItemSlot.FEATURE),
        masthead=a_site(LOCAL),
    )

    answered = fetch_links(proof, try_links=lambda urls: try_links(urls, allow_private=True, resolve=as_public))

    assert answered.answers[f"{site.url}/gone"] == LinkAnswer(status=404)
    assert not any(url.startswith(LOCAL) for url in answered.answers)
