from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from builders import a_news_item, an_event
from draft_builders import (
    NOW,
    a_published_issue,
    a_stored_announcement,
    a_stored_article,
    a_stored_partner,
    an_article,
    days_before,
)
from newsletter.domain.article import StoredAnnouncement, StoredArticle
from newsletter.domain.assembly import (
    MOST_EARLIER,
    MOST_FEATURES,
    MOST_PARTNERS,
    History,
    assemble,
    explain_candidate,
    list_candidates,
)
from newsletter.domain.issue import DraftItem, ItemSlot
from newsletter.domain.partner import StoredPartnerLink

_FORMER = (a_published_issue(40, days_before(28)), a_published_issue(41, days_before(14)))


def assembled(
    *articles: StoredArticle,
    announcements: tuple[StoredAnnouncement, ...] = (),
    partners: tuple[StoredPartnerLink, ...] = (),
    history: History | None = None,
    due_at: dt.datetime = NOW,
    now: dt.datetime = NOW,
) -> tuple[DraftItem, ...]:
    return assemble(
        articles, announcements, partners, history=history or History(issues=_FORMER), due_at=due_at, now=now
    )


def ids(items: tuple[DraftItem, ...], slot: ItemSlot) -> list[int]:
    return [item.article_id or item.announcement_id or item.partner_id or 0 for item in items if item.slot is slot]


def reasons(items: tuple[DraftItem, ...]) -> list[str]:
    return [item.reason for item in items]


# Lead and features


def test_the_newest_article_leads_and_the_others_follow_by_age() -> None:
    items = assembled(
        a_stored_article(1, published_at=days_before(5)),
        a_stored_article(2, published_at=days_before(2)),
        a_stored_article(3, published_at=days_before(9)),
    )

    assert ids(items, ItemSlot.LEAD) == [2]
    assert ids(items, ItemSlot.FEATURE) == [1, 3]


def test_articles_of_one_page_keep_its_order() -> None:
    at_once = days_before(3)

    items = assembled(*(a_stored_article(number, published_at=at_once) for number in (4, 3, 2, 1)))

    assert ids(items, ItemSlot.LEAD) + ids(items, ItemSlot.FEATURE) == [1, 2, 3, 4]


def test_an_article_without_a_headline_does_not_lead_if_another_can() -> None:
    items = assembled(
        a_stored_article(1, published_at=days_before(1), needs_headline=True),
        a_stored_article(2, published_at=days_before(2)),
    )

    assert ids(items, ItemSlot.LEAD) == [2]
    assert ids(items, ItemSlot.FEATURE) == [1]


def test_the_first_leads_where_no_article_has_a_headline() -> None:
    items = assembled(a_stored_article(1, needs_headline=True), a_stored_article(2, needs_headline=True))

    assert ids(items, ItemSlot.LEAD) == [1]


def test_articles_of_the_window_are_new_and_older_ones_name_the_issue_that_missed_them() -> None:
    items = assembled(
        a_stored_article(1, published_at=days_before(3)),
        a_stored_article(2, published_at=days_before(20)),
        a_stored_article(3, published_at=days_before(400)),
    )

    assert reasons(items) == ["new since 41", "missed issue 41", "missed issue 40"]


def test_in_a_first_issue_everything_is_new() -> None:
    items = assembled(a_stored_article(1, published_at=days_before(400)), history=History())

    assert reasons(items) == ["new"]


def test_an_article_published_as_an_issue_falls_due_belongs_to_the_next() -> None:
    article = a_stored_article(1, published_at=_FORMER[-1].due_at)

    assert explain_candidate(article, History(issues=_FORMER)) == "new since 41"


def test_what_was_mailed_retracted_or_lies_ahead_is_no_candidate() -> None:
    history = History(issues=_FORMER, articles={1: 41})

    candidates = list_candidates(
        [
            a_stored_article(1),
            a_stored_article(2, retracted_at=NOW),
            a_stored_article(3, published_at=NOW + dt.timedelta(minutes=1)),
            a_stored_article(4, published_at=NOW),
        ],
        history=history,
        now=NOW,
    )

    assert [article.id for article in candidates] == [4]


def test_an_article_without_a_date_counts_from_its_import() -> None:
    undated = a_stored_article(1, an_article(published_at=None))

    assert reasons(assembled(undated)) == ["new since 41"]


def test_an_issue_holds_so_many_features_and_the_rest_wait() -> None:
    items = assembled(*(a_stored_article(number) for number in range(1, 31)))

    assert len(ids(items, ItemSlot.FEATURE)) == MOST_FEATURES


def test_an_empty_store_gives_an_empty_draft() -> None:
    assert assembled() == ()


# Announcements


def test_events_come_as_they_begin_and_news_after_them() -> None:
    items = assembled(
        announcements=(
            a_stored_announcement(1, a_news_item()),
            a_stored_announcement(2, an_event(starts_at=NOW + dt.timedelta(days=9))),
            a_stored_announcement(3, an_event(starts_at=NOW + dt.timedelta(days=2))),
        )
    )

    assert ids(items, ItemSlot.ANNOUNCEMENT) == [3, 2, 1]
    assert reasons(items) == ["begins 2026-12-05", "begins 2026-12-12", "news"]


def test_announcements_that_are_over_or_retracted_stay_out() -> None:
    items = assembled(
        announcements=(
            a_stored_announcement(1, an_event(starts_at=days_before(1))),
            a_stored_announcement(2, retracted_at=days_before(1)),
        )
    )

    assert items == ()


def test_an_event_that_begins_before_an_upcoming_issue_is_due_stays_out() -> None:
    tomorrow = an_event(starts_at=NOW + dt.timedelta(days=1))

    items = assembled(announcements=(a_stored_announcement(1, tomorrow),), due_at=NOW + dt.timedelta(days=7))

    assert items == ()


def test_news_without_a_last_day_is_shown_once_and_an_event_until_it_begins() -> None:
    history = History(issues=_FORMER, announcements=frozenset({1, 2}))

    items = assembled(
        announcements=(
            a_stored_announcement(1, a_news_item()),
            a_stored_announcement(2, an_event(starts_at=NOW + dt.timedelta(days=2))),
        ),
        history=history,
    )

    assert reasons(items) == ["begins 2026-12-05, shown before"]


def test_news_with_a_last_day_is_shown_until_then() -> None:
    until = NOW + dt.timedelta(days=30)
    lasting = a_stored_announcement(1, replace(a_news_item(), show_until=until))

    items = assembled(announcements=(lasting,), history=History(issues=_FORMER, announcements=frozenset({1})))

    assert reasons(items) == ["news until 2027-01-02, shown before"]


# Earlier articles


def test_earlier_articles_share_a_tag_first_and_then_are_the_most_recent() -> None:
    history = History(issues=_FORMER, articles={1: 40, 2: 41, 3: 40})

    items = assembled(
        a_stored_article(1, tags=["Suldan"]),
        a_stored_article(2, tags=["Trade"]),
        a_stored_article(3, tags=["Rivers", "Veld"]),
        a_stored_article(4, tags=["Ferries", "Suldan"]),
        history=history,
    )

    assert ids(items, ItemSlot.EARLIER) == [1, 2, 3]
    assert reasons(items)[1:] == ["also on Suldan, issue 40", "earlier article, issue 41", "earlier article, issue 40"]


def test_earlier_articles_are_few_and_never_retracted() -> None:
    history = History(issues=_FORMER, articles=dict.fromkeys(range(1, 8), 41))

    items = assembled(
        a_stored_article(1, retracted_at=NOW), *(a_stored_article(number) for number in range(2, 8)), history=history
    )

    assert ids(items, ItemSlot.EARLIER) == [2, 3, 4, 5]
    assert len(items) == MOST_EARLIER


# Partner links


def test_partner_links_say_how_often_they_were_shown() -> None:
    items = assembled(
        partners=tuple(a_stored_partner(number) for number in range(1, 6)),
        history=History(partners={1: 3, 2: 1, 3: 4}),
    )

    assert ids(items, ItemSlot.PARTNER) == [4, 5, 2, 1]
    assert reasons(items)[2:] == ["shown in 1 issue, weight 1", "shown in 3 issues, weight 1"]


@given(st.lists(st.integers(min_value=1, max_value=4), min_size=1, max_size=12))
def test_over_a_hundred_issues_each_partner_gets_its_share(weights: list[int]) -> None:
    partners = tuple(a_stored_partner(number, weight=weight) for number, weight in enumerate(weights, start=1))
    shown: dict[int, int] = {}

    for _ in range(100):
        chosen = ids(assembled(partners=partners, history=History(partners=shown)), ItemSlot.PARTNER)
        assert len(chosen) == min(MOST_PARTNERS, len(partners))
        for partner in chosen:
            shown[partner] = shown.get(partner, 0) + 1

    per_weight = [shown[partner.id] / partner.link.weight for partner in partners if shown[partner.id] < 100]
    # Whoever is not shown every time is within one appearance of everybody else's share.
    assert not per_weight or max(per_weight) - min(per_weight) <= 1
