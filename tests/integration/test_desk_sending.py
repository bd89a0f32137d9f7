"""The desk's screens from the check to the report, asked for as a browser does."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select

from builders import an_event
from desk_stand import Browser, an_app, open_desk, with_base_url
from draft_builders import an_article
from issue_desk import CADENCE, Desk
from mailing_stand import add_readers, put_in_flight, record_outcomes
from newsletter.app import App
from newsletter.desk.ending import end_streams
from newsletter.desk.place import find_place
from newsletter.domain.address import mask_addresses
from newsletter.domain.editor import EditorRole
from newsletter.domain.issue import IssueStatus
from newsletter.domain.mailing import DeliveryId, DeliveryStatus, DoubtfulPolicy, MailingStatus
from newsletter.domain.partner import PartnerLink
from newsletter.domain.settlement import Settlement
from newsletter.service.finding import Finding, Level
from newsletter.service.report_mailing import report_issue
from newsletter.settings import CadenceSection, Render
from newsletter.settings import Desk as DeskSettings
from newsletter.store import announcements, ledger, mailings, partners
from newsletter.store.audit import record_act
from newsletter.store.database import Database
from newsletter.store.seats import take_seat
from newsletter.store.tables import audit_log

READERS = [f"reader{number}@example.net" for number in range(10)]

Open = Callable[[EditorRole], Browser]


@pytest.fixture
def desk(sqlite_database: Database) -> Desk:
    return Desk(sqlite_database)


@pytest.fixture
def app(desk: Desk) -> App:
    settings = msgspec.structs.replace(
        with_base_url("http://localhost:8080"),  # a trial, whose links need lead nowhere
        render=Render(compiler="mrml"),
        desk=DeskSettings(second_approval=True),
        cadence=CadenceSection(first=CADENCE.first, timezone=CADENCE.timezone),
    )
    app = an_app(desk.database, now=lambda: desk.now, settings=settings)
    desk.masthead = app.masthead()
    return app


@pytest.fixture
def open_as(app: App) -> Iterator[Open]:
    with ExitStack() as stack:
        yield lambda role: stack.enter_context(open_desk(app, role=role))


@pytest.fixture
def number(desk: Desk) -> int:
    add_readers(desk.database, READERS)
    desk.store("One", "Two")
    return desk.draft().number


def change_as(desk: Desk, number: int, actor: str) -> None:
    with desk.database.transaction() as transaction:
        record_act(transaction, "draft changed", subject=f"issue {number}", detail={}, now=desk.now, actor=actor)


def lose_track(desk: Desk, *letters: DeliveryId) -> None:
    """Let these letters of the mailing be doubtful, and give their batch back."""
    with take_seat(desk.database, now=desk.now) as seat, desk.database.transaction() as transaction:
        mailings.start_due(transaction, now=desk.now)
        claim = ledger.claim_batch(transaction, seat=seat, now=desk.now, doubtful=DoubtfulPolicy.HOLD)
        assert claim
        put_in_flight(transaction, *letters, now=desk.now)
        lost = [Settlement(delivery=letter, status=DeliveryStatus.DOUBTFUL) for letter in letters]
        record_outcomes(transaction, *lost, now=desk.now)
        ledger.finish_batch(transaction, claim.batch, now=desk.now)


def actors(database: Database, act: str) -> list[str]:
    with database.snapshot() as snapshot:
        return list(snapshot.scalars(select(audit_log.c.actor).where(audit_log.c.act == act)))


def approve(browser: Browser, number: int) -> None:
    answer = browser.post(f"/issues/{number}/approve", on=f"/issues/{number}/approval")
    assert answer.status_code == 303, answer.text


def send(browser: Browser, number: int, **fields: str) -> int:
    defaults = {"at": "", "share": "", "segment": "", "digest": "", "readers": "10"}
    digest = {} if "digest" in fields else {"digest": find_digest(browser, number)}
    return browser.post(f"/issues/{number}/send", on=f"/issues/{number}/send", **defaults | digest | fields).status_code


def a_finding(where: str, field: str) -> Finding:
    return Finding(check="any", level=Level.ERROR, where=where, field=field, what="It is wrong.", mend="Mend it.")


def find_digest(browser: Browser, number: int) -> str:
    return browser.get(f"/issues/{number}/send").text.partition('name="digest" value="')[2].partition('"')[0]


@pytest.mark.parametrize(
    ("where", "field", "place"),
    [
        ("article 12", "", "/desk/issues/7#item-article-12"),
        ("article 12", "headline", "/desk/articles/12#field-headline"),
        ("image of article 12", "image_alt", "/desk/articles/12#field-image_alt"),
        ("partner 3", "url", "/desk/partners/3#field-url"),
        ("subject", "", "/desk/issues/7#words-subject"),
        ("[mail] from", "", "/desk/settings"),
        ("audience", "", "/desk/subscribers"),
        ("HTML", "", "/desk/issues/7/preview"),
        ("issue 7", "", "/desk/issues/7"),
    ],
)
def test_a_finding_leads_to_the_page_that_has_the_field(where: str, field: str, place: str) -> None:
    assert find_place(a_finding(where, field), number=7, role=EditorRole.OWNER) == place


@pytest.mark.parametrize("where", ["[mail] from", "publisher The River Review", "audience"])
def test_a_finding_leads_nobody_to_a_page_that_they_may_not_open(where: str) -> None:
    assert find_place(a_finding(where, ""), number=7, role=EditorRole.WRITER) == ""


def test_every_link_of_the_check_and_of_the_issues_rows_opens_the_field_that_it_names(
    desk: Desk, open_as: Open
) -> None:
    desk.store("", article=an_article(needs_headline=True, url="http://localhost/one"))
    with desk.database.transaction() as transaction:
        partners.add_partner(transaction, PartnerLink(name="The Tarn Observer"))
        partners.add_partner(transaction, PartnerLink(name="The Alder Gazette", url="http://gazette.example"))
        starts_at = desk.now + timedelta(days=20)
        event = an_event(text="TODO: who speaks?", starts_at=starts_at, ends_at=None)
        announcements.add_announcement(transaction, event, now=desk.now)
    number = desk.draft().number

    for role in (EditorRole.WRITER, EditorRole.OWNER):
        browser = open_as(role)
        check = browser.get(f"/issues/{number}/check").text.partition('<ol class="findings">')[2].partition("</ol>")[0]
        found = set(re.findall('href="/desk([^"]+)"', check))
        rows = set(re.findall(r'href="/desk(/(?:article|announcement|partner)s/\d+)"', browser.get("/issues/40").text))

        assert {"/articles/1#field-headline", "/partners/1#field-url", "/announcements/1#field-text"} <= found
        assert rows == {"/articles/1", "/announcements/1", "/partners/2"}
        assert ("/settings" in found) is (role is EditorRole.OWNER)
        for place in found | rows:
            path, _, field = place.partition("#")
            answer = browser.get(path)
            assert answer.status_code == 200, place
            assert not field or f'id="{field}"' in answer.text, place


def test_the_check_says_what_where_and_how_to_mend_it_and_takes_reasons_along(desk: Desk, open_as: Open) -> None:
    desk.store("", article=an_article(needs_headline=True))
    number = desk.draft().number
    browser = open_as(EditorRole.WRITER)
    page = browser.get(f"/issues/{number}/check").text
    approval = browser.get(f"/issues/{number}/approval?reason-needs_headline=It%20reads%20well").text

    assert "stands in the way" in page
    assert 'href="/desk/articles/1#field-headline"' in page
    assert 'name="reason-needs_headline"' in page
    assert "A publisher approves it" in approval
    assert (
        'value="It reads well"'
        in open_as(EditorRole.PUBLISHER).get(f"/issues/{number}/approval?reason-needs_headline=It%20reads%20well").text
    )


def test_whoever_changed_it_last_is_told_so_and_another_publisher_approves(
    desk: Desk, number: int, open_as: Open
) -> None:
    browser = open_as(EditorRole.PUBLISHER)
    change_as(desk, number, "Publisher")
    own = browser.get(f"/issues/{number}/approval").text
    refused = browser.post(f"/issues/{number}/approve", on=f"/issues/{number}/approval")
    change_as(desk, number, "Somebody Else")
    approve(browser, number)

    assert "You changed this issue last" in own
    assert (refused.status_code, "last changed by Publisher" in refused.text) == (400, True)
    assert actors(desk.database, "issue approved") == ["Publisher"]
    assert browser.post(f"/issues/{number}/withdraw", on=f"/issues/{number}/approval").status_code == 303
    assert desk.show(number).draft.status is IssueStatus.DRAFT
    assert actors(desk.database, "approval withdrawn") == ["Publisher"]


def test_the_button_states_the_act_with_its_number_and_its_time(desk: Desk, number: int, open_as: Open) -> None:
    desk.approve(number)
    browser = open_as(EditorRole.PUBLISHER)
    path = f"/issues/{number}/send"

    assert (
        f"Send issue {number} to 10 readers at 11:30 Europe/Stockholm"
        in browser.get(f"{path}?at=2026-12-03T11:30").text
    )
    assert "on Fri 4 December 2026 at 03:00 Europe/Stockholm" in browser.get(f"{path}?at=2026-12-04T03:00").text
    assert "it is night in Europe/Stockholm" in browser.get(f"{path}?at=2026-12-04T03:00").text
    assert f"Send issue {number} to 10 readers now" in browser.get(f"{path}?at=").text
    assert "has passed" in browser.get(f"{path}?at=2026-12-02T09:00").text
    assert "is no share" in browser.get(f"{path}?share=120").text


def test_a_mailing_is_opened_and_recalled_by_who_pressed_the_button(desk: Desk, number: int, open_as: Open) -> None:
    desk.approve(number)
    browser = open_as(EditorRole.PUBLISHER)

    assert send(browser, number, at="2026-12-04T09:00", share="50") == 303
    live = browser.get(f"/issues/{number}/live").text
    assert "It leaves at" in live
    assert "Recall it" in live
    assert browser.post(f"/issues/{number}/recall", on=f"/issues/{number}/live").status_code == 303
    assert actors(desk.database, "mailing opened") == actors(desk.database, "mailing recalled") == ["Publisher"]
    assert desk.show(number).draft.status is IssueStatus.APPROVED


def test_letters_that_are_due_with_nobody_to_send_them_are_said_so(desk: Desk, number: int, open_as: Open) -> None:
    desk.approve(number)
    desk.mail(number)
    browser, said = open_as(EditorRole.EDITOR), "no worker is alive"

    assert said not in browser.get(f"/issues/{number}/live").text
    desk.now += timedelta(minutes=1)
    assert said in browser.get(f"/issues/{number}/live").text
    with take_seat(desk.database, now=desk.now):
        assert said not in browser.get(f"/issues/{number}/live").text


def test_an_unusual_audience_needs_its_number_typed(desk: Desk, open_as: Open) -> None:
    add_readers(desk.database, READERS)
    desk.store("One")
    desk.publish()
    add_readers(desk.database, [f"new{each}@example.net" for each in range(5)])
    desk.store("Three")
    following = desk.draft().number
    desk.approve(following)
    browser = open_as(EditorRole.PUBLISHER)
    page = browser.get(f"/issues/{following}/send").text

    assert "Type 15 to confirm" in page
    assert send(browser, following, readers="15") == 400
    assert send(browser, following, readers="15", typed="10") == 400
    assert send(browser, following, readers="15", typed="15") == 303


def test_a_text_approved_anew_since_the_page_was_opened_is_not_sent(desk: Desk, number: int, open_as: Open) -> None:
    desk.approve(number)

    assert send(open_as(EditorRole.PUBLISHER), number, digest="0" * 64) == 400
    assert desk.show(number).draft.status is IssueStatus.APPROVED


def test_pause_resume_and_cancel_are_acts_of_a_publisher(desk: Desk, number: int, app: App, open_as: Open) -> None:
    desk.approve(number)
    desk.mail(number)
    browser, live = open_as(EditorRole.PUBLISHER), f"/issues/{number}/live"

    def status() -> MailingStatus:
        return report_issue(number, database=app.database).mailing.status

    for act, then in (
        ("pause", MailingStatus.PAUSED),
        ("resume", MailingStatus.RUNNING),
        ("cancel", MailingStatus.CANCELLED),
    ):
        assert browser.post(f"/issues/{number}/{act}", on=live).status_code == 303
        assert status() is then
    assert "Cancelled" in browser.get(live).text
    assert actors(desk.database, "mailing cancelled") == ["Publisher"]


def test_a_mailing_that_has_ended_does_not_go_on(desk: Desk, number: int, app: App, open_as: Open) -> None:
    desk.approve(number)
    desk.mail(number)
    lose_track(desk, *(DeliveryId(1, position) for position in range(1, 11)))
    browser = open_as(EditorRole.PUBLISHER)
    refused = {act: browser.post(f"/issues/{number}/{act}", on=f"/issues/{number}/live") for act in ("pause", "resume")}

    assert report_issue(number, database=app.database).mailing.status is MailingStatus.FINISHED
    assert [answer.status_code for answer in refused.values()] == [409, 409]
    assert "The mailing is finished: there is nothing left" in refused["resume"].text
    assert actors(desk.database, "mailing resumed") == []


def test_doubtful_letters_are_named_in_full_to_an_owner_alone_and_that_is_written_down(
    desk: Desk, number: int, open_as: Open
) -> None:
    desk.approve(number)
    desk.mail(number)
    lose_track(desk, DeliveryId(1, 1), DeliveryId(1, 2))
    publisher, owner = open_as(EditorRole.PUBLISHER), open_as(EditorRole.OWNER)
    path = f"/issues/{number}/doubtful"
    live = publisher.get(f"/issues/{number}/live").text

    assert "2 doubtful letters" in live
    assert "r…@example.net" in live
    assert "reader0@example.net" not in live
    assert publisher.post(f"{path}/addresses", on=f"/issues/{number}/live").status_code == 403
    assert "reader0@example.net" in owner.post(f"{path}/addresses", on=f"/issues/{number}/live").text
    assert actors(desk.database, "addresses shown") == ["Owner"]
    assert publisher.post(f"{path}/resend", on=f"/issues/{number}/live").status_code == 303
    assert "Send them again" not in publisher.get(f"/issues/{number}/live").text


def test_doubtful_letters_that_are_held_are_said_to_be_so_until_more_become_doubtful(
    desk: Desk, number: int, open_as: Open
) -> None:
    desk.approve(number)
    desk.mail(number)
    lose_track(desk, DeliveryId(1, 1), DeliveryId(1, 2))
    browser, live = open_as(EditorRole.PUBLISHER), f"/issues/{number}/live"
    assert browser.post(f"/issues/{number}/doubtful/hold", on=live).status_code == 303
    held = browser.get(live).text
    desk.now += timedelta(minutes=1)
    lose_track(desk, DeliveryId(1, 3))
    more = browser.get(live).text

    assert "2 doubtful letters, held" in held
    assert "Publisher left them as they are on" in held
    assert "Send them again after all" in held
    assert "Leave them as they are" not in held
    assert "3 doubtful letters<" in more
    assert "Since then 1 more has become doubtful." in more
    assert "Leave them as they are" in more


def test_the_heading_counts_all_doubtful_letters_and_names_the_first_hundred(desk: Desk, open_as: Open) -> None:
    add_readers(desk.database, [f"reader{each}@example.net" for each in range(120)])
    desk.store("One")
    number = desk.draft().number
    desk.approve(number)
    desk.mail(number)
    lose_track(desk, *(DeliveryId(1, position) for position in range(1, 121)))
    page = open_as(EditorRole.EDITOR).get(f"/issues/{number}/live").text

    assert "120 doubtful letters" in page
    assert "Named are the first 100." in page
    assert page.count("r…@example.net") == 100


def test_a_stream_gives_the_figures_and_ends_with_the_mailing(desk: Desk, number: int, open_as: Open) -> None:
    desk.approve(number)
    desk.mail(number)
    browser = open_as(EditorRole.PUBLISHER)
    browser.post(f"/issues/{number}/cancel", on=f"/issues/{number}/live")
    answer = browser.get(f"/issues/{number}/live/events")

    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert [line for line in answer.text.splitlines() if line.startswith("event:")] == [
        "event: acts",
        "event: figures",
        "event: over",
    ]
    assert "10 of 10 settled" in answer.text.replace("<strong>", "").replace("</strong>", "")


def test_a_stream_ends_with_the_process_that_serves_it(desk: Desk, number: int, open_as: Open) -> None:
    desk.approve(number)
    desk.mail(number)
    browser = open_as(EditorRole.PUBLISHER)
    end_streams(browser.client.app)

    assert browser.get(f"/issues/{number}/live/events").text == ""


def test_an_issue_without_a_mailing_has_no_live_page_and_no_report(number: int, open_as: Open) -> None:
    browser = open_as(EditorRole.EDITOR)

    for screen in ("live", "live/events", "report", "report.csv"):
        assert browser.get(f"/issues/{number}/{screen}").status_code == 404


def linked_steps(browser: Browser, number: int, screen: str) -> list[str]:
    bar = browser.get(f"/issues/{number}{screen}").text.partition('<nav class="steps"')[2].partition("</nav>")[0]
    return re.findall(r'<a href="/desk/issues/\d+/?(\w*)"', bar)


def test_the_steps_of_an_issue_lead_only_where_there_is_something_for_who_looks(
    desk: Desk, number: int, open_as: Open
) -> None:
    writer, publisher = open_as(EditorRole.WRITER), open_as(EditorRole.PUBLISHER)
    before = {screen: linked_steps(publisher, number, screen) for screen in ("", "/check", "/approval", "/send")}
    desk.approve(number)
    desk.mail(number)
    after = {screen: linked_steps(publisher, number, screen) for screen in ("", "/check", "/approval", "/send")}

    assert set(map(tuple, before.values())) == {("", "check", "approval", "send")}
    assert set(map(tuple, after.values())) == {("", "check", "approval", "send", "live", "report")}
    assert linked_steps(publisher, number, "/live") == linked_steps(publisher, number, "/report") == after[""]
    assert linked_steps(writer, number, "") == ["", "check", "approval"]
    page = writer.get(f"/issues/{number}").text
    assert '<span>Live<span class="hidden">, not for your role</span></span>' in page


def test_a_report_is_a_page_with_charts_and_a_file_that_adds_up(desk: Desk, number: int, open_as: Open) -> None:
    desk.publish()
    desk.store("Three")
    desk.publish()
    browser = open_as(EditorRole.EDITOR)
    page = browser.get(f"/issues/{number + 1}/report").text
    answer = browser.get(f"/issues/{number + 1}/report.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    in_sum = {row["figure"]: int(row["count"]) for row in rows if row["section"] == "sum"}

    assert page.count('<svg class="columns"') == 4
    assert "attachment" in answer.headers["Content-Disposition"]
    assert in_sum.pop("intended") == sum(in_sum.values()) == 10


def test_addresses_in_a_strangers_words_are_hidden() -> None:
    assert mask_addresses("550 5.1.1 <ann.b+c@mail.example.net>: no") == "550 5.1.1 <a…@mail.example.net>: no"
