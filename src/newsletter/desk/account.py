"""One's own account: password, second factor, and the browsers that are signed in."""

from __future__ import annotations

from base64 import b32decode
from binascii import Error as EncodingError
from dataclasses import dataclass
from io import BytesIO

import segno
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from markupsafe import Markup

from newsletter.app import App
from newsletter.desk.collaborators import TheApp, TheEditor, TheSignIn
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.editor import Editor, EditorRole
from newsletter.domain.second_factor import KEY_BYTES, new_key, write_key, write_uri
from newsletter.domain.sign_in import SignIn
from newsletter.errors import InputError, TooManyError
from newsletter.service.edit_account import (
    change_password,
    drop_second_factor,
    end_other_sign_ins,
    end_own_sign_in,
    set_second_factor,
)
from newsletter.service.password import SHORTEST_PASSWORD
from newsletter.store.editors import count_recovery_codes
from newsletter.store.sign_ins import list_sign_ins
from newsletter.web.pages import show


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    editor: Editor
    here: SignIn
    #: the latest used first
    sign_ins: tuple[SignIn, ...]
    codes_left: int
    shortest: int = SHORTEST_PASSWORD
    #: why the password was not changed
    password_error: str = ""
    #: why the second factor was not taken away
    factor_error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorPage:
    """The picture that an app reads, and the form that shows it did."""

    #: as it is typed in where no picture can be read
    key: str
    picture: Markup
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodesPage:
    codes: tuple[str, ...]


@screen("/account", role=EditorRole.WRITER)
def show_account(app: TheApp, sign_in: TheSignIn) -> Template:
    return show("account.html.j2", _load(app, sign_in))


@act("/account/password", role=EditorRole.WRITER)
def save_password(
    request: AnyRequest, data: URLEncodedBody[dict[str, str]], app: TheApp, sign_in: TheSignIn
) -> Template | Redirect:
    new = data.get("new", "")
    try:
        if new != data.get("again"):
            raise InputError("The two new passwords differ; type the same one twice.")  # noqa: TRY301 - one answer
        change_password(
            sign_in,
            old=data.get("old", ""),
            new=new,
            database=app.database,
            address_key=app.address_key,
            now=app.now(),
        )
    except (InputError, TooManyError) as error:
        return show("account.html.j2", _load(app, sign_in, password_error=str(error)), status=400)
    say(request, "The password is changed, and all other browsers are signed out.")
    return see_other("/account")


@screen("/account/second-factor", role=EditorRole.WRITER)
def show_second_factor(app: TheApp, editor: TheEditor) -> Template:
    return show("second_factor_key.html.j2", _draw(app, editor, new_key()))


@act("/account/second-factor", role=EditorRole.WRITER)
def save_second_factor(data: URLEncodedBody[dict[str, str]], app: TheApp, editor: TheEditor) -> Template:
    key = _read_key(data.get("key", ""))
    try:
        codes = set_second_factor(
            editor,
            key,
            code=data.get("code", ""),
            password=data.get("password", ""),
            database=app.database,
            keys=app.keys,
            address_key=app.address_key,
            now=app.now(),
        )
    except (InputError, TooManyError) as error:
        return show("second_factor_key.html.j2", _draw(app, editor, key, error=str(error)), status=400)
    return show("recovery_codes.html.j2", RecoveryCodesPage(codes=codes))


@act("/account/second-factor/drop", role=EditorRole.WRITER)
def drop_factor(
    request: AnyRequest, data: URLEncodedBody[dict[str, str]], app: TheApp, sign_in: TheSignIn
) -> Template | Redirect:
    try:
        drop_second_factor(
            sign_in.editor,
            password=data.get("password", ""),
            database=app.database,
            address_key=app.address_key,
            now=app.now(),
        )
    except (InputError, TooManyError) as error:
        return show("account.html.j2", _load(app, sign_in, factor_error=str(error)), status=400)
    say(request, "No code is asked for any more.")
    return see_other("/account")


@act("/account/sign-ins/{sign_in_id:int}/end", role=EditorRole.WRITER)
def end_one(sign_in_id: FromPath[int], request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    end_own_sign_in(editor, sign_in_id, database=app.database, now=app.now())
    say(request, "That browser is signed out.")
    return see_other("/account")


@act("/account/sign-ins/end", role=EditorRole.WRITER)
def end_others(request: AnyRequest, app: TheApp, sign_in: TheSignIn) -> Redirect:
    ended = end_other_sign_ins(sign_in, database=app.database, now=app.now())
    say(request, "No other browser was signed in." if not ended else f"{ended} signed out; this one stays.")
    return see_other("/account")


def _load(app: App, sign_in: SignIn, *, password_error: str = "", factor_error: str = "") -> AccountPage:
    editor, now = sign_in.editor, app.now()
    with app.database.snapshot() as snapshot:
        present = tuple(each for each in list_sign_ins(snapshot, editor.id) if not each.is_over(now))
        codes_left = count_recovery_codes(snapshot, editor.id)
    return AccountPage(
        editor=editor,
        here=sign_in,
        sign_ins=present,
        codes_left=codes_left,
        password_error=password_error,
        factor_error=factor_error,
    )


def _draw(app: App, editor: Editor, key: bytes, *, error: str = "") -> SecondFactorPage:
    uri = write_uri(key, site=app.settings.site.name, account=editor.address.text)
    drawn = BytesIO()
    segno.make(uri, error="m").save(
        drawn, kind="svg", scale=5, border=4, xmldecl=False, svgns=True, light="#ffffff", title="The key as a QR code"
    )
    picture = Markup(drawn.getvalue().decode("utf-8"))  # noqa: S704 - segno draws it, and holds no text of ours
    return SecondFactorPage(key=write_key(key), picture=picture, error=error)


def _read_key(text: str) -> bytes:
    """Read the key that our own form gave back. Raises InputError."""
    try:
        key = b32decode(text)
    except (EncodingError, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise InputError("The form is not whole; open the page again.")
    return key
