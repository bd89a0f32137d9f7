"""Who works at the newsletter: invite, change roles, remove."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.app import App
from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.address import EmailAddress
from newsletter.domain.editor import INVITATION_LASTS, Editor, EditorRole
from newsletter.errors import InputError, RefusedError
from newsletter.service.edit_editors import add_editor, change_role, invite_again, remove_editor
from newsletter.store.editors import get_editor, list_editors
from newsletter.web.pages import show

_ROLES = (
    (EditorRole.WRITER, "Writer: articles, announcements, teasers"),
    (EditorRole.EDITOR, "Editor: arranges issues as well"),
    (EditorRole.PUBLISHER, "Publisher: approves and sends as well"),
    (EditorRole.OWNER, "Owner: appoints the others as well"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorsPage:
    me: Editor
    editors: tuple[Editor, ...]
    roles: tuple[tuple[EditorRole, str], ...] = _ROLES
    days: int = INVITATION_LASTS.days
    #: what was typed into a form that was not taken, and why not
    email: str = ""
    name: str = ""
    role: str = EditorRole.EDITOR
    error: str = ""


@screen("/editors", role=EditorRole.OWNER)
def show_editors(app: TheApp, editor: TheEditor) -> Template:
    return show("editors.html.j2", EditorsPage(me=editor, editors=_list(app)))


@act("/editors", role=EditorRole.OWNER)
def invite(
    request: AnyRequest, data: URLEncodedBody[dict[str, str]], app: TheApp, editor: TheEditor
) -> Template | Redirect:
    email, name, role = data.get("email", "").strip(), data.get("name", ""), data.get("role", "")
    try:
        added = add_editor(
            EmailAddress.parse(email), name=name, role=_read_role(role), database=app.database, now=app.now(), by=editor
        )
    except (InputError, RefusedError) as error:
        value = EditorsPage(
            me=editor, editors=_list(app), email=email, name=name, role=role, error=_for_the_desk(error)
        )
        return show("editors.html.j2", value, status=400)
    say(request, f"An invitation is on its way to {added.address}.")
    return see_other("/editors")


@act("/editors/{editor_id:int}/role", role=EditorRole.OWNER)
def set_role(
    editor_id: FromPath[int], request: AnyRequest, data: URLEncodedBody[dict[str, str]], app: TheApp, editor: TheEditor
) -> Redirect:
    role = _read_role(data.get("role", ""))
    changed = change_role(editor_id, role, database=app.database, now=app.now(), by=editor)
    say(request, f"{changed.label} is {changed.role} now.")
    return see_other("/editors" if changed.id != editor.id or role is EditorRole.OWNER else "/")


@act("/editors/{editor_id:int}/invite", role=EditorRole.OWNER)
def send_invitation(editor_id: FromPath[int], request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    invited = invite_again(editor_id, database=app.database, now=app.now(), by=editor)
    say(request, f"A new link is on its way to {invited.address}; those before it are void.")
    return see_other("/editors")


@act("/editors/{editor_id:int}/remove", role=EditorRole.OWNER)
def remove(editor_id: FromPath[int], request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    with app.database.snapshot() as snapshot:
        address = get_editor(snapshot, editor_id).address
    removed = remove_editor(address, database=app.database, now=app.now(), by=editor)
    say(request, f"{removed.label} is no editor any more, and is signed out everywhere.")
    return see_other("/editors")


def _list(app: App) -> tuple[Editor, ...]:
    with app.database.snapshot() as snapshot:
        return list_editors(snapshot)


def _read_role(text: str) -> EditorRole:
    try:
        return EditorRole(text)
    except ValueError as error:
        raise InputError("Choose one of the four roles.") from error


def _for_the_desk(error: InputError | RefusedError) -> str:
    """Return the sentence without the command that it names; here there are buttons."""
    return str(error).partition("; 'newsletter")[0].rstrip(".") + "."
