"""Who makes a request, and what its answer leaves in the browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.types import Message, Scope

from newsletter.domain.sign_in import (
    LONGEST,
    SignIn,
    is_form_of,
    new_token,
    read_sentence,
    sign_form,
    sign_sentence,
)
from newsletter.domain.token import KeyRing

AnyRequest = Request[Any, Any, Any]
AnyConnection = ASGIConnection[Any, Any, Any, Any]

_KEY = "desk visit"
_Name = Literal["desk", "desk-form", "desk-said"]


@dataclass(slots=True, kw_only=True)
class Visit:
    """One request to the desk."""

    keys: KeyRing
    #: cookies go back by https alone
    is_secure: bool
    cookies: dict[str, str]
    sign_in: SignIn | None = None
    #: the Set-Cookie headers of the answer
    given: list[Cookie] = field(default_factory=list)
    #: the cookie that forms are bound to, where there was none before
    fresh: str = ""
    #: the cookie of a sign-in that begins with this request
    begun: str = ""

    @property
    def token(self) -> str:
        """The cookie by which the browser is signed in; "" without one."""
        return self.cookies.get(self._full("desk"), "")

    @property
    def form_value(self) -> str:
        """The hidden value of each form."""
        return sign_form(self._form_token(), self.keys)

    def owns_form(self, value: str) -> bool:
        """Tell whether the form was given to this browser, since it last signed in or out."""
        token = self._binding
        return bool(token) and is_form_of(value, token, self.keys)

    def begin(self, token: str) -> None:
        """Sign the browser in."""
        self.begun = token
        self._give("desk", token, seconds=int(LONGEST.total_seconds()))
        self._drop("desk-form")

    def end(self) -> None:
        """Sign the browser out."""
        self._drop("desk")
        self._drop("desk-said")

    def say(self, sentence: str) -> None:
        """Have the next page show a sentence."""
        self._give("desk-said", sign_sentence(sentence, self._form_token(), self.keys), seconds=60)

    def take_sentence(self) -> str:
        """Return what the act before said, once."""
        said = self.cookies.get(self._full("desk-said"), "")
        if not said:
            return ""
        self._drop("desk-said")
        return read_sentence(said, self._binding, self.keys)

    @property
    def _binding(self) -> str:
        """What forms are bound to: the sign-in, and before there is one a cookie of their own."""
        present = self.token if self.sign_in else self.cookies.get(self._full("desk-form"), "")
        return self.begun or present or self.fresh

    def _form_token(self) -> str:
        if not self._binding:
            self.fresh = new_token()
            self._give("desk-form", self.fresh, seconds=None)
        return self._binding

    def _full(self, name: _Name) -> str:
        # Browsers take __Host- only from https, for this host alone, so that no other host of the domain can set it.
        return f"__Host-{name}" if self.is_secure else name

    def _give(self, name: _Name, value: str, *, seconds: int | None) -> None:
        self.given.append(
            Cookie(
                self._full(name), value=value, path="/", max_age=seconds, secure=self.is_secure, httponly=True,
                samesite="lax",
            )
        )  # fmt: skip

    def _drop(self, name: _Name) -> None:
        self._give(name, "", seconds=0)


def remember(connection: AnyConnection, visit: Visit) -> None:
    connection.scope["state"][_KEY] = visit


def find_visit(connection: AnyConnection) -> Visit | None:
    """Return the visit; None where the request was refused before anybody looked who makes it."""
    visit: Visit | None = connection.scope["state"].get(_KEY)
    return visit


def visit_of(connection: AnyConnection) -> Visit:
    visit = find_visit(connection)
    if visit is None:
        raise RuntimeError("The desk's guard has not run.")
    return visit


def give_cookies(message: Message, scope: Scope) -> None:
    """Add the visit's cookies to its answer."""
    visit: Visit | None = scope["state"].get(_KEY)
    if message["type"] == "http.response.start" and visit is not None:
        headers = MutableScopeHeaders.from_message(message)
        for cookie in visit.given:
            headers.add("set-cookie", cookie.to_header(header=""))
