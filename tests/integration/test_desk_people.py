"""The desk's screens about people and dates, without a browser: what they show, whom they change, what they hide."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest

from desk_stand import Browser, an_app, open_desk
from mailing_stand import KEYS
from newsletter.app import App
from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.editor import EditorRole
from newsletter.domain.person import PersonalRecord
from newsletter.domain.subscriber import NewSubscriber, SubscriberStatus
from newsletter.domain.token import hash_address
from newsletter.mail.mailbox import StoredMessage
from newsletter.service.person_record import find_record
from newsletter.service.read_bounces import read_bounces
from newsletter.store.database import Database
from newsletter.store.subscribers import add_subscribers, count_subscribers, find_subscriber
from stored import SENT_AT, a_failure, a_mailing

NOW = SENT_AT + timedelta(hours=5)
ADA = EmailAddress("ada@example.net")


@pytest.fixture
def app(sqlite_database: Database) -> App:
    return an_app(sqlite_database, now=lambda: NOW)


@pytest.fixture
def owner(app: App) -> Iterator[Browser]:
    with open_desk(app, role=EditorRole.OWNER) as browser:
        yield browser


@pytest.fixture
def editor(app: App) -> Iterator[Browser]:
    with open_desk(app, role=EditorRole.EDITOR) as browser:
        yield browser


def store(app: App, *addresses: str, name: str = "Ada Lindqvist") -> int:
    """Store subscribers; return the id of the last."""
    with app.database.transaction() as transaction:
        news = [
            NewSubscriber(
                public_id=hash_address(address, b"public")[:8],
                address=EmailAddress(address),
                address_hash=hash_address(address, app.address_key),
                name=name,
                created_at=NOW,
            )
            for address in addresses
        ]
        add_subscribers(transaction, news)
        stored = find_subscriber(transaction, EmailAddress(addresses[-1]))
    assert stored
    return stored.id


def record_of(app: App, address: EmailAddress = ADA) -> PersonalRecord:
    return find_record(address, database=app.database, address_key=app.address_key)


def acts_of(app: App, address: EmailAddress = ADA) -> list[tuple[str, str]]:
    return [(act.actor, act.act) for act in record_of(app, address).acts]


class TestFinding:
    def test_an_address_is_found_by_its_beginning_and_shown_masked(self, app: App, editor: Browser) -> None:
        store(app, "ada@example.net", "zoe@example.net")

        page = editor.post("/subscribers/search", on="/subscribers", text="ada@")

        assert page.status_code == 200
        assert "a…@example.net" in page.text
        assert "z…@example.net" not in page.text
        assert 'href="/desk/subscribers/1"' in page.text

    def test_pages_follow_each_other_and_their_addresses_name_nobody(self, app: App, editor: Browser) -> None:
        store(app, *(f"reader{number:03}@example.net" for number in range(120)))

        first = editor.get("/subscribers?status=active").text
        second = editor.get("/subscribers?status=active&after=n71").text
        searched = editor.post("/subscribers/search", on="/subscribers", text="reader", after="a100").text

        assert first.count('scope="row"') == second.count('scope="row"') == 50
        assert "/desk/subscribers?status=active&amp;after=n71" in first
        assert searched.count('scope="row"') == 20
        assert "reader" not in first

    def test_a_search_without_words_is_a_page_that_can_be_kept(self, app: App, editor: Browser) -> None:
        store(app, "ada@example.net")

        answer = editor.post("/subscribers/search", on="/subscribers", text=" ", status="active", language="de")

        assert answer.headers["Location"] == "/desk/subscribers?status=active&language=de"

    @pytest.mark.parametrize("query", ["status=lost", "after=xyz", "segment=unknown", "topic=sports"])
    def test_what_cannot_be_is_said_on_the_page(self, app: App, editor: Browser, query: str) -> None:
        store(app, "ada@example.net")

        page = editor.get(f"/subscribers?{query}")

        assert page.status_code == 400
        assert 'role="alert"' in page.text

    def test_an_empty_list_says_what_to_do_first(self, editor: Browser) -> None:
        assert "Import the list that you have" in editor.get("/subscribers").text


class TestPerson:
    def test_a_page_shows_all_and_masks_the_address_wherever_it_stands(self, app: App, editor: Browser) -> None:
        a_mailing(app.database, addresses=[ADA.text], reply="2.1.5 <ada@example.net> queued")

        page = editor.get("/subscribers/1").text

        assert "2.1.5 &lt;a…@example.net&gt; queued" in page
        assert ADA.text not in page

    def test_only_an_owner_sees_the_address_and_the_log_has_it(self, app: App, editor: Browser, owner: Browser) -> None:
        number = store(app, ADA.text)
        path = f"/subscribers/{number}"

        assert ADA.text not in owner.get(path).text
        assert editor.post(f"{path}/show", on=path).status_code == 403
        assert ADA.text in owner.post(f"{path}/show", on=path).text

        assert acts_of(app) == [("Owner", "address shown")]

    def test_choices_are_changed_and_what_cannot_be_is_shown_again(self, app: App, editor: Browser) -> None:
        path = f"/subscribers/{store(app, ADA.text)}"

        refused = editor.post(f"{path}/edit", on=path, name="Ada L.", language="de")
        taken = editor.post(
            f"{path}/edit", on=path, **{"name": "Ada L.", "language": "de_AT", "topic-news": "yes", "text_only": "yes"}
        )

        assert refused.status_code == 400
        assert 'value="Ada L."' in refused.text
        assert taken.status_code == 303
        person = record_of(app).subscriber
        assert person
        assert (person.name, person.language, person.topics.names) == ("Ada L.", "de-AT", ("news",))
        assert person.is_text_only
        assert acts_of(app) == [("Editor", "subscriber edited")]

    def test_a_person_is_suppressed_lifted_and_unsubscribed_each_with_its_reason(
        self, app: App, editor: Browser
    ) -> None:
        path = f"/subscribers/{store(app, ADA.text)}"

        assert editor.post(f"{path}/suppress", on=path, reason=" ").status_code == 400
        editor.post(f"{path}/suppress", on=path, reason="asked by telephone")
        again = editor.post(f"{path}/suppress", on=path, reason="once more")
        editor.post(f"{path}/lift", on=path, reason="a mistake")
        editor.post(f"{path}/unsubscribe", on=path, reason="a letter")

        assert again.status_code == 400
        assert ADA.text not in again.text
        record = record_of(app)
        assert record.subscriber
        assert record.subscriber.status is SubscriberStatus.UNSUBSCRIBED
        [suppression] = record.suppressions
        assert (suppression.evidence, suppression.lifted_because) == ({"because": "asked by telephone"}, "a mistake")
        assert record.consents[-1].source == "a letter"
        assert [act for _, act in acts_of(app)] == ["unsubscribe", "lift suppression", "suppress"]

    def test_a_tag_is_given_and_taken(self, app: App, editor: Browser) -> None:
        path = f"/subscribers/{store(app, ADA.text)}"

        editor.post(f"{path}/tags", on=path, tag="press")
        given = record_of(app).tags
        editor.post(f"{path}/tags", on=path, take="press")

        assert (given, record_of(app).tags) == (("press",), ())
        assert editor.post(f"{path}/tags", on=path, tag="<b>").status_code == 400

    def test_erasing_names_what_goes_and_takes_a_publisher(self, app: App, editor: Browser, owner: Browser) -> None:
        a_mailing(app.database, addresses=[ADA.text])

        assert editor.get("/subscribers/1/forget").status_code == 403
        page = owner.get("/subscribers/1/forget").text
        done = owner.follow(owner.post("/subscribers/1/forget", on="/subscribers/1/forget"))

        assert "1 letter loses its reader" in page
        assert "Only hashes are left" in done.text
        assert owner.get("/subscribers/1").status_code == 404
        with app.database.snapshot() as snapshot:
            assert find_subscriber(snapshot, ADA) is None

    def test_somebody_is_added_with_the_place_of_consent(self, app: App, editor: Browser) -> None:
        typed = {"email": "new@example.org", "name": " New  Reader ", "topic-events": "yes"}

        refused = editor.post("/subscribers/new", on="/subscribers/new", **typed)
        taken = editor.post("/subscribers/new", on="/subscribers/new", source="spring fair", **typed)

        assert refused.status_code == 400
        assert 'value="new@example.org"' in refused.text
        assert editor.follow(taken).status_code == 200
        record = record_of(app, EmailAddress("new@example.org"))
        assert record.subscriber
        assert (record.subscriber.name, record.subscriber.topics.names) == ("New Reader", ("events",))
        assert record.consents[0].source == "spring fair"

    def test_a_name_that_is_a_script_comes_out_as_text(self, app: App, editor: Browser) -> None:
        number = store(app, ADA.text, name="<script>alert(1)</script>")

        for page in (editor.get("/subscribers").text, editor.get(f"/subscribers/{number}").text):
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert(1)" in page


class TestExport:
    def test_an_owner_takes_all_addresses_in_cells_that_are_no_formulas(self, app: App, owner: Browser) -> None:
        store(app, ADA.text, name="=HYPERLINK(1)")

        answer = owner.post("/subscribers/export", on="/subscribers")

        assert "attachment" in answer.headers["Content-Disposition"]
        [row] = csv.DictReader(io.StringIO(answer.text, newline=""))
        assert (row["email"], row["name"]) == (ADA.text, "'=HYPERLINK(1)")
        with app.database.snapshot() as snapshot:
            acts = snapshot.exec_driver_sql("SELECT actor, act FROM audit_log").all()
        assert [tuple(act) for act in acts] == [("Owner", "subscribers exported")]

    def test_nobody_else_does(self, app: App, editor: Browser) -> None:
        store(app, ADA.text)

        assert "Export as CSV" not in editor.get("/subscribers").text
        assert editor.post("/subscribers/export", on="/subscribers").status_code == 403


class TestSegments:
    def test_a_segment_is_saved_counted_tagged_and_deleted(self, app: App, editor: Browser) -> None:
        store(app, "ada@example.net", "bo@example.org")
        fields = {"name": "Press list", "domain": "@Example.net"}

        page = editor.follow(editor.post("/segments/save", on="/segments/new", **fields)).text
        tagged = editor.follow(
            editor.post("/segments/Press%20list/tag", on="/segments/Press%20list", tag="press", do="give")
        ).text

        assert '<span class="figure">1</span> active subscriber at example.net' in page
        assert "1 subscriber tagged press" in tagged
        assert record_of(app).tags == ("press",)
        assert editor.get("/segments/Press%20list/count").text.strip() == "1"
        assert "a…@example.net" in editor.get("/subscribers?segment=Press+list").text
        editor.post("/segments/Press%20list/delete", on="/segments/Press%20list")
        assert "No segment is saved yet" in editor.get("/segments").text

    def test_conditions_that_cannot_be_are_shown_again(self, editor: Browser) -> None:
        answer = editor.post("/segments/save", on="/segments/new", name="x", since="tomorrow", language="de")

        assert answer.status_code == 400
        assert 'value="tomorrow"' in answer.text


class TestLists:
    def hand_in(self, browser: Browser, text: str) -> httpx.Response:
        file = ("readers.csv", text.encode(), "text/csv")
        return browser.post("/subscribers/import", on="/subscribers/import", files={"file": file})

    def wait(self, browser: Browser, path: str) -> str:
        """Return the page once no run is at work any more."""
        page = browser.get(path).text
        deadline = time.monotonic() + 20
        while "Being " in page:
            assert time.monotonic() < deadline, page
            time.sleep(0.05)
            page = browser.get(path).text
        return page

    def test_a_list_is_handed_in_tried_and_imported(self, app: App, editor: Browser) -> None:
        answer = self.hand_in(editor, "Contact;Who\nada@example.net;Ada\nnobody@;Bo\n")
        path = answer.headers["Location"].removeprefix("/desk")
        assert "say which one has the addresses" in editor.get(path).text

        reading = {"column-email": "contact", "column-name": "who", "consent_source": "Spring fair"}
        editor.post(f"{path}/reading", on=path, **reading)
        tried = self.wait(editor, path)
        assert "What an import would do" in tried
        assert "Import 1 new subscribers" in tried
        with app.database.snapshot() as snapshot:
            assert count_subscribers(snapshot)[SubscriberStatus.ACTIVE] == 0
        editor.post(f"{path}/begin", on=path, do="import")

        assert "Imported" in self.wait(editor, path)
        assert record_of(app).consents[0].source == "Spring fair"
        refused = editor.get(f"{path}/refused.csv").text
        assert refused.splitlines()[1].startswith("3,")
        assert "nobody@" in refused
        assert "readers.csv" in editor.get("/subscribers/import").text

    def test_what_became_of_lines_that_somebody_should_look_at_is_said(self, editor: Browser) -> None:
        first = self.hand_in(editor, "email,consent_source\nada@example.net,Fair\n").headers["Location"]
        path = first.removeprefix("/desk")
        editor.post(f"{path}/begin", on=path, do="import")
        self.wait(editor, path)
        text = "email,status,tags\nada@example.net,unsubscribed,!!!\nada@example.net,,\n"
        path = self.hand_in(editor, text).headers["Location"].removeprefix("/desk")
        editor.post(f"{path}/reading", on=path, consent_source="Fair")

        tried = self.wait(editor, path)

        assert "is active here: lines 2; nothing was changed" in tried
        assert "an earlier line has: lines 3." in tried
        assert "cannot be tags: !!!" in tried
        assert "have left there, not here" in tried

    def test_no_file_and_no_list_are_said(self, editor: Browser) -> None:
        empty = self.hand_in(editor, "")
        nothing = editor.post("/subscribers/import", on="/subscribers/import", files={"other": ("", b"")})

        assert (empty.status_code, nothing.status_code) == (400, 400)
        assert "readers.csv, line 1" in empty.text
        assert "Choose a file first" in nothing.text


class TestSuppressions:
    def test_an_address_is_suppressed_listed_by_reason_and_lifted(self, app: App, editor: Browser) -> None:
        store(app, ADA.text)
        for email, because in ((ADA.text, "asked"), ("stranger@example.org", "asked too")):
            editor.post("/suppressions/add", on="/suppressions", email=email, because=because)

        twice = editor.post("/suppressions/add", on="/suppressions", email=ADA.text, because="twice")
        assert twice.status_code == 400
        listed = editor.get("/suppressions?reason=editor").text
        assert "a…@example.net" in listed
        assert "because: asked too" in listed
        assert hash_address("stranger@example.org", app.address_key).hex()[:12] in listed
        assert "No address is suppressed for that reason" in editor.get("/suppressions?reason=complaint").text
        editor.post("/suppressions/1/lift", on="/suppressions", because="a mistake")
        assert record_of(app).suppression is None
        assert editor.post("/suppressions/1/lift", on="/suppressions", because="again").status_code == 404


class TestBounces:
    def take_in(self, app: App, *raws: bytes) -> None:
        read_bounces(
            [StoredMessage(f"{number}", raw, "") for number, raw in enumerate(raws)],
            database=app.database,
            keys=KEYS,
            policy=BouncePolicy(),
            token_age=timedelta(days=60),
            now=NOW,
        )

    def a_dead_address(self, app: App) -> None:
        sent = a_mailing(app.database, addresses=[ADA.text])
        words = "550 5.1.1 <ada@example.net>: no such user here"
        self.take_in(app, a_failure(ADA.text, delivered_to=f"b+{sent.token(ADA.text)}@b.example.org", words=words))

    def test_the_deciding_words_are_marked_in_the_text_and_nobody_is_named(self, app: App, editor: Browser) -> None:
        self.a_dead_address(app)

        page = editor.get("/bounces/1").text
        listed = editor.get("/bounces?kind=hard&reason=unknown_user&domain=example.net&effect=counts").text

        marked = page.partition("<mark>")[2].partition("</mark>")[0]
        assert "no such user here" in marked
        assert ADA.text not in page + listed
        assert "Suppressed for “dead address”" in page
        assert 'href="/desk/bounces/1"' in listed

    def test_a_report_is_taken_back_once(self, app: App, editor: Browser) -> None:
        self.a_dead_address(app)

        page = editor.follow(editor.post("/bounces/1/reverse", on="/bounces/1")).text
        again = editor.post("/bounces/1/reverse", on="/bounces/1")

        assert "Report 1 is taken back. The address is mailed again." in page
        assert again.status_code == 400
        assert 'href="/desk/bounces/1"' in editor.get("/bounces?effect=reversed").text

    def test_a_replay_shows_what_would_change_before_it_is_done(self, app: App, owner: Browser) -> None:
        self.a_dead_address(app)
        with app.database.transaction() as transaction:
            transaction.exec_driver_sql("UPDATE bounces SET kind = 'soft', reason = 'system'")
            transaction.exec_driver_sql("DELETE FROM suppressions")

        shown = owner.post("/bounces/replay", on="/bounces/replay", do="look").text
        assert "1 from soft to hard" in shown
        assert record_of_hash_is_free(app)
        owner.post("/bounces/replay", on="/bounces/replay", do="apply")

        assert not record_of_hash_is_free(app)

    def test_what_has_no_token_is_listed_as_such(self, app: App, editor: Browser) -> None:
        a_mailing(app.database, addresses=[ADA.text])
        self.take_in(app, a_failure(ADA.text))

        assert 'href="/desk/bounces/1"' in editor.get("/bounces?effect=ignored").text
        assert "changed nobody: no token" in editor.get("/bounces/1").text


def record_of_hash_is_free(app: App) -> bool:
    with app.database.snapshot() as snapshot:
        return not snapshot.exec_driver_sql("SELECT id FROM suppressions").all()


class TestCalendar:
    def test_slots_are_skipped_moved_and_added_each_with_its_reason(self, app: App, editor: Browser) -> None:
        year = editor.get("/calendar").text
        first, second = find_slots(year)[3:5]
        free = str(datetime.fromisoformat(first).date() + timedelta(days=3))

        assert editor.post("/calendar/skip", on="/calendar", slot=first).status_code == 400
        editor.post("/calendar/skip", on="/calendar", slot=first, reason="holidays")
        editor.post("/calendar/move", on="/calendar", slot=second, to=free, reason="a conference")
        taken = editor.post("/calendar/add", on="/calendar", slot=free, reason="a special")
        editor.post("/calendar/add", on="/calendar", slot=first, reason="no holidays after all")

        assert taken.status_code == 400
        page = editor.get("/calendar").text
        assert "“a conference”" in page
        assert f"from {second}" in page
        assert "“no holidays after all”" in page
        with app.database.snapshot() as snapshot:
            actors = snapshot.exec_driver_sql("SELECT actor, act FROM audit_log ORDER BY id").all()
        assert [tuple(act) for act in actors] == [
            ("Editor", "slot skipped"),
            ("Editor", "slot moved"),
            ("Editor", "slot planned"),
        ]

    def test_a_writer_looks_and_changes_nothing(self, app: App) -> None:
        with open_desk(app, role=EditorRole.WRITER) as writer:
            assert "Skip the slot" not in writer.get("/calendar").text
            assert writer.post("/calendar/skip", on="/calendar", slot="2026-03-19", reason="x").status_code == 403

    @pytest.mark.parametrize("year", ["2026", "2060", "9998"])
    def test_any_year_is_shown_at_once(self, editor: Browser, year: str) -> None:
        assert editor.get(f"/calendar?year={year}").status_code == 200


def find_slots(page: str) -> list[str]:
    """Return the dates of the slots that can be changed, in order."""
    return list(dict.fromkeys(re.findall(r'name="slot" value="([\d-]+)"', page)))
