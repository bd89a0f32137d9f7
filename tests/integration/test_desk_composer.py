"""The composer's pages and forms, as a browser without scripts uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import msgspec
import pytest

from desk_stand import SETTINGS, Browser, an_app, open_desk
from issue_desk import Desk
from mailing_stand import add_readers
from newsletter.app import App
from newsletter.desk.composer import read_change
from newsletter.domain.address import EmailAddress
from newsletter.domain.arrangement import ItemName
from newsletter.domain.change import Place, Refill, Swap
from newsletter.domain.editor import EditorRole
from newsletter.domain.issue import ItemSlot
from newsletter.domain.partner import PartnerLink
from newsletter.errors import InputError
from newsletter.service.change_draft import change_draft
from newsletter.settings import Render, Smtp
from newsletter.store import partners
from newsletter.store.database import Database
from newsletter.store.subscribers import find_subscriber
from smtp_server import SmtpServer

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def desk(sqlite_database: Database) -> Desk:
    return Desk(sqlite_database)


@pytest.fixture
def app(desk: Desk) -> App:
    settings = msgspec.structs.replace(SETTINGS, render=Render(compiler="mrml"))
    return an_app(desk.database, now=lambda: desk.now, settings=settings)


@pytest.fixture
def browser(app: App) -> Iterator[Browser]:
    with open_desk(app, role=EditorRole.EDITOR) as opened:
        yield opened


def order(page: httpx.Response) -> list[str]:
    return re.findall(r'data-item="([^"]+)"', page.text)


def seen(page: httpx.Response) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page.text)
    assert found
    return found[1]


def test_an_issue_is_drafted_and_found_in_the_list(desk: Desk, browser: Browser) -> None:
    desk.store("One", "Two")

    assert "No issue yet" in browser.get("/issues").text
    drafted = browser.follow(browser.post("/issues", on="/issues"))

    assert order(drafted) == ["1", "2"]
    assert 'href="/desk/issues/1"' in browser.get("/issues").text


def test_home_drafts_the_next_issue_for_who_may_and_while_none_is_open(desk: Desk, app: App, browser: Browser) -> None:
    desk.store("One", "Two")
    with open_desk(app, role=EditorRole.WRITER) as writer:
        assert "Draft the next issue" not in writer.get("/").text
    assert "Draft the next issue" in browser.get("/").text
    drafted = browser.follow(browser.post("/issues", on="/"))

    assert order(drafted) == ["1", "2"]
    assert "Draft the next issue" not in browser.get("/").text


def test_rows_move_by_their_buttons(desk: Desk, browser: Browser) -> None:
    one, two = desk.store("One", "Two")
    desk.draft()

    moved = browser.follow(browser.post("/issues/40/items", on="/issues/40", do=f"up {two}"))

    assert order(moved) == [str(two), str(one)]
    assert "Editor moved “Two” up" in moved.text
    undone = browser.follow(browser.post("/issues/40/undo", on="/issues/40"))
    assert order(undone) == [str(one), str(two)]
    assert order(browser.follow(browser.post("/issues/40/redo", on="/issues/40"))) == [str(two), str(one)]


def test_any_change_of_the_history_is_taken_back_by_its_button(desk: Desk, browser: Browser) -> None:
    one, two = desk.store("One", "Two")
    desk.draft()
    removed = browser.follow(browser.post("/issues/40/items", on="/issues/40", do=f"remove {one}"))
    found = re.search(r'name="revision" value="(\d+)"', removed.text)
    assert found

    back = browser.follow(browser.post("/issues/40/take-back", on="/issues/40", revision=found[1]))

    assert order(back) == [str(one), str(two)]


def test_words_are_saved_and_their_clash_is_shown_and_settled(desk: Desk, browser: Browser) -> None:
    (one,) = desk.store("One")
    desk.draft()
    before = seen(browser.get("/issues/40"))
    text = {"text": f"headline:{one}", "seen": before}

    saved = browser.follow(browser.post("/issues/40/words", on="/issues/40", words="First", **text))
    late = browser.follow(browser.post("/issues/40/words", on="/issues/40", words="Second", **text))

    assert "Saved." in saved.text
    assert "Yours is kept beside it" in late.text
    assert ">\nFirst</textarea>" in late.text
    assert "<blockquote>Second</blockquote>" in late.text
    found = re.search(r'value="(take \d+)"', late.text)
    assert found
    settled = browser.follow(browser.post("/issues/40/clashes", on="/issues/40", choose=found[1]))
    assert ">\nSecond</textarea>" in settled.text
    assert "<blockquote>" not in settled.text


def test_what_else_there_is_is_added_and_swapped(desk: Desk, browser: Browser) -> None:
    one, two = desk.store("One", "Two")
    with desk.database.transaction() as transaction:
        partner = partners.add_partner(transaction, PartnerLink(name="Tarn", url="https://tarn.example/")).id
    desk.draft()
    browser.post("/issues/40/items", on="/issues/40", do=f"remove {two}")
    browser.post("/issues/40/items", on="/issues/40", do=f"remove partner:{partner}")

    found = browser.get("/issues/40/add?search=tw")
    for_swap = browser.get(f"/issues/40/add?for={one}")

    assert f'value="add {two}"' in found.text
    assert f"partner:{partner}" not in found.text + for_swap.text
    swapped = browser.follow(browser.post("/issues/40/items", on="/issues/40", do=f"swap {one} {two}"))
    assert order(swapped) == [str(two)]


def test_a_pulse_brings_only_what_is_new(desk: Desk, browser: Browser) -> None:
    one, two = desk.store("One", "Two")
    desk.draft()
    page = browser.get("/issues/40").text
    state = re.search(r'data-state="(\w+)"', page)
    assert state

    still = browser.post("/issues/40/pulse", on="/issues/40", state=state[1], text="")
    change_draft(40, Place(ItemName.parse(str(two)), ItemSlot.LEAD), by="Tomas", database=desk.database, now=desk.now)
    moved = browser.post("/issues/40/pulse", on="/issues/40", state=state[1], text="subject")

    assert still.status_code == 204
    assert order(moved) == [str(two), str(one)]
    assert "<html" not in moved.text


def test_a_refusal_for_a_script_is_a_sentence(desk: Desk, browser: Browser) -> None:
    desk.store("One")
    desk.draft()
    (late,) = desk.store("Two")
    data = {"form": browser.form_value("/issues/40"), "do": f"up {late}"}

    answer = browser.client.post("/desk/issues/40/items", data=data, headers={"HX-Request": "true"})

    assert answer.status_code == 409
    assert f"The issue has no article {late} any more" in answer.text
    assert "<html" not in answer.text


@pytest.mark.parametrize("text", ["", "fly 1", "up", "up x", "place 1", "place 1 nowhere", "swap 1", "refill 1"])
def test_what_no_button_says_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_change(text)


def test_buttons_and_drops_say_what_is_done() -> None:
    one, partner = ItemName.parse("1"), ItemName.parse("partner:2")

    assert read_change("place 1 feature") == Place(one, ItemSlot.FEATURE)
    assert read_change("place partner:2 partner partner:3") == Place(
        partner, ItemSlot.PARTNER, ItemName.parse("partner:3")
    )
    assert read_change("swap 1 2") == Swap(one, ItemName.parse("2"))
    assert read_change("refill") == Refill()


def test_a_writer_writes_teasers_and_arranges_nothing(desk: Desk, app: App) -> None:
    (one,) = desk.store("One")
    desk.draft()
    with open_desk(app, role=EditorRole.WRITER) as writer:
        page = writer.get("/issues/40")
        base = {"on": "/issues/40", "seen": seen(page)}

        written = writer.post("/issues/40/words", text=f"teaser:{one}", words="In brief.", **base)
        refused = [
            writer.post("/issues/40/words", text="subject", words="Mine", **base),
            writer.post("/issues/40/texts", text="subject", words="Mine", **base),
            writer.post("/issues/40/items", on="/issues/40", do=f"remove {one}"),
            writer.get("/issues/40/add"),
        ]

    assert written.status_code == 303
    assert [answer.status_code for answer in refused] == [403] * 4
    assert 'value="remove' not in page.text


def test_a_mailed_issue_is_only_looked_at(desk: Desk, app: App) -> None:
    desk.store("One")
    desk.publish()

    with open_desk(app, role=EditorRole.EDITOR) as browser:
        page = browser.get("/issues/40")
        refused = browser.post("/issues/40/items", on="/issues", do="remove 1")

    assert "frozen since its mailing opened" in page.text
    assert 'value="remove' not in page.text
    assert refused.status_code == 409


def test_stored_scripts_come_out_as_text(desk: Desk, browser: Browser) -> None:
    (one,) = desk.store(f"A {HOSTILE}")
    desk.draft()
    for text in ("subject", "preheader", "note", f"headline:{one}", f"teaser:{one}"):
        page = browser.get("/issues/40")
        browser.post("/issues/40/texts", on="/issues/40", text=text, words=f"{text} {HOSTILE}", seen=seen(page))

    pages = [
        browser.get(path).text
        for path in ("/issues", "/issues/40", "/issues/40/preview?look=text", "/issues/40/preview/letter")
    ]

    assert all("&lt;script&gt;alert" in page for page in pages)
    assert not any("<script>alert" in page for page in pages)


def test_a_letter_in_a_frame_runs_nothing_and_fetches_nothing(desk: Desk, browser: Browser) -> None:
    desk.store("One")
    desk.draft()

    letter = browser.get("/issues/40/preview/letter")
    bare = browser.get("/issues/40/preview/letter?images=none&scheme=dark")

    policy = letter.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-same-origin;" in f"{policy};"
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert "img-src 'none'" in bare.headers["Content-Security-Policy"]
    assert "prefers-color-scheme" in letter.text
    assert "prefers-color-scheme" not in bare.text


def test_a_letter_in_a_frame_is_shown_as_text_and_as_one_reader_gets_it(desk: Desk, browser: Browser) -> None:
    desk.store("One")
    desk.draft()
    add_readers(desk.database, ["clara.voss@example.net"])
    with desk.database.snapshot() as snapshot:
        reader = find_subscriber(snapshot, EmailAddress.parse("clara.voss@example.net"))
    assert reader

    text = browser.get("/issues/40/preview/letter?look=text")
    own = browser.get(f"/issues/40/preview/letter?as={reader.id}&scheme=light")
    nobody = browser.get("/issues/40/preview/letter?as=999999")
    none = browser.get("/issues/40/preview/letter?topics=4")

    assert text.headers["Content-Type"].startswith("text/plain")
    assert "default-src 'none'" in text.headers["Content-Security-Policy"]
    assert "/unsubscribe/" in text.text
    assert "<html" not in text.text
    assert own.headers["Content-Type"].startswith("text/html")
    assert nobody.status_code == 404
    assert none.status_code == 409
    assert none.text == "Issue 40 has nothing for readers of news: they get no letter."


def test_previews_show_every_side_of_a_letter(desk: Desk, browser: Browser) -> None:
    desk.store("One")
    desk.draft()

    looks = {
        look: browser.get(f"/issues/40/preview?look={look}").text
        for look in ("phone", "desktop", "no-images", "text", "headers")
    }

    assert looks["phone"].count("<iframe") == looks["desktop"].count("<iframe") == 2
    assert "images=none" in looks["no-images"]
    assert "/unsubscribe/" in looks["text"]
    assert "List-Unsubscribe-Post" in looks["headers"]


def test_nobody_but_an_owner_sees_whose_letter_it_is(desk: Desk, app: App) -> None:
    desk.store("One")
    desk.draft()
    add_readers(desk.database, ["clara.voss@example.net"])
    seen_by = {}
    for role in (EditorRole.EDITOR, EditorRole.OWNER):
        with open_desk(app, role=role) as opened:
            chosen = opened.post(
                "/issues/40/preview", on="/issues/40/preview", address="clara.voss@example.net", look="headers"
            )
            assert "clara" not in chosen.headers["Location"]
            seen_by[role] = opened.follow(chosen).text

    assert "c…@example.net" in seen_by[EditorRole.EDITOR]
    assert "clara.voss@example.net" not in seen_by[EditorRole.EDITOR]
    assert "clara.voss@example.net" in seen_by[EditorRole.OWNER]


def test_an_unknown_reader_is_refused_without_repeating_the_address(desk: Desk, browser: Browser) -> None:
    desk.store("One")
    desk.draft()

    answer = browser.post("/issues/40/preview", on="/issues/40/preview", address="nobody@example.net")

    assert answer.status_code == 404
    assert "nobody@example.net" not in answer.text


def test_a_test_letter_goes_out_at_once(desk: Desk, smtp_server: SmtpServer) -> None:
    desk.store("One")
    desk.draft()
    smtp = Smtp(host="127.0.0.1", port=smtp_server.port, security="none")
    settings = msgspec.structs.replace(SETTINGS, render=Render(compiler="mrml"), smtp=smtp)
    app = an_app(desk.database, now=lambda: desk.now, settings=settings)
    with open_desk(app, role=EditorRole.EDITOR) as browser:
        to = {"on": "/issues/40/preview", "topics": "0", "as": "0"}
        sent = browser.post("/issues/40/test", to="aino@example.org tomas@example.net", **to)
        said = browser.follow(sent).text
        empty = browser.post("/issues/40/test", to=" ", **to)
        wrong = browser.post("/issues/40/test", to="no address", **to)

    assert "aino@example.org: the relay took the test letter." in said
    assert sorted(address for letter in smtp_server.letters for address in letter.rcpt_to) == [
        "aino@example.org",
        "tomas@example.net",
    ]
    assert (empty.status_code, wrong.status_code) == (400, 400)
    assert 'value="no address"' in wrong.text


def test_two_hundred_issues_are_listed_without_their_items(desk: Desk, app: App) -> None:
    desk.store("One")
    desk.publish()
    with desk.database.transaction() as transaction:
        for number in range(200):
            day = (desk.now + timedelta(days=14 * (number + 1))).date().isoformat()
            transaction.exec_driver_sql(f"INSERT INTO slots (date, status) VALUES ('{day}', 'planned')")  # noqa: S608
            transaction.exec_driver_sql(
                "INSERT INTO issues (number, slot_date, due_at, status, subject, drafted_at)"  # noqa: S608
                f" VALUES ({41 + number}, '{day}', '{day} 08:00:00', 'draft', 'Number {41 + number}', '{day} 08:00:00')"
            )

    with open_desk(app, role=EditorRole.EDITOR) as browser:
        page = browser.get("/issues").text

    assert page.count("<tr>") == 202
    assert "Number 240" in page
