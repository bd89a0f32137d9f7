"""Every route of the desk, as the application itself has them: who may use it, and what a form has to bring."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from desk_stand import an_app, appoint, begin_sign_in, borrow_desk
from newsletter.app import App
from newsletter.desk.routes import ANYBODY, ROLE, Needed
from newsletter.domain.editor import EditorRole
from newsletter.domain.sign_in import sign_form
from newsletter.store.database import Database

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
NOBODY = None
ROLES = [NOBODY, *EditorRole]
STALE = "load it again"

#: What a path has in the place of a parameter: no such thing is stored, so that no act can change anything.
STAND_INS = {"int": "987654", "str": "nothing", "uuid": "00000000-0000-0000-0000-000000000000", "path": "nothing"}


@dataclass(frozen=True)
class Way:
    """One method of one path."""

    method: str
    path: str
    role: Needed

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def list_ways(desk: Litestar) -> Iterator[Way]:
    for route in desk.routes:
        if not isinstance(route, HTTPRoute) or route.path.startswith("/desk/assets/"):
            continue
        path = re.sub(r"\{[^:}]+:(\w+)\}", lambda found: STAND_INS[found[1]], route.path)
        for handler in route.route_handlers:
            for method in handler.http_methods:
                if method != "OPTIONS":
                    yield Way(method=method, path=path, role=handler.opt[ROLE])


@dataclass
class Door:
    app: App
    client: TestClient[Litestar]

    def call(self, way: Way, role: EditorRole | None, *, form: bool) -> httpx.Response:
        """Call a way as somebody who has just signed in; ``form`` brings the value of our own pages."""
        self.client.cookies.clear()
        token = "cookie-of-the-form"  # noqa: S105 - nobody's
        if role is None:
            self.client.cookies.set("desk-form", token)
        else:
            token = begin_sign_in(self.app.database, appoint(self.app.database, role, now=NOW), now=NOW)
            self.client.cookies.set("desk", token)
        data = {"form": sign_form(token, self.app.keys)} if form else {}
        return self.client.request(
            way.method, way.path, data=data if way.method == "POST" else None, follow_redirects=False
        )


@pytest.fixture
def door(sqlite_database: Database) -> Iterator[Door]:
    app = an_app(sqlite_database, now=lambda: NOW)
    with borrow_desk(app) as desk, TestClient(desk, raise_server_exceptions=False) as client:
        yield Door(app, client)


@pytest.fixture
def ways(door: Door) -> list[Way]:
    found = list(list_ways(door.client.app))
    assert len(found) > 20
    return found


def is_sent_to_sign_in(answer: httpx.Response) -> bool:
    return answer.status_code == 303 and answer.headers["Location"].startswith("/desk/sign-in")


def may(role: EditorRole | None, needed: Needed) -> bool:
    return needed is ANYBODY or (role is not None and role.includes(needed))


@pytest.mark.parametrize("role", ROLES)
def test_a_screen_is_for_its_role_and_those_above(door: Door, ways: list[Way], role: EditorRole | None) -> None:
    wrong: list[str] = []
    for way in ways:
        if way.method not in {"GET", "HEAD"}:
            continue
        answer = door.call(way, role, form=False)
        if way.role is not ANYBODY and role is None:
            is_right = is_sent_to_sign_in(answer)
        elif not may(role, way.role):
            is_right = answer.status_code == 403
        else:
            is_right = answer.status_code in {200, 204, 303, 404, 409} and (
                way.role is ANYBODY or not is_sent_to_sign_in(answer)
            )
        if not is_right:
            wrong.append(f"{way}: {answer.status_code}")
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_an_act_is_for_its_role_and_those_above(door: Door, ways: list[Way], role: EditorRole | None) -> None:
    wrong: list[str] = []
    for way in ways:
        if way.method != "POST":
            continue
        answer = door.call(way, role, form=True)
        if way.role is not ANYBODY and role is None:
            is_right = is_sent_to_sign_in(answer)
        elif not may(role, way.role):
            is_right = answer.status_code == 403
        else:  # what is sent is empty, and what is named does not exist
            is_right = answer.status_code in {200, 204, 303, 400, 404, 409, 422} and STALE not in answer.text
        if not is_right:
            wrong.append(f"{way}: {answer.status_code}")
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_no_act_is_done_without_a_form_of_ours(door: Door, ways: list[Way], role: EditorRole | None) -> None:
    wrong: list[str] = []
    for way in ways:
        if way.method != "POST" or not may(role, way.role):
            continue
        answer = door.call(way, role, form=False)
        if answer.status_code != 403 or STALE not in answer.text:
            wrong.append(f"{way}: {answer.status_code}")
    assert wrong == []


def test_whatever_changes_something_is_a_post_and_every_path_is_below_the_desk(ways: list[Way]) -> None:
    assert {way.method for way in ways} == {"GET", "HEAD", "POST"}
    assert all(way.path == "/desk" or way.path.startswith("/desk/") for way in ways)
