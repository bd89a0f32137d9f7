"""Editors' changes to a draft, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import a_news_item
from draft_builders import an_article
from issue_desk import Desk
from newsletter.domain.arrangement import ItemName
from newsletter.domain.issue import Draft, IssueStatus
from newsletter.domain.partner import PartnerLink
from newsletter.errors import NotFoundError, RefusedError
from newsletter.service.arrange_issue import Arrangement, arrange_issue, edit_issue
from newsletter.store import announcements, approvals, articles, partners
from newsletter.store.database import Database


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def arrange(desk: Desk, number: int, arrangement: Arrangement) -> Draft:
    return arrange_issue(number, arrangement, database=desk.database, now=desk.now)


def names(*texts: str) -> list[ItemName]:
    return [ItemName.parse(text) for text in texts]


def items(draft: Draft) -> list[tuple[str, str]]:
    return [(item.slot.value, str(ItemName.of(item))) for item in draft.items]


def test_an_issue_is_arranged_in_one_go(desk: Desk) -> None:
    one, two, three, four = desk.store("One", "Two", "Three", "Four")
    number = desk.draft().number

    arranged = arrange(
        desk,
        number,
        Arrangement(
            remove=names(str(one)),
            lead=three,
            features=[four],
            headlines={two: "For this issue"},
            teasers={two: "In brief."},
        ),
    )

    assert items(arranged) == [
        ("lead", f"article {three}"),
        ("feature", f"article {four}"),
        ("feature", f"article {two}"),
    ]
    assert (arranged.items[2].headline, arranged.items[2].teaser) == ("For this issue", "In brief.")
    assert desk.draft() == arranged == desk.show(number).draft


def test_a_lead_that_the_issue_lacks_is_added(desk: Desk) -> None:
    (one,) = desk.store("One")
    number = desk.draft().number
    (two,) = desk.store("Two")

    assert items(arrange(desk, number, Arrangement(lead=two))) == [
        ("lead", f"article {two}"),
        ("feature", f"article {one}"),
    ]


def test_the_first_article_added_to_an_empty_issue_leads(desk: Desk) -> None:
    number = desk.draft().number
    one, two = desk.store("One", "Two")

    arranged = arrange(desk, number, Arrangement(add=names(str(two), str(one))))

    assert items(arranged) == [("lead", f"article {two}"), ("feature", f"article {one}")]


def test_an_article_that_readers_have_had_is_added_as_an_earlier_one(desk: Desk) -> None:
    (one,) = desk.store("One")
    desk.publish()
    number = desk.draft().number
    arrange(desk, number, Arrangement(remove=names(str(one))))

    arranged = arrange(desk, number, Arrangement(add=names(str(one))))

    assert [(item.slot.value, item.reason) for item in arranged.items] == [("earlier", "pinned, issue 40")]


def test_announcements_and_partners_are_added_by_id(desk: Desk) -> None:
    number = desk.draft().number
    with desk.database.transaction() as transaction:
        announcement = announcements.add_announcement(transaction, a_news_item(), now=desk.now)
        partner = partners.add_partner(transaction, PartnerLink(name="Tarn", url="https://tarn.example/"))

    arranged = arrange(desk, number, Arrangement(add=names(f"partner:{partner.id}", f"announcement:{announcement.id}")))

    assert [item.reason for item in arranged.items] == ["pinned", "pinned, shown in 0 issues, weight 1"]


def test_what_cannot_be_shown_cannot_be_added(desk: Desk) -> None:
    number = desk.draft().number
    with desk.database.transaction() as transaction:
        partner = partners.add_partner(transaction, PartnerLink(name="Tarn"))
        article = articles.add_article(transaction, an_article(), now=desk.now)
        articles.update_article(transaction, replace(article, retracted_at=desk.now))
        announcement = announcements.add_announcement(transaction, a_news_item(), now=desk.now)
        announcements.update_announcement(transaction, replace(announcement, retracted_at=desk.now))

    for name, words in (
        (f"partner:{partner.id}", "has no address"),
        (f"{article.id}", "was retracted"),
        (f"announcement:{announcement.id}", "was retracted"),
    ):
        with pytest.raises(RefusedError, match=words):
            arrange(desk, number, Arrangement(add=names(name)))
    with pytest.raises(NotFoundError, match="There is no article 99"):
        arrange(desk, number, Arrangement(lead=99))


def test_a_refused_arrangement_changes_nothing(desk: Desk) -> None:
    (one,) = desk.store("One")
    draft = desk.draft()

    with pytest.raises(RefusedError):
        arrange(desk, draft.number, Arrangement(remove=names(str(one), "99")))

    assert desk.show(draft.number).draft == draft


def test_texts_are_written_and_taken_back(desk: Desk) -> None:
    desk.store("One")
    number = desk.draft().number
    edit_issue(number, subject=" Ours ", preheader="Also ours", note="A word", database=desk.database, now=desk.now)
    written = desk.show(number).issue
    edit_issue(number, subject="", preheader="", database=desk.database, now=desk.now)
    taken_back = desk.show(number).issue

    assert (written.subject, written.preheader, written.note) == ("Ours", "Also ours", "A word")
    assert (taken_back.subject, taken_back.note) == ("One", "A word")


def test_any_edit_voids_the_approval(desk: Desk) -> None:
    desk.store("One")
    draft = desk.draft()
    desk.approve(draft.number)

    edited = edit_issue(draft.number, note="A word", database=desk.database, now=desk.now)

    assert edited.status is IssueStatus.DRAFT
    with desk.database.snapshot() as snapshot:
        assert approvals.find_standing(snapshot, draft.id) is None


def test_an_edit_that_changes_nothing_voids_nothing(desk: Desk) -> None:
    desk.store("One")
    number = desk.draft().number
    desk.approve(number)

    edited = edit_issue(number, subject="", database=desk.database, now=desk.now)

    assert edited.status is IssueStatus.APPROVED
    assert desk.show(number).approval


def test_a_mailed_issue_is_frozen(desk: Desk) -> None:
    (one,) = desk.store("One")
    number = desk.publish()

    with pytest.raises(RefusedError, match="is frozen"):
        edit_issue(number, note="A word", database=desk.database, now=desk.now)
    with pytest.raises(RefusedError, match="is frozen"):
        arrange(desk, number, Arrangement(remove=names(str(one))))
    with pytest.raises(RefusedError, match="is frozen"):
        desk.approve(number)
