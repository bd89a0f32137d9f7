"""Sign in, by password and where it is set by a second factor; and out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.app import App
from newsletter.desk.collaborators import TheApp, TheSignIn
from newsletter.desk.guard import read_way_back
from newsletter.desk.routes import ANYBODY, act, screen, see_other
from newsletter.desk.visit import AnyRequest, visit_of
from newsletter.domain.editor import EditorRole
from newsletter.errors import TooManyError, UnauthenticatedError
from newsletter.service.sign_in import Client, CodeNeeded, SignedIn, sign_in, sign_in_by_code, sign_out
from newsletter.web.pages import show

Back: TypeAlias = Annotated[str, QueryParameter(name="back")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage:
    #: where to go afterwards
    back: str
    email: str = ""
    #: why the form is shown again
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePage:
    back: str
    #: shows that the password was right
    proof: str
    error: str = ""


@screen("/sign-in", role=ANYBODY)
def show_sign_in(request: AnyRequest, back: Back = "") -> Template | Redirect:
    if visit_of(request).sign_in:
        return see_other(read_way_back(back))
    return show("sign_in.html.j2", SignInPage(back=back))


@act("/sign-in", role=ANYBODY)
def begin(request: AnyRequest, data: URLEncodedBody[dict[str, str]], app: TheApp) -> Template | Redirect:
    email, back = data.get("email", "").strip(), data.get("back", "")
    try:
        begun = sign_in(
            email,
            data.get("password", ""),
            client=client_of(request),
            database=app.database,
            keys=app.keys,
            address_key=app.address_key,
            now=app.now(),
        )
    except (UnauthenticatedError, TooManyError) as error:
        return show("sign_in.html.j2", SignInPage(back=back, email=email, error=str(error)), status=_status(error))
    match begun:
        case CodeNeeded(proof):
            return show("second_factor.html.j2", CodePage(back=back, proof=proof))
        case SignedIn(token):
            return _let_in(request, token, app=app, back=back)


@act("/sign-in/code", role=ANYBODY)
def begin_by_code(request: AnyRequest, data: URLEncodedBody[dict[str, str]], app: TheApp) -> Template | Redirect:
    back, proof = data.get("back", ""), data.get("proof", "")
    try:
        begun = sign_in_by_code(
            proof,
            data.get("code", ""),
            client=client_of(request),
            database=app.database,
            keys=app.keys,
            address_key=app.address_key,
            now=app.now(),
        )
    except (UnauthenticatedError, TooManyError) as error:
        value = CodePage(back=back, proof=proof, error=str(error))
        return show("second_factor.html.j2", value, status=_status(error))
    return _let_in(request, begun.token, app=app, back=back)


@act("/sign-out", role=EditorRole.WRITER)
def end(request: AnyRequest, app: TheApp, sign_in: TheSignIn) -> Redirect:
    sign_out(sign_in, database=app.database, now=app.now())
    visit_of(request).end()
    return see_other("/sign-in")


def client_of(request: AnyRequest) -> Client:
    host = request.client.host if request.client else ""
    return Client(host=host, agent=request.headers.get("User-Agent", ""))


def _let_in(request: AnyRequest, token: str, *, app: App, back: str) -> Redirect:
    visit = visit_of(request)
    if visit.sign_in:
        sign_out(visit.sign_in, database=app.database, now=app.now())
    visit.begin(token)
    return see_other(read_way_back(back))


def _status(error: UnauthenticatedError | TooManyError) -> int:
    return 429 if isinstance(error, TooManyError) else 400
