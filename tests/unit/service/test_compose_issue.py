from __future__ import annotations

import datetime as dt

from builders import SITE, a_masthead, a_news_item, a_partner, a_picture, an_event
from draft_builders import (
    NOW,
    STANDFIRST,
    a_partner_shown,
    a_stored_announcement,
    a_stored_article,
    a_stored_partner,
    an_announcement_shown,
    an_article,
    an_article_shown,
    an_issue_of,
)
from newsletter.domain.article import Article, Image, Section
from newsletter.domain.issue import ItemSlot


def test_an_article_without_an_address_links_to_its_page_on_the_site() -> None:
    own = an_article_shown(a_stored_article(1, an_article(url="https://journal.example/ferry")))
    ours = an_article_shown(a_stored_article(7))

    assert own.url == "https://journal.example/ferry"
    assert ours.url == f"{SITE}/articles/7"


def test_the_words_of_this_issue_stand_over_the_articles() -> None:
    shown = an_article_shown(headline="For this issue", teaser="In brief.")

    assert (shown.headline, shown.text) == ("For this issue", "In brief.")


def test_teasers_are_whole_sentences_and_the_lead_gets_more_of_them() -> None:
    stored = a_stored_article(1, an_article(standfirst="The night ferry sails on, whatever ministers sign. " * 12))

    lead = an_article_shown(stored)
    feature = an_article_shown(stored, slot=ItemSlot.FEATURE)

    assert lead.text.endswith("sign.")
    assert feature.text.endswith("sign.")
    assert len(feature.text) < len(lead.text)


def test_an_article_without_a_standfirst_is_introduced_by_its_first_paragraph() -> None:
    bare = Article(headline="Bare", sections=(Section(name="", paragraphs=("It begins here. It goes on.",)),))

    assert an_article_shown(a_stored_article(1, bare)).text == "It begins here. It goes on."
    assert an_article_shown(a_stored_article(1, Article(headline="Empty"))).text == ""


def test_an_image_is_credited_with_author_licence_and_source() -> None:
    image = Image(
        url="https://journal.example/f.jpg", alt="A ferry", author="Ilse Maren", licence="CC BY 4.0", source="Atlas"
    )
    issue = an_issue_of(an_article_shown(a_stored_article(1, an_article(image=image)), picture=a_picture()))

    assert issue.lead
    assert (issue.lead.image_url, issue.lead.image_alt) == (SITE + a_picture().path, "A ferry")
    assert (issue.lead.image_width, issue.lead.image_height) == (1056, 704)
    assert issue.lead.image_credit == "Ilse Maren, CC BY 4.0, Atlas"


def test_the_credit_of_the_page_stands_in_for_a_missing_one() -> None:
    image = Image(url="https://journal.example/f.jpg")
    stored = a_stored_article(1, an_article(image=image, credit="Harbour Archive"))
    issue = an_issue_of(an_article_shown(stored, picture=a_picture()))

    assert issue.lead
    assert issue.lead.image_credit == "Harbour Archive"


def test_a_picture_that_was_not_stored_is_left_out_with_its_credit() -> None:
    image = Image(url="https://journal.example/ferry.jpg", alt="A ferry", author="Ilse Maren")
    issue = an_issue_of(an_article_shown(a_stored_article(1, an_article(image=image))))

    assert issue.lead
    assert (issue.lead.image_url, issue.lead.image_alt, issue.lead.image_credit) == (None, "", "")


def test_the_first_tag_is_the_label() -> None:
    issue = an_issue_of(an_article_shown(a_stored_article(1, tags=["Trade", "Rivers"])))

    assert issue.lead
    assert issue.lead.kicker == "Trade"


def test_subject_and_preheader_follow_from_the_lead() -> None:
    issue = an_issue_of(an_article_shown(a_stored_article(1, an_article(headline="Who Pays?"))))

    assert issue.subject == "Who Pays?"
    assert issue.preheader == STANDFIRST.partition(". ")[0] + "."


def test_editors_words_stand_over_the_derived_ones() -> None:
    issue = an_issue_of(an_article_shown(), subject="Ours", preheader="Ours too")

    assert (issue.subject, issue.preheader) == ("Ours", "Ours too")


def test_a_short_lead_is_followed_by_the_features_in_the_preheader() -> None:
    issue = an_issue_of(
        an_article_shown(a_stored_article(1, an_article(standfirst="It sails."))),
        an_article_shown(a_stored_article(2), slot=ItemSlot.FEATURE),
        an_announcement_shown(),
    )

    assert issue.preheader == "It sails. Story 2. The Brandt Prize Goes to an Atlas of Small Harbours."


def test_without_articles_an_announcement_gives_the_subject() -> None:
    issue = an_issue_of(an_announcement_shown(a_stored_announcement(1, an_event(title="Reading a Budget"))))

    assert issue.subject == "Reading a Budget"


def test_an_empty_issue_is_named_by_its_number() -> None:
    issue = an_issue_of(masthead=a_masthead(blurb=""))

    assert issue.subject == "The Meridian Review, issue 42"
    assert issue.preheader == "Issue 42 of The Meridian Review: what is new, in one letter."


def test_a_short_preheader_is_filled_with_the_journal_s_own_words_in_its_own_language() -> None:
    stored = a_stored_article(1, an_article(standfirst="Паром идёт."))
    blurb = "Журнал о торговле и политике вокруг пролива."

    for own, preheader in ((blurb, f"Паром идёт. {blurb}"), ("", "Паром идёт.")):
        issue = an_issue_of(an_article_shown(stored), masthead=a_masthead(language="ru", blurb=own))

        assert issue.preheader == preheader


def test_each_item_comes_into_its_part() -> None:
    issue = an_issue_of(
        an_article_shown(),
        an_article_shown(a_stored_article(2), slot=ItemSlot.FEATURE),
        an_announcement_shown(a_stored_announcement(1, an_event())),
        an_announcement_shown(a_stored_announcement(2, a_news_item())),
        an_article_shown(a_stored_article(3), slot=ItemSlot.EARLIER, reason="earlier article, issue 41"),
        a_partner_shown(),
    )

    assert [teaser.article_id for teaser in issue.features] == [2]
    assert [(event.id, event.announcement) for event in issue.events] == [(1, an_event())]
    assert [(item.id, item.announcement) for item in issue.news] == [(2, a_news_item())]
    assert [teaser.reason for teaser in issue.earlier] == ["earlier article, issue 41"]
    assert issue.partners == (a_partner(),)
    assert issue.date == dt.date(2026, 12, 3)


def test_the_first_feature_leads_where_the_lead_was_retracted() -> None:
    issue = an_issue_of(
        an_article_shown(a_stored_article(1, retracted_at=NOW)),
        an_article_shown(a_stored_article(2), slot=ItemSlot.FEATURE),
    )

    assert issue.lead
    assert issue.lead.article_id == 2
    assert issue.features == ()


def test_what_was_withdrawn_is_left_out() -> None:
    issue = an_issue_of(
        an_announcement_shown(a_stored_announcement(1, retracted_at=NOW)),
        a_partner_shown(a_stored_partner(1, retired_at=NOW)),
        a_partner_shown(a_stored_partner(2, a_partner(url=None))),
    )

    assert (issue.events, issue.news, issue.partners) == ((), (), ())
