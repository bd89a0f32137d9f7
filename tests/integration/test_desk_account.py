"""Editors come in by an invitation, choose password and second factor, and an owner says what they may do."""

from __future__ import annotations

import asyncio
import html
import re
from base64 import b32decode, b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from msgspec.structs import replace as replace_keys

from desk_stand import PASSWORD, Browser, an_app, appoint, begin_sign_in, open_desk
from newsletter.app import App
from newsletter.domain.address import EmailAddress
from newsletter.domain.budget import Limits
from newsletter.domain.editor import EditorRole
from newsletter.domain.second_factor import make_code, write_key
from newsletter.domain.token import EditorToken, Purpose
from newsletter.errors import RefusedError
from newsletter.mail.relay import Relay, open_session
from newsletter.service.deliver_notices import deliver_notices
from newsletter.service.edit_editors import add_editor, change_role, remove_editor
from newsletter.service.ports import Session
from newsletter.service.write_notice import write_notice
from newsletter.settings import Security
from newsletter.store.audit import list_acts
from newsletter.store.database import Database
from newsletter.store.editors import find_editor, list_editors
from smtp_server import SmtpServer

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
ADA = EmailAddress("ada@example.org")
WRONG = "wrong, all of it"
NEW = "another four odd words"


class Clock:
    def __init__(self) -> None:
        self.time = T0

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(database: Database, clock: Clock) -> App:
    return an_app(database, now=clock)


@pytest.fixture
def owner(app: App) -> Iterator[Browser]:
    with open_desk(app, role=EditorRole.OWNER) as browser:
        yield browser


@pytest.fixture
def stranger(app: App) -> Iterator[Browser]:
    with open_desk(app) as browser:
        yield browser


def deliver(app: App, smtp_server: SmtpServer) -> int:
    async def connect() -> Session:
        return await open_session(
            Relay(host="127.0.0.1", port=smtp_server.port, security="none", username=None, password=None)
        )

    return asyncio.run(
        deliver_notices(
            database=app.database,
            clock=app.clock,
            connect=connect,
            write=lambda notice: write_notice(
                notice, masthead=app.masthead(), sender=app.sender, keys=app.keys, theme=None, now=app.now()
            ),
            limits=Limits(),
        )
    )


def invitation_path(app: App, address: EmailAddress = ADA) -> str:
    with app.database.snapshot() as snapshot:
        editor = find_editor(snapshot, address)
    assert editor
    assert editor.invited_at
    return f"/invitation/{EditorToken(editor.id, editor.invited_at).sign(Purpose.INVITATION, app.keys)}"


def accept(browser: Browser, path: str, password: str = NEW, again: str = NEW, name: str = "Ada Lindqvist") -> int:
    return browser.post(path, on=path, name=name, password=password, again=again).status_code


def test_an_invitation_comes_by_mail_and_lets_its_editor_in(
    app: App, owner: Browser, stranger: Browser, smtp_server: SmtpServer
) -> None:
    answer = owner.post("/editors", on="/editors", email="Ada@Example.org", name="", role="publisher")
    assert "An invitation is on its way to ada@example.org." in owner.follow(answer).text
    assert deliver(app, smtp_server) == 1

    (received,) = smtp_server.letters
    letter = message_from_bytes(received.data, policy=policy.default)
    assert (letter["To"], letter["Subject"]) == (
        "ada@example.org",
        "Your invitation to the desk of The River Review",
    )
    text = letter.get_body(("plain",))
    assert text
    found = re.search(r"http://testserver\.local/desk(/invitation/\S+)", text.get_content())
    assert found
    assert "publisher" in stranger.get(found[1]).text
    assert accept(stranger, found[1]) == 303
    assert "Welcome, Ada Lindqvist." in stranger.get("/").text


def test_an_invitation_works_once(app: App, stranger: Browser) -> None:
    add_editor(ADA, name="", role=EditorRole.WRITER, database=app.database, now=T0)
    path = invitation_path(app)

    assert accept(stranger, path) == 303
    assert stranger.get(path).status_code == 404


@pytest.mark.parametrize("days", [7, 8])
def test_an_invitation_works_for_seven_days(app: App, stranger: Browser, clock: Clock, days: int) -> None:
    add_editor(ADA, name="", role=EditorRole.WRITER, database=app.database, now=T0)
    clock.time += timedelta(days=days)

    assert stranger.get(invitation_path(app)).status_code == (200 if days == 7 else 404)


def test_a_later_invitation_voids_the_one_before(app: App, owner: Browser, stranger: Browser, clock: Clock) -> None:
    add_editor(ADA, name="", role=EditorRole.WRITER, database=app.database, now=T0)
    before = invitation_path(app)
    clock.time += timedelta(hours=1)
    owner.post("/editors/2/invite", on="/editors")

    assert stranger.get(before).status_code == 404
    assert stranger.get(invitation_path(app)).status_code == 200


def test_a_token_of_another_purpose_is_no_invitation(app: App, stranger: Browser) -> None:
    add_editor(ADA, name="", role=EditorRole.WRITER, database=app.database, now=T0)
    token = EditorToken(1, T0).sign(Purpose.PASSWORD_SHOWN, app.keys)

    assert stranger.get(f"/invitation/{token}").status_code == 404


@pytest.mark.parametrize(
    ("password", "again", "name", "sentence"),
    [
        ("short", "short", "Ada", "12 or more"),
        ("aaaaaaaaaaaaaa", "aaaaaaaaaaaaaa", "Ada", "easily guessed"),
        ("ada@example.org", "ada@example.org", "Ada", "easily guessed"),
        (NEW, "something else entirely", "Ada", "two passwords differ"),
        (NEW, NEW, " ", "Write your name"),
    ],
)
def test_a_password_that_will_not_do_is_told_why(
    app: App, stranger: Browser, password: str, again: str, name: str, sentence: str
) -> None:
    add_editor(ADA, name="", role=EditorRole.WRITER, database=app.database, now=T0)
    path = invitation_path(app)
    answer = stranger.post(path, on=path, name=name, password=password, again=again)

    assert answer.status_code == 400
    assert sentence in answer.text


def test_an_invitation_of_somebody_removed_is_not_sent(app: App, smtp_server: SmtpServer) -> None:
    add_editor(ADA, name="", role=EditorRole.WRITER, database=app.database, now=T0)
    remove_editor(ADA, database=app.database, now=T0)

    assert deliver(app, smtp_server) == 0


def set_up_factor(browser: Browser, now: datetime) -> tuple[bytes, list[str]]:
    """Set the second factor as an app would; return its key and the recovery codes."""
    page = browser.get("/account/second-factor").text
    found = re.search(r'name="key" value="([A-Z2-7]+)"', page)
    assert found
    assert "<svg" in page
    key = b32decode(found[1])
    code = make_code(key, int(now.timestamp()) // 30)
    answer = browser.post(
        "/account/second-factor", on="/account/second-factor", key=found[1], code=code, password=PASSWORD
    )
    assert answer.status_code == 200, answer.text
    return key, re.findall(r"<code>([a-z2-7-]+)</code>", answer.text)


def give_password(browser: Browser) -> str:
    """Sign in as far as the password goes; return what shows that it was right."""
    answer = browser.post("/sign-in", on="/sign-in", email="owner@example.org", password=PASSWORD)
    found = re.search(r'name="proof" value="([^"]+)"', answer.text)
    assert found, answer.text
    return found[1]


def give_code(browser: Browser, proof: str, code: str) -> int:
    return browser.post("/sign-in/code", on="/sign-in", proof=proof, code=code).status_code


def test_with_a_second_factor_the_password_alone_is_not_enough(owner: Browser, stranger: Browser, clock: Clock) -> None:
    key, _ = set_up_factor(owner, clock())
    clock.time += timedelta(minutes=1)
    proof = give_password(stranger)

    assert stranger.get("/").status_code == 303
    assert give_code(stranger, proof, "000000") == 400
    assert give_code(stranger, proof, make_code(key, int(clock().timestamp()) // 30)) == 303
    assert stranger.get("/").status_code == 200


def test_the_database_file_has_no_key_of_a_second_factor(
    sqlite_database: Database, tmp_path: Path, clock: Clock
) -> None:
    with open_desk(an_app(sqlite_database, now=clock), role=EditorRole.OWNER) as owner:
        key, codes = set_up_factor(owner, clock())
    files = {file.name: file.read_bytes() for file in tmp_path.glob("newsletter.db*")}

    assert b"owner@example.org" in b"".join(files.values())
    written = (key, write_key(key).encode(), key.hex().encode(), b64encode(key), *map(str.encode, codes))
    assert [(name, text) for name, content in files.items() for text in written if text in content] == []


def test_under_another_secret_an_editor_reads_why_no_code_is_right(
    app: App, database: Database, owner: Browser, clock: Clock
) -> None:
    key, codes = set_up_factor(owner, clock())
    clock.time += timedelta(minutes=1)
    security = Security(secret_key="a secret that has nothing to do with it", address_key="a" * 32)  # noqa: S106 - nobody's
    settings = replace_keys(app.settings, security=security)
    with open_desk(an_app(database, now=clock, settings=settings)) as stranger:
        proof = give_password(stranger)
        code = make_code(key, int(clock().timestamp()) // 30)
        answer = stranger.post("/sign-in/code", on="/sign-in", proof=proof, code=code)

        assert answer.status_code == 400
        assert "Your codes cannot be checked" in answer.text
        assert give_code(stranger, proof, codes[0]) == 303


def test_a_code_is_taken_once(app: App, owner: Browser, stranger: Browser, clock: Clock) -> None:
    key, _ = set_up_factor(owner, clock())
    used_in_set_up = make_code(key, int(clock().timestamp()) // 30)
    assert give_code(stranger, give_password(stranger), used_in_set_up) == 400

    clock.time += timedelta(minutes=1)
    code = make_code(key, int(clock().timestamp()) // 30)
    assert give_code(stranger, give_password(stranger), code) == 303
    with open_desk(app) as thief:
        assert give_code(thief, give_password(thief), code) == 400


def test_a_recovery_code_stands_in_once(owner: Browser, stranger: Browser, clock: Clock) -> None:
    _, codes = set_up_factor(owner, clock())
    assert len(codes) == 10

    assert give_code(stranger, give_password(stranger), codes[3].upper()) == 303
    stranger.client.cookies.clear()
    assert give_code(stranger, give_password(stranger), codes[3]) == 400
    assert "9 recovery codes" in owner.get("/account").text


def test_what_shows_the_password_runs_out(owner: Browser, stranger: Browser, clock: Clock) -> None:
    key, _ = set_up_factor(owner, clock())
    proof = give_password(stranger)
    clock.time += timedelta(minutes=6)

    assert give_code(stranger, proof, make_code(key, int(clock().timestamp()) // 30)) == 400


def test_codes_cannot_be_guessed_for_long(owner: Browser, stranger: Browser, clock: Clock) -> None:
    set_up_factor(owner, clock())
    proof = give_password(stranger)

    answers = [give_code(stranger, proof, f"{number:06}") for number in range(10)]
    assert answers == [400] * 9 + [429]


def test_a_second_factor_is_neither_set_nor_dropped_without_the_password(
    app: App, owner: Browser, clock: Clock
) -> None:
    set_up_factor(owner, clock())
    wrong = owner.post("/account/second-factor/drop", on="/account", password=WRONG)
    assert (wrong.status_code, "The password is not right" in wrong.text) == (400, True)

    assert owner.post("/account/second-factor/drop", on="/account", password=PASSWORD).status_code == 303
    with app.database.snapshot() as snapshot:
        assert not list_editors(snapshot)[0].has_second_factor


def test_a_new_invitation_replaces_a_lost_phone(app: App, owner: Browser, stranger: Browser, clock: Clock) -> None:
    set_up_factor(owner, clock())
    owner.post("/editors/1/invite", on="/editors")

    assert accept(stranger, invitation_path(app, EmailAddress("owner@example.org"))) == 303
    assert owner.get("/").status_code == 303
    with app.database.snapshot() as snapshot:
        assert not list_editors(snapshot)[0].has_second_factor


def test_another_password_signs_all_other_browsers_out(app: App, owner: Browser, stranger: Browser) -> None:
    owner_editor = appoint(app.database, EditorRole.OWNER, now=T0)
    stranger.client.cookies.set("desk", begin_sign_in(app.database, owner_editor, now=T0))
    assert stranger.get("/").status_code == 200
    changed = owner.post("/account/password", on="/account", old=PASSWORD, new=NEW, again=NEW)

    assert changed.status_code == 303
    assert (owner.get("/").status_code, stranger.get("/").status_code) == (200, 303)


def test_sign_ins_are_listed_and_ended_one_by_one(app: App, owner: Browser, stranger: Browser) -> None:
    editor = appoint(app.database, EditorRole.OWNER, now=T0)
    stranger.client.cookies.set("desk", begin_sign_in(app.database, editor, now=T0))
    (other,) = re.findall(r"/desk/account/sign-ins/(\d+)/end", owner.get("/account").text)

    assert owner.post(f"/account/sign-ins/{other}/end", on="/account").status_code == 303
    assert stranger.get("/").status_code == 303
    assert owner.post(f"/account/sign-ins/{other}/end", on="/account").status_code == 404


def test_nobody_ends_the_sign_ins_of_others(app: App, owner: Browser) -> None:
    writer = appoint(app.database, EditorRole.WRITER, now=T0)
    begin_sign_in(app.database, writer, now=T0)

    assert owner.post("/account/sign-ins/2/end", on="/account").status_code == 404


def test_somebody_is_always_owner(app: App, owner: Browser) -> None:
    answer = owner.post("/editors/1/role", on="/editors", role="writer")

    assert answer.status_code == 409
    assert "only owner" in answer.text
    with pytest.raises(RefusedError, match="only owner"):
        change_role(1, EditorRole.EDITOR, database=app.database, now=T0)


def test_a_role_changes_at_once(app: App, owner: Browser, stranger: Browser) -> None:
    writer = appoint(app.database, EditorRole.WRITER, now=T0)
    stranger.client.cookies.set("desk", begin_sign_in(app.database, writer, now=T0))
    assert stranger.get("/audit").status_code == 403

    assert owner.post(f"/editors/{writer.id}/role", on="/editors", role="publisher").status_code == 303
    assert stranger.get("/audit").status_code == 200


def test_what_was_typed_stays_when_an_address_will_not_do(owner: Browser) -> None:
    answer = owner.post("/editors", on="/editors", email="ada", name="Ada <i>L</i>", role="publisher")

    assert answer.status_code == 400
    assert 'value="ada"' in answer.text
    assert 'value="Ada &lt;i&gt;L&lt;/i&gt;"' in answer.text


def test_all_of_it_is_on_record_and_found_there(app: App, owner: Browser, clock: Clock) -> None:
    owner.post("/editors", on="/editors", email="ada@example.org", name="", role="writer")
    owner.post("/editors/2/role", on="/editors", role="editor")
    owner.post("/editors/2/remove", on="/editors")
    set_up_factor(owner, clock())

    with app.database.snapshot() as snapshot:
        acts = [(act.actor, act.act, act.subject) for act in list_acts(snapshot, most=10)]
    assert acts == [
        ("Owner", "set second factor", "editor 1"),
        ("Owner", "remove editor", "editor 2"),
        ("Owner", "change role", "editor 2"),
        ("Owner", "add editor", "editor 2"),
    ]
    found = html.unescape(owner.get("/audit?act=change+role").text)
    assert ("before: writer" in found, found.count("<tr>")) == (True, 2)
    assert "Nothing on record is like this" in owner.get("/audit?subject=issue+7").text


def test_a_long_log_is_read_page_by_page(app: App, owner: Browser) -> None:
    for _ in range(60):
        change_role(1, EditorRole.OWNER, database=app.database, now=T0)
        appoint(app.database, EditorRole.WRITER, now=T0)
        change_role(2, EditorRole.EDITOR, database=app.database, now=T0)
        change_role(2, EditorRole.WRITER, database=app.database, now=T0)
    first = owner.get("/audit").text
    (earlier,) = re.findall(r'rel="next" href="/desk([^"]+)"', first)
    second = owner.get(html.unescape(earlier)).text

    assert (first.count("<td>change role"), second.count("<td>change role")) == (100, 20)
