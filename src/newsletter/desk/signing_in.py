"""Sign in and out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.desk.collaborators import TheApp, TheSignIn
from newsletter.desk.guard import read_way_back
from newsletter.desk.routes import ANYBODY, act, screen, see_other
from newsletter.desk.visit import AnyRequest, visit_of
from newsletter.domain.editor import EditorRole
from newsletter.errors import TooManyError, UnauthenticatedError
from newsletter.service.sign_in import sign_in, sign_out
from newsletter.web.pages import show

Back: TypeAlias = Annotated[str, QueryParameter(name="back")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage:
    #: where to go afterwards
    back: str
    email: str = ""
    #: why the form is shown again
    error: str = ""


@screen("/sign-in", role=ANYBODY)
def show_sign_in(request: AnyRequest, back: Back = "") -> Template | Redirect:
    if visit_of(request).sign_in:
        return see_other(read_way_back(back))
    return show("sign_in.html.j2", SignInPage(back=back))


@act("/sign-in", role=ANYBODY)
def begin(request: AnyRequest, data: URLEncodedBody[dict[str, str]], app: TheApp) -> Template | Redirect:
    email, back = data.get("email", "").strip(), data.get("back", "")
    visit = visit_of(request)
    try:
        token = sign_in(
            email,
            data.get("password", ""),
            client=request.client.host if request.client else "",
            agent=request.headers.get("User-Agent", ""),
            database=app.database,
            address_key=app.address_key,
            now=app.now(),
        )
    except UnauthenticatedError as error:
        return show("sign_in.html.j2", SignInPage(back=back, email=email, error=str(error)), status=400)
    except TooManyError as error:
        return show("sign_in.html.j2", SignInPage(back=back, email=email, error=str(error)), status=429)
    if visit.sign_in:
        sign_out(visit.sign_in, database=app.database, now=app.now())
    visit.begin(token)
    return see_other(read_way_back(back))


@act("/sign-out", role=EditorRole.WRITER)
def end(request: AnyRequest, app: TheApp, sign_in: TheSignIn) -> Redirect:
    sign_out(sign_in, database=app.database, now=app.now())
    visit_of(request).end()
    return see_other("/sign-in")
