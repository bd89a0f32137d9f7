"""What editors do in the composer, on both databases: each change a revision, undone and merged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import a_news_item, an_event
from issue_desk import Desk
from newsletter.domain.address import EmailAddress
from newsletter.domain.arrangement import ItemName
from newsletter.domain.change import Add, Change, Pin, Place, Refill, Remove, Step, Swap
from newsletter.domain.composition import Clash, Revision, TextName
from newsletter.domain.editor import EditorRole
from newsletter.domain.issue import Draft, IssueStatus, ItemSlot
from newsletter.domain.partner import PartnerLink
from newsletter.errors import InputError, NotFoundError, RefusedError
from newsletter.service.change_draft import change_draft
from newsletter.service.list_addable import list_addable
from newsletter.service.take_back import redo_change, take_back, undo_change
from newsletter.service.visit_issue import visit_issue
from newsletter.service.write_text import Written, settle_clash, write_text
from newsletter.store import announcements, approvals, clashes, editors, partners, revisions
from newsletter.store.database import Database

AINO, TOMAS = "Aino Salo", "Tomas Brandt"


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def name(item: int | str) -> ItemName:
    return ItemName.parse(str(item))


def change(desk: Desk, number: int, done: Change, *, by: str = AINO) -> Draft:
    desk.now += timedelta(minutes=5)
    return change_draft(number, done, by=by, database=desk.database, now=desk.now)


def write(desk: Desk, number: int, text: str, words: str, *, seen: int | None = None, by: str = AINO) -> Written:
    if seen is None:
        seen = desk.show(number).draft.revision
    desk.now += timedelta(seconds=5)
    return write_text(number, TextName.parse(text), words, seen=seen, by=by, database=desk.database, now=desk.now)


def history(desk: Desk, draft: Draft) -> list[Revision]:
    with desk.database.snapshot() as snapshot:
        return revisions.list_revisions(snapshot, draft.id)


def told(desk: Desk, draft: Draft) -> list[tuple[int, str, str]]:
    return [(each.number, each.made_by, each.told) for each in history(desk, draft)]


def open_clashes(desk: Desk, draft: Draft) -> list[tuple[str, str, str]]:
    with desk.database.snapshot() as snapshot:
        return [(clash.made_by, str(clash.text), clash.words) for clash in clashes.list_clashes(snapshot, draft.id)]


def stories(draft: Draft) -> list[int | None]:
    return [item.article_id for item in draft.items if item.slot in (ItemSlot.LEAD, ItemSlot.FEATURE)]


def test_each_change_is_a_revision_with_who_when_and_what(desk: Desk) -> None:
    one, two, three = desk.store("One", "Two", "Three")
    draft = desk.draft()

    change(desk, draft.number, Place(name(three), ItemSlot.LEAD))
    change(desk, draft.number, Step(name(two), 1), by=TOMAS)
    changed = change(desk, draft.number, Remove(name(one)))

    assert stories(changed) == [three, two]
    assert changed == desk.show(draft.number).draft
    first = draft.revision
    assert told(desk, draft) == [
        (first, "", "drafted"),
        (first + 1, AINO, "made “Three” the lead"),
        (first + 2, AINO, "took “One” out"),
    ]


def test_a_change_that_changes_nothing_is_none(desk: Desk) -> None:
    (one,) = desk.store("One")
    draft = desk.draft()

    assert change(desk, draft.number, Step(name(one), -1)) == draft
    assert history(desk, draft) == []


def test_every_change_of_the_composer_has_its_words(desk: Desk) -> None:
    one, two, three = desk.store("One", "Two", "Three")
    draft = desk.draft()
    (four,) = desk.store("Four")
    done: tuple[Change, ...] = (
        Step(name(two), 1),
        Step(name(two), -1),
        Place(name(three), ItemSlot.FEATURE, name(two)),
        Place(name(three), ItemSlot.FEATURE),
        Swap(name(two), name(three)),
        Swap(name(two), name(four)),
        Pin(name(one), is_pinned=True),
        Pin(name(one), is_pinned=False),
        Add(name(two)),
        Refill(),
    )

    for each in done:
        change(desk, draft.number, each)

    assert [words for _, _, words in told(desk, draft)][1:] == [
        "moved “Two” down",
        "moved “Two” up",
        "moved “Three” before “Two”",
        "moved “Three” to the end of the features",
        "swapped “Two” and “Three”",
        "put “Four” in place of “Two”",
        "pinned “One”",
        "let go of “One”",
        "added “Two”",
    ]


def test_events_and_news_are_two_rows(desk: Desk) -> None:
    with desk.database.transaction() as transaction:
        early, late, news = (
            announcements.add_announcement(transaction, each, now=desk.now).id
            for each in (
                an_event(title="Early", starts_at=desk.now + timedelta(days=3), ends_at=None),
                an_event(title="Late", starts_at=desk.now + timedelta(days=9), ends_at=None),
                a_news_item(),
            )
        )
    number = desk.draft().number

    changed = change(desk, number, Step(name(f"announcement:{late}"), -1))
    same = change(desk, number, Step(name(f"announcement:{news}"), -1))

    assert [item.announcement_id for item in changed.items] == [late, early, news]
    assert same == changed


def test_an_article_that_readers_never_had_is_no_earlier_one(desk: Desk) -> None:
    (one,) = desk.store("One")

    with pytest.raises(RefusedError, match="No issue has carried this article"):
        change(desk, desk.draft().number, Place(name(one), ItemSlot.EARLIER))


def test_what_somebody_took_out_cannot_be_moved(desk: Desk) -> None:
    one, _ = desk.store("One", "Two")
    number = desk.draft().number
    change(desk, number, Remove(name(one)), by=TOMAS)

    with pytest.raises(RefusedError, match="has no article"):
        change(desk, number, Step(name(one), 1))


def test_a_draft_is_filled_anew_without_what_was_taken_out(desk: Desk) -> None:
    one, two, three = desk.store("One", "Two", "Three")
    number = desk.draft().number
    change(desk, number, Remove(name(two)))
    change(desk, number, Pin(name(one), is_pinned=True))
    (four,) = desk.store("Four", age_days=0.5)

    filled = change(desk, number, Refill())

    assert stories(filled) == [one, four, three]


def test_a_change_voids_the_approval_and_a_pin_does_not(desk: Desk) -> None:
    one, two = desk.store("One", "Two")
    draft = desk.draft()
    desk.approve(draft.number)

    pinned = change(desk, draft.number, Pin(name(one), is_pinned=True))
    with desk.database.snapshot() as snapshot:
        still_approved = approvals.find_standing(snapshot, draft.id)
    moved = change(desk, draft.number, Step(name(two), -1))

    assert (pinned.status, moved.status) == (IssueStatus.APPROVED, IssueStatus.DRAFT)
    assert still_approved is not None
    assert desk.show(draft.number).approval is None


def test_a_mailed_issue_is_frozen(desk: Desk) -> None:
    (one,) = desk.store("One")
    number = desk.publish()

    with pytest.raises(RefusedError, match="frozen"):
        change(desk, number, Remove(name(one)))
    with pytest.raises(RefusedError, match="frozen"):
        write(desk, number, "subject", "Too late")


def test_undo_and_redo_walk_ones_own_changes_and_leave_the_others(desk: Desk) -> None:
    one, two, three = desk.store("One", "Two", "Three")
    draft = desk.draft()
    number = draft.number
    change(desk, number, Place(name(three), ItemSlot.LEAD))
    write(desk, number, "note", "A word", by=TOMAS)
    change(desk, number, Remove(name(two)))

    def own(act: object) -> tuple[list[int | None], str | None]:
        done = act(number, by=AINO, database=desk.database, now=desk.now)  # type: ignore[operator]
        return stories(done), done.note

    assert own(undo_change) == ([three, one, two], "A word")
    assert own(undo_change) == ([one, two, three], "A word")
    with pytest.raises(RefusedError, match="no change of yours to undo"):
        own(undo_change)
    assert own(redo_change) == ([three, one, two], "A word")
    assert own(redo_change) == ([three, one], "A word")
    with pytest.raises(RefusedError, match="nothing to do again"):
        own(redo_change)
    assert [words for _, _, words in told(desk, draft)][-2:] == [
        "did again: made “Three” the lead",
        "did again: took “Two” out",
    ]


def test_any_change_of_the_history_is_taken_back_alone(desk: Desk) -> None:
    one, two = desk.store("One", "Two")
    draft = desk.draft()
    removed = change(desk, draft.number, Remove(name(two)))
    write(desk, draft.number, f"headline:{one}", "Better")

    back = take_back(draft.number, removed.revision, by=TOMAS, database=desk.database, now=desk.now)

    assert stories(back) == [one, two]
    assert back.items[0].headline == "Better"
    with pytest.raises(RefusedError, match="taken back already"):
        take_back(draft.number, removed.revision, by=TOMAS, database=desk.database, now=desk.now)
    with pytest.raises(RefusedError, match="where its history begins"):
        take_back(draft.number, draft.revision, by=TOMAS, database=desk.database, now=desk.now)
    with pytest.raises(NotFoundError, match="not in the history"):
        take_back(draft.number, 999, by=TOMAS, database=desk.database, now=desk.now)


def test_words_that_were_written_again_are_not_taken_back_from_below(desk: Desk) -> None:
    (one,) = desk.store("One")
    draft = desk.draft()
    first = write(desk, draft.number, f"headline:{one}", "First")
    assert isinstance(first, Draft)
    write(desk, draft.number, f"headline:{one}", "Second", by=TOMAS)

    with pytest.raises(RefusedError, match="headline was written again since"):
        take_back(draft.number, first.revision, by=AINO, database=desk.database, now=desk.now)


def test_pauses_in_writing_are_one_change(desk: Desk) -> None:
    (one,) = desk.store("One")
    draft = desk.draft()
    for words in ("B", "Bet", "Better"):
        write(desk, draft.number, f"headline:{one}", words)
    desk.now += timedelta(minutes=10)
    write(desk, draft.number, f"headline:{one}", "Best")

    assert [number for number, _, _ in told(desk, draft)] == [draft.revision, draft.revision + 3, draft.revision + 4]
    undone = undo_change(draft.number, by=AINO, database=desk.database, now=desk.now)
    assert undone.items[0].headline == "Better"


def test_the_articles_own_words_are_no_words_of_the_issue(desk: Desk) -> None:
    (one,) = desk.store("One")
    draft = desk.draft()
    teaser = desk.show(draft.number).items[0].text

    assert write(desk, draft.number, f"teaser:{one}", f"  {teaser}\n") == draft
    written = write(desk, draft.number, f"teaser:{one}", "In brief.")
    assert isinstance(written, Draft)
    assert written.items[0].teaser == "In brief."
    emptied = write(desk, draft.number, f"teaser:{one}", "")
    assert isinstance(emptied, Draft)
    assert emptied.items[0].teaser is None


def test_two_editors_who_write_different_texts_lose_nothing(desk: Desk) -> None:
    one, two = desk.store("One", "Two")
    draft = desk.draft()

    write(desk, draft.number, f"headline:{one}", "By Aino", seen=draft.revision)
    written = write(desk, draft.number, f"headline:{two}", "By Tomas", seen=draft.revision, by=TOMAS)

    assert isinstance(written, Draft)
    assert [item.headline for item in written.items] == ["By Aino", "By Tomas"]


def test_two_editors_who_write_one_text_get_both_shown(desk: Desk) -> None:
    (one,) = desk.store("One")
    draft = desk.draft()
    text = f"headline:{one}"
    write(desk, draft.number, text, "By Aino", seen=draft.revision)

    clash = write(desk, draft.number, text, "By Tom", seen=draft.revision, by=TOMAS)
    write(desk, draft.number, text, "By Tomas", seen=draft.revision, by=TOMAS)

    assert isinstance(clash, Clash)
    assert desk.show(draft.number).draft.items[0].headline == "By Aino"
    assert open_clashes(desk, draft) == [(TOMAS, text, "By Tomas")]


@pytest.mark.parametrize("takes_it", [True, False])
def test_an_editor_chooses_between_two_wordings(desk: Desk, *, takes_it: bool) -> None:
    (one,) = desk.store("One")
    draft = desk.draft()
    write(desk, draft.number, f"headline:{one}", "By Aino", seen=draft.revision)
    clash = write(desk, draft.number, f"headline:{one}", "By Tomas", seen=draft.revision, by=TOMAS)
    assert isinstance(clash, Clash)

    settled = settle_clash(draft.number, clash.id, takes_it=takes_it, by=TOMAS, database=desk.database, now=desk.now)

    assert settled.items[0].headline == ("By Tomas" if takes_it else "By Aino")
    assert open_clashes(desk, draft) == []
    with pytest.raises(NotFoundError, match="chosen between these two wordings already"):
        settle_clash(draft.number, clash.id, takes_it=True, by=AINO, database=desk.database, now=desk.now)


def test_the_same_words_by_two_editors_are_no_clash(desk: Desk) -> None:
    (one,) = desk.store("One")
    draft = desk.draft()
    write(desk, draft.number, f"headline:{one}", "The same", seen=draft.revision)

    assert isinstance(write(desk, draft.number, f"headline:{one}", "The same", seen=draft.revision, by=TOMAS), Draft)


def test_words_for_an_article_that_was_taken_out_are_refused_with_a_sentence(desk: Desk) -> None:
    one, _ = desk.store("One", "Two")
    draft = desk.draft()
    change(desk, draft.number, Remove(name(one)), by=TOMAS)

    with pytest.raises(RefusedError, match="taken article"):
        write(desk, draft.number, f"headline:{one}", "Better", seen=draft.revision)


def test_a_book_is_no_teaser(desk: Desk) -> None:
    (one,) = desk.store("One")

    with pytest.raises(InputError, match="characters long"):
        write(desk, desk.draft().number, f"teaser:{one}", "word " * 1000)


def test_what_else_an_issue_may_take_is_found_by_words(desk: Desk) -> None:
    desk.store("An Old Ferry")
    desk.publish()
    desk.store("A Ferry in the Issue")
    with desk.database.transaction() as transaction:
        event = announcements.add_announcement(
            transaction, an_event(title="A Ferry Evening", starts_at=desk.now + timedelta(days=30)), now=desk.now
        )
        partners.add_partner(transaction, PartnerLink(name="The Ferry Club", url="https://ferry.example/"))
        partners.add_partner(transaction, PartnerLink(name="A Ferry Without an Address"))
    draft = desk.draft()
    change(desk, draft.number, Remove(name(f"announcement:{event.id}")))
    change(desk, draft.number, Remove(ItemName.of(next(item for item in draft.items if item.partner_id))))
    earlier = next(item for item in draft.items if item.slot is ItemSlot.EARLIER)
    change(desk, draft.number, Remove(ItemName.of(earlier)))
    desk.store("A New Ferry", "A Railway", age_days=-0.001)
    desk.now += timedelta(hours=1)

    found = list_addable(draft.number, search="ferry", database=desk.database, now=desk.now)

    assert [(each.title, each.carried_by) for each in found] == [
        ("A New Ferry", None),
        ("A Ferry Evening", None),
        ("The Ferry Club", None),
        ("An Old Ferry", 40),
    ]
    assert list_addable(draft.number, search="salo railway", database=desk.database, now=desk.now)[0].hint == AINO


def test_editors_see_who_else_has_the_composer_open(desk: Desk) -> None:
    number = desk.draft().number
    with desk.database.transaction() as transaction:
        aino, tomas = (
            editors.save_editor(
                transaction, EmailAddress.parse(address), name=called, role=EditorRole.EDITOR, now=desk.now
            )
            for address, called in (("aino@example.org", AINO), ("tomas@example.org", TOMAS))
        )
    subject = TextName.parse("subject")

    alone = visit_issue(number, editor=aino, text=None, database=desk.database, now=desk.now)
    met = visit_issue(number, editor=tomas, text=subject, database=desk.database, now=desk.now)
    seen = visit_issue(number, editor=aino, text=None, database=desk.database, now=desk.now)
    desk.now += timedelta(minutes=5)
    left = visit_issue(number, editor=aino, text=None, database=desk.database, now=desk.now)

    assert (alone, left) == ((), ())
    assert [each.name for each in met] == [AINO]
    assert [(each.name, each.text) for each in seen] == [(TOMAS, subject)]
