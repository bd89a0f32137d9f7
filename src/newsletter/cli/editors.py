"""`newsletter editors`: add, list, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from newsletter.cli.output import JsonFlag, print_json, print_table, say

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.domain.editor import Editor

editors = typer.Typer(no_args_is_help=True, help="Who works at the newsletter, and what they may do.")

Address = Annotated[str, typer.Argument(metavar="EMAIL", help="The editor's address.")]


@editors.command()
def add(
    email: Address,
    *,
    name: Annotated[str, typer.Option(help="As colleagues see it.")] = "",
    role: Annotated[
        Literal["writer", "editor", "publisher", "owner"],
        typer.Option(help="Each may do what those before it may; publishers approve and send."),
    ] = "editor",
    as_json: JsonFlag = False,
) -> None:
    """Appoint an editor, who gets an invitation to the desk by mail.

    While no owner has come in, the link is printed as well: a fresh project may have no relay yet.
    """
    from newsletter.app import open_app
    from newsletter.domain.address import EmailAddress
    from newsletter.domain.editor import EditorRole
    from newsletter.service.edit_editors import add_editor, is_anybody_owner

    with open_app() as app:
        address, now = EmailAddress.parse(email), app.now()
        editor = add_editor(address, name=name, role=EditorRole(role), database=app.database, now=now)
        invitation = "" if is_anybody_owner(app.database) else _invitation_url(app, editor)
    if as_json:
        print_json(_document(editor) | ({"invitation": invitation} if invitation else {}))
        return
    say(f"{editor.address} is {editor.role} now.")
    if invitation:
        say(f"The invitation leads to {invitation} and is sent to the address too.")


@editors.command("list")
def list_(as_json: JsonFlag = False) -> None:
    """List the editors."""
    from newsletter.app import open_app
    from newsletter.store.editors import list_editors

    with open_app() as app, app.database.snapshot() as snapshot:
        stored = list_editors(snapshot)
    if as_json:
        print_json([_document(editor) for editor in stored])
        return
    print_table(
        ["Address", "Name", "Role", "Since"],
        [[editor.address, editor.name, editor.role, f"{editor.added_at:%Y-%m-%d}"] for editor in stored],
    )


@editors.command()
def remove(email: Address) -> None:
    """Take an editor's rights; what they did stays on record."""
    from newsletter.app import open_app
    from newsletter.domain.address import EmailAddress
    from newsletter.service.edit_editors import remove_editor

    with open_app() as app:
        editor = remove_editor(EmailAddress.parse(email), database=app.database, now=app.now())
    say(f"{editor.address} is no editor any more.")


def _invitation_url(app: App, editor: Editor) -> str:
    from newsletter.domain.token import EditorToken
    from newsletter.service.write_notice import invitation_path

    base_url = app.settings.site.base_url.rstrip("/")
    return f"{base_url}/{invitation_path(EditorToken(editor.id, editor.invited_at or editor.added_at), app.keys)}"


def _document(editor: Editor) -> dict[str, Any]:
    return {
        "id": editor.id,
        "email": editor.address.text,
        "name": editor.name,
        "role": editor.role,
        "added_at": editor.added_at,
    }
