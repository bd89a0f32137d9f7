"""The desk's door: who is let in, for how long, and what a form has to bring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect, Template

from desk_stand import PASSWORD, Browser, an_app, appoint, begin_sign_in, open_desk, with_base_url
from newsletter.app import App
from newsletter.desk.factory import create_desk
from newsletter.desk.guard import read_way_back
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.editor import EditorRole
from newsletter.domain.sign_in import hash_token
from newsletter.store import sign_ins
from newsletter.store.database import Database
from newsletter.store.editors import mark_removed
from newsletter.web.pages import page, show

WRONG = "wrong, all of it"
T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass
class Clock:
    time: datetime = T0

    def __call__(self) -> datetime:
        return self.time

    def advance(self, span: timedelta) -> None:
        self.time += span


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(sqlite_database: Database, clock: Clock) -> App:
    return an_app(sqlite_database, now=clock)


@pytest.fixture
def browser(app: App) -> Iterator[Browser]:
    with open_desk(app) as browser:
        yield browser


def sign_in(browser: Browser, email: str = "editor@example.org", password: str = PASSWORD, back: str = "") -> int:
    answer = browser.post("/sign-in", on="/sign-in", email=email, password=password, back=back)
    return answer.status_code


def test_who_is_not_signed_in_is_asked_to_and_comes_back_to_the_page(app: App, browser: Browser) -> None:
    appoint(app.database, EditorRole.EDITOR, now=T0)
    asked = browser.get("/?of=interest")

    assert asked.headers["Location"] == "/desk/sign-in?back=%2Fdesk%3Fof%3Dinterest"
    answer = browser.post(
        "/sign-in", on="/sign-in", email="editor@example.org", password=PASSWORD, back="/desk?of=interest"
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/?of=interest")
    assert "Issue 1" in browser.get("/").text


@pytest.mark.parametrize(
    "back", ["", "https://evil.example/", "//evil.example/desk/", "/elsewhere", "/desk/\\evil", "/desk/\n", "/desktop"]
)
def test_the_way_back_never_leaves_the_desk(back: str) -> None:
    assert read_way_back(back) == "/"


def test_the_same_is_said_of_a_wrong_password_and_of_nobodys_address(app: App, browser: Browser) -> None:
    appoint(app.database, EditorRole.EDITOR, now=T0)
    said = set()
    for email in ("editor@example.org", "nobody@example.org", "no address"):
        answer = browser.post("/sign-in", on="/sign-in", email=email, password=WRONG)
        assert answer.status_code == 400
        said.add(answer.text.replace(email, "").partition("<h1>")[2].partition("<form")[0])

    assert len(said) == 1


def test_a_tenth_of_an_hour_is_too_short_for_eleven_tries(app: App, browser: Browser, clock: Clock) -> None:
    appoint(app.database, EditorRole.EDITOR, now=T0)
    tries = [sign_in(browser, password=WRONG) for _ in range(11)]

    assert tries == [400] * 10 + [429]
    assert sign_in(browser) == 429
    clock.advance(timedelta(minutes=16))
    assert sign_in(browser) == 303


def test_tries_at_addresses_of_nobody_count_as_well(browser: Browser) -> None:
    tries = [sign_in(browser, "nobody@example.org", WRONG) for _ in range(11)]

    assert tries[-1] == 429


def test_one_network_may_not_try_many_accounts(browser: Browser) -> None:
    tries = [sign_in(browser, f"nobody{number}@example.org", WRONG) for number in range(41)]

    assert tries == [400] * 40 + [429]


def test_who_signs_in_is_counted_no_more(app: App, browser: Browser) -> None:
    appoint(app.database, EditorRole.EDITOR, now=T0)
    for _ in range(3):
        for _ in range(9):
            assert sign_in(browser, password=WRONG) == 400
        assert sign_in(browser) == 303
        browser.client.cookies.clear()


def test_only_the_hash_of_a_token_is_stored(app: App, browser: Browser) -> None:
    appoint(app.database, EditorRole.EDITOR, now=T0)
    sign_in(browser)
    token = browser.client.cookies["desk"]

    with app.database.snapshot() as snapshot:
        stored = snapshot.exec_driver_sql("SELECT token_hash FROM sign_ins").scalar_one()
    assert stored == hash_token(token)
    assert token.encode() not in stored


def test_cookies_are_kept_from_scripts_and_other_sites(app: App, browser: Browser) -> None:
    appoint(app.database, EditorRole.EDITOR, now=T0)
    answer = browser.post("/sign-in", on="/sign-in", email="editor@example.org", password=PASSWORD)

    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("desk="))
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))


def test_over_https_cookies_are_of_this_host_alone(sqlite_database: Database, clock: Clock) -> None:
    app = an_app(sqlite_database, now=clock, settings=with_base_url("https://review.example.org"))
    with open_desk(app) as browser:
        cookies = browser.get("/sign-in").headers.get_list("set-cookie")

    assert [cookie.partition("=")[0] for cookie in cookies] == ["__Host-desk-form"]
    assert "Secure" in cookies[0].split("; ")


def test_a_sign_in_ends_without_use_and_however_busy_it_was(app: App, browser: Browser, clock: Clock) -> None:
    appoint(app.database, EditorRole.EDITOR, now=T0)
    sign_in(browser)
    clock.advance(timedelta(hours=11, minutes=50))
    assert browser.get("/").status_code == 200
    clock.advance(timedelta(hours=12, minutes=1))
    assert browser.get("/").status_code == 303

    sign_in(browser)
    for _ in range(14 * 3):
        assert browser.get("/").status_code == 200
        clock.advance(timedelta(hours=8))
    clock.advance(timedelta(minutes=1))
    assert browser.get("/").status_code == 303


def test_who_signed_out_is_out_also_with_a_copy_of_the_cookie(app: App, browser: Browser) -> None:
    appoint(app.database, EditorRole.EDITOR, now=T0)
    sign_in(browser)
    stolen = browser.client.cookies["desk"]

    assert browser.post("/sign-out").headers["Location"] == "/desk/sign-in"
    assert "desk" not in browser.client.cookies
    browser.client.cookies.set("desk", stolen)
    assert browser.get("/").status_code == 303


def test_a_token_that_somebody_else_chose_is_never_taken_up(app: App, browser: Browser) -> None:
    appoint(app.database, EditorRole.EDITOR, now=T0)
    chosen = "a-token-that-somebody-else-chose"
    browser.client.cookies.set("desk", chosen, domain="testserver.local", path="/")
    sign_in(browser)

    assert browser.client.cookies["desk"] != chosen
    browser.client.cookies.set("desk", chosen, domain="testserver.local", path="/")
    assert browser.get("/").status_code == 303


def test_who_is_removed_is_out_at_once(app: App) -> None:
    with open_desk(app, role=EditorRole.WRITER) as browser:
        assert browser.get("/").status_code == 200
        with app.database.transaction() as transaction:
            mark_removed(transaction, 1, now=T0)
        assert browser.get("/").status_code == 303


def test_signing_in_and_out_is_on_record(app: App, browser: Browser) -> None:
    appoint(app.database, EditorRole.EDITOR, now=T0, name="Ada Lindqvist")
    sign_in(browser)
    browser.post("/sign-out")

    with app.database.snapshot() as snapshot:
        acts = snapshot.exec_driver_sql("SELECT actor, act, subject FROM audit_log ORDER BY id").all()
    assert [tuple(each) for each in acts] == [
        ("Ada Lindqvist", "sign in", "editor 1"),
        ("Ada Lindqvist", "sign out", "editor 1"),
    ]


@act("/praise", role=EditorRole.EDITOR)
def praise(request: AnyRequest) -> Redirect:
    say(request, "It is <b>praised</b>.")
    return see_other("/shown")


@screen("/shown", role=EditorRole.WRITER)
def shown() -> Template:
    return show("error.html.j2", {"status": "", "title": "Shown", "sentence": "Here."})


@page("/open")
def unnamed() -> str:
    return "anybody sees it"


@pytest.fixture
def handlers() -> list[HTTPRouteHandler]:
    return [praise, shown]


def test_a_handler_without_a_role_is_not_served_at_all(app: App) -> None:
    with pytest.raises(ValueError, match="unnamed names no role"):
        create_desk(app, handlers=[unnamed])


def a_browser(app: App, role: EditorRole, handlers: list[HTTPRouteHandler]) -> Browser:
    from litestar.testing import TestClient  # noqa: PLC0415 - this test alone makes a desk of its own handlers

    client = TestClient(create_desk(app, handlers=handlers), raise_server_exceptions=False)
    editor = appoint(app.database, role, now=T0)
    client.cookies.set("desk", begin_sign_in(app.database, editor, now=T0))
    return Browser(client)


def test_an_act_is_said_once_on_the_next_page_as_text(app: App, handlers: list[HTTPRouteHandler]) -> None:
    browser = a_browser(app, EditorRole.EDITOR, handlers)
    answer = browser.post("/praise", on="/shown")

    assert "It is &lt;b&gt;praised&lt;/b&gt;." in browser.follow(answer).text
    assert "praised" not in browser.get("/shown").text


def test_a_role_that_is_too_low_is_told_what_it_takes(app: App, handlers: list[HTTPRouteHandler]) -> None:
    answer = a_browser(app, EditorRole.WRITER, handlers).post("/praise", on="/shown")

    assert answer.status_code == 403
    assert "This takes the role “editor” or a higher one, and yours is “writer”" in answer.text


@pytest.mark.parametrize("value", [None, "", "nonsense", "AAAA", "ä"])
def test_an_act_without_its_forms_value_is_refused(
    app: App, handlers: list[HTTPRouteHandler], value: str | None
) -> None:
    browser = a_browser(app, EditorRole.EDITOR, handlers)
    answer = browser.client.post("/desk/praise", data={} if value is None else {"form": value}, follow_redirects=False)

    assert answer.status_code == 403
    assert "load it again" in answer.text


def test_a_form_of_one_sign_in_is_refused_in_another(app: App, handlers: list[HTTPRouteHandler]) -> None:
    value = a_browser(app, EditorRole.OWNER, handlers).form_value("/shown")
    browser = a_browser(app, EditorRole.EDITOR, handlers)

    assert browser.client.post("/desk/praise", data={"form": value}, follow_redirects=False).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "http://testserver.local"}, 303),
    ],
)
def test_a_form_sent_by_another_site_is_refused_even_with_its_value(
    app: App, handlers: list[HTTPRouteHandler], headers: dict[str, str], status: int
) -> None:
    browser = a_browser(app, EditorRole.EDITOR, handlers)
    value = browser.form_value("/shown")
    by_field = browser.client.post("/desk/praise", data={"form": value}, headers=headers, follow_redirects=False)
    by_header = browser.client.post("/desk/praise", headers={**headers, "X-Desk-Form": value}, follow_redirects=False)

    assert (by_field.status_code, by_header.status_code) == (status, status)


def test_a_script_without_a_sign_in_is_sent_to_the_door(browser: Browser) -> None:
    answer = browser.get("/", **{"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/desk/sign-in")


def test_no_page_is_kept_or_framed_or_runs_what_is_not_ours(browser: Browser) -> None:
    answer = browser.get("/sign-in")

    assert answer.headers["Cache-Control"] == "no-store"
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_sign_ins_that_have_run_out_are_deleted(app: App, browser: Browser, clock: Clock) -> None:
    editor = appoint(app.database, EditorRole.EDITOR, now=T0)
    begin_sign_in(app.database, editor, now=T0)
    sign_in(browser, password=WRONG)
    clock.advance(timedelta(hours=13))
    with app.database.transaction() as transaction:
        sign_ins.delete_old(
            transaction, tries_before=clock(), seen_before=clock() - timedelta(hours=12), begun_before=T0
        )

    with app.database.snapshot() as snapshot:
        left = snapshot.exec_driver_sql(
            "SELECT (SELECT count(*) FROM sign_ins), (SELECT count(*) FROM sign_in_tries)"
        ).one()
    assert tuple(left) == (0, 0)
