"""The editors' desk for tests: an app over a database of theirs, and browsers that are signed in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import httpx
import msgspec
from litestar import Litestar
from litestar.testing import TestClient

from newsletter.app import App
from newsletter.desk.factory import create_desk
from newsletter.domain.address import EmailAddress
from newsletter.domain.editor import Editor, EditorRole
from newsletter.domain.sign_in import hash_token, new_token
from newsletter.service.password import hash_password
from newsletter.settings import Mail, Security, Settings, Site
from newsletter.store import sign_ins
from newsletter.store.database import Database
from newsletter.store.editors import find_editor, save_editor, save_password_hash

#: Every editor's.
PASSWORD = "four odd words, and a comma"  # noqa: S105 - nobody's
_HASH = hash_password(PASSWORD)

SETTINGS = Settings(
    site=Site(name="The River Review", base_url="http://testserver.local", postal_address="4 Lock Lane, Ostrel"),
    mail=Mail(from_="news@review.example.org"),
    security=Security(secret_key="a secret of the newsletter, long enough"),  # noqa: S106 - nobody's
)


def an_app(database: Database, *, now: Callable[[], datetime], settings: Settings = SETTINGS) -> App:
    return App(settings=settings, database=database, clock=now)


def appoint(database: Database, role: EditorRole, *, now: datetime, email: str = "", name: str = "") -> Editor:
    """Store an editor of this role, ROLE@example.org unless another is wanted, who has the password above."""
    address = EmailAddress(email or f"{role}@example.org")
    with database.transaction() as transaction:
        known = find_editor(transaction, address)
        if known is not None:
            return known
        editor = save_editor(transaction, address, name=name or role.title(), role=role, now=now)
        save_password_hash(transaction, editor.id, _HASH)
    return editor


def begin_sign_in(database: Database, editor: Editor, *, now: datetime) -> str:
    """Sign an editor in without the form; return the cookie's value."""
    token = new_token()
    with database.transaction() as transaction:
        sign_ins.add_sign_in(transaction, hash_token(token), editor.id, agent="a test", now=now)
    return token


@dataclass(frozen=True)
class Browser:
    """A client of the desk that keeps cookies and fills the hidden field in, as a browser does."""

    client: TestClient[Litestar]

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Get a page below /desk."""
        return self.client.get(f"/desk{path}", headers=headers, follow_redirects=False)

    def form_value(self, path: str = "/") -> str:
        """Return the hidden field of the forms on a page."""
        found = re.search(r'name="form" value="([^"]+)"', self.get(path).text)
        assert found, f"/desk{path} has no form"
        return found[1]

    def post(self, path: str, *, on: str = "/", files: Any = None, **fields: Any) -> httpx.Response:  # noqa: ANN401 - httpx takes more than can be named
        """Press a button of the form that stands on the page ``on``."""
        data = {"form": self.form_value(on), **fields}
        return self.client.post(f"/desk{path}", data=data, files=files, follow_redirects=False)

    def follow(self, answer: httpx.Response) -> httpx.Response:
        """Go where an act's answer leads."""
        assert answer.status_code == 303, answer.text
        return self.client.get(answer.headers["Location"], follow_redirects=False)


#: Desks that no test has open, each with the app that it was made for.
_FREE: list[tuple[App, Litestar]] = []


@contextmanager
def borrow_desk(app: App) -> Iterator[Litestar]:
    """Give the desk of an app until the block ends; to make one takes longer than most of its tests do.

    It may have been made for the app of a test before, with the same settings, which then becomes one with this one.
    """
    index = next((index for index, (made_for, _) in enumerate(_FREE) if made_for.settings == app.settings), None)
    if index is None:
        made_for = replace(app)
        desk = create_desk(made_for)
    else:
        made_for, desk = _FREE.pop(index)
    object.__setattr__(made_for, "__dict__", vars(app))  # an App is frozen, but for tests
    try:
        yield desk
    finally:
        _FREE.append((made_for, desk))


@contextmanager
def open_desk(app: App, *, role: EditorRole | None = None) -> Iterator[Browser]:
    """Give a browser at the desk, in which an editor of ``role`` is signed in."""
    with borrow_desk(app) as desk, TestClient(desk, raise_server_exceptions=False) as client:
        if role is not None:
            editor = appoint(app.database, role, now=app.now())
            client.cookies.set("desk", begin_sign_in(app.database, editor, now=app.now()))
        yield Browser(client)


def with_base_url(base_url: str) -> Settings:
    return msgspec.structs.replace(SETTINGS, site=msgspec.structs.replace(SETTINGS.site, base_url=base_url))
