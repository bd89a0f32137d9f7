"""Accept an invitation: choose a name and a password."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.desk.collaborators import TheApp
from newsletter.desk.routes import ANYBODY, act, say, screen, see_other
from newsletter.desk.signing_in import client_of
from newsletter.desk.visit import AnyRequest, visit_of
from newsletter.domain.editor import Editor
from newsletter.errors import InputError
from newsletter.service.accept_invitation import accept_invitation, find_invited
from newsletter.service.password import SHORTEST_PASSWORD
from newsletter.service.sign_in import begin_sign_in
from newsletter.web.pages import show


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationPage:
    invited: Editor
    token: str
    name: str
    shortest: int = SHORTEST_PASSWORD
    #: why the form is shown again
    error: str = ""


@screen("/invitation/{token:str}", role=ANYBODY)
def show_invitation(token: FromPath[str], app: TheApp) -> Template:
    invited = find_invited(token, database=app.database, keys=app.keys, now=app.now())
    return show("invitation.html.j2", InvitationPage(invited=invited, token=token, name=invited.name))


@act("/invitation/{token:str}", role=ANYBODY)
def accept(
    token: FromPath[str], request: AnyRequest, data: URLEncodedBody[dict[str, str]], app: TheApp
) -> Template | Redirect:
    now = app.now()
    invited = find_invited(token, database=app.database, keys=app.keys, now=now)
    name, password = data.get("name", ""), data.get("password", "")
    try:
        if password != data.get("again"):
            raise InputError("The two passwords differ; type the same one twice.")  # noqa: TRY301 - one answer for all
        editor = accept_invitation(token, name=name, password=password, database=app.database, keys=app.keys, now=now)
    except InputError as error:
        value = InvitationPage(invited=invited, token=token, name=name, error=str(error))
        return show("invitation.html.j2", value, status=400)
    visit = visit_of(request)
    begun = begin_sign_in(editor, agent=client_of(request).agent, database=app.database, now=now)
    visit.begin(begun)
    say(request, f"Welcome, {editor.label}.")
    return see_other("/")
