from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from builders import a_masthead, a_partner, an_event
from draft_builders import (
    NOW,
    a_partner_shown,
    a_proof,
    a_published_issue,
    a_stored_announcement,
    a_stored_article,
    a_stored_partner,
    an_announcement_shown,
    an_article,
    an_article_shown,
    days_before,
)
from newsletter.domain.article import Image
from newsletter.domain.assembly import History
from newsletter.domain.issue import ItemSlot, Masthead, Publisher, RenderedVariant, SlottedText
from newsletter.domain.partner import PartnerLink
from newsletter.service.checks.register import NAMES
from newsletter.service.checks.size import MOST_BYTES, MOST_STYLE_BYTES
from newsletter.service.finding import Finding, Level
from newsletter.service.preflight import preflight
from newsletter.service.proof import Proof

_LOCAL = "http://localhost:8080"


def found(proof: Proof) -> list[tuple[str, str, str]]:
    findings = preflight(proof)
    assert {finding.check for finding in findings} <= NAMES
    return [(finding.check, finding.level.value, finding.where) for finding in findings]


def the_only(proof: Proof) -> Finding:
    (finding,) = preflight(proof)
    return finding


def a_site(base_url: str = _LOCAL, *, postal_address: str = "12 Harbour Lane, Port Alder 4010") -> Masthead:
    return replace(a_masthead(base_url=base_url), postal_address=postal_address)


def a_complete_proof() -> Proof:
    image = Image(url="https://journal.example/f.jpg", alt="A ferry", licence="CC BY 4.0")
    return a_proof(
        an_article_shown(a_stored_article(1, an_article(image=image))),
        an_article_shown(a_stored_article(2), slot=ItemSlot.FEATURE),
        an_announcement_shown(),
        a_partner_shown(),
    )


def with_html(proof: Proof, html: str) -> Proof:
    assert proof.rendered
    (topics, variant), *_ = proof.rendered.variants.items()
    swollen = RenderedVariant(html=SlottedText((html,)), text=variant.text)
    return replace(proof, rendered=replace(proof.rendered, variants={topics: swollen}))


def test_a_complete_issue_has_no_findings() -> None:
    assert preflight(a_complete_proof()) == ()


def test_errors_come_first() -> None:
    proof = a_proof(an_article_shown(), partners=[a_stored_partner(1, a_partner(url=None))], mail_from="")

    assert [level for _, level, _ in found(proof)] == ["error", "warning"]


# Content


def test_an_issue_that_says_nothing_is_empty() -> None:
    assert found(a_proof(a_partner_shown())) == [("empty", "error", "issue 42")]


def test_a_provisional_headline_is_an_error() -> None:
    assert found(a_proof(an_article_shown(a_stored_article(7, needs_headline=True)))) == [
        ("needs_headline", "error", "article 7")
    ]


def test_a_headline_for_this_issue_is_a_headline() -> None:
    item = an_article_shown(a_stored_article(7, needs_headline=True), headline="The Price of a Dry River")

    assert found(a_proof(item)) == []


def test_what_was_withdrawn_is_named_and_not_checked_further() -> None:
    bad_image = an_article(image=Image(url="ferry.jpg"), headline="TODO", url="ftp://journal.example/")
    proof = a_proof(
        an_article_shown(a_stored_article(1)),
        an_article_shown(a_stored_article(2, bad_image, retracted_at=NOW), slot=ItemSlot.FEATURE),
        an_announcement_shown(a_stored_announcement(3, retracted_at=NOW)),
        a_partner_shown(a_stored_partner(4, retired_at=NOW)),
    )

    assert found(proof) == [
        ("withdrawn", "warning", "article 2"),
        ("withdrawn", "warning", "announcement 3"),
        ("withdrawn", "warning", "partner 4"),
    ]


@pytest.mark.parametrize("began", [days_before(1), NOW])
def test_an_event_that_has_begun_is_a_warning(began: dt.datetime) -> None:
    event = replace(an_event(starts_at=began), show_until=NOW + dt.timedelta(days=1))

    assert found(a_proof(an_announcement_shown(a_stored_announcement(3, event)))) == [
        ("withdrawn", "warning", "announcement 3")
    ]


# Subject and preheader


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("x" * 79, "79 characters"),
        ("Re: your newsletter", "like a reply"),
        ("FWD : your newsletter", "like a reply"),
        ("Tr: your newsletter", "like a reply"),
        ("A\tsubject", "control character"),
        ("A subject\u0085", "control character"),
        ("=?utf-8?q?a?=", "encoded word"),
    ],
)
def test_a_subject_that_inboxes_distrust_is_an_error(subject: str, words: str) -> None:
    finding = the_only(a_proof(an_article_shown(), subject=subject))

    assert (finding.check, finding.level) == ("subject", Level.ERROR)
    assert words in finding.what


@pytest.mark.parametrize("subject", ["Regrets: none", "Redrawing the map", "Research: what is new", "x" * 78])
def test_other_subjects_pass(subject: str) -> None:
    assert found(a_proof(an_article_shown(), subject=subject)) == []


@pytest.mark.parametrize("preheader", ["x" * 39, "x" * 131, "x" * 50 + "\n", "=?" + "x" * 50])
def test_a_preheader_has_its_limits(preheader: str) -> None:
    finding = the_only(a_proof(an_article_shown(), preheader=preheader))

    assert (finding.check, finding.level) == ("preheader", Level.ERROR)


# Placeholders


@pytest.mark.parametrize(
    "text", ["Dear {{ name }}", "{% if %}", "Lorem ipsum dolor", "A TODO", "[Headline here]", "[insert quote", "so }}"]
)
def test_leftover_placeholders_are_errors(text: str) -> None:
    proof = a_proof(an_article_shown(teaser=f"{text} and what follows, in a long enough sentence."), preheader="x" * 50)

    assert found(proof) == [("placeholder", "error", "article 1")]


def test_words_that_only_contain_one_pass() -> None:
    teaser = "Todos los barcos {zarpan} [hoy], and the ipsum of the harbour does too."

    assert found(a_proof(an_article_shown(teaser=teaser))) == []


# Links


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://journal.example/a", "not https"),
        ("https://staging.journal.example/a", "cannot be reached"),
        ("https://localhost/a", "cannot be reached"),
        ("https://192.168.1.7/a", "cannot be reached"),
        ("https://intranet/a", "cannot be reached"),
        ("https://me:secret@journal.example/a", "name or password"),
        ("#top", "not a web address"),
        ("mailto:editors@journal.example", "not a web address"),
        ("https://journal.example/a b", "not a web address"),
        ("https://[journal/", "not a web address"),
    ],
)
def test_links_that_readers_cannot_open_are_errors(url: str, words: str) -> None:
    finding = the_only(a_proof(an_article_shown(a_stored_article(1, an_article(url=url)))))

    assert (finding.check, finding.level, finding.where) == ("link", Level.ERROR, "article 1")
    assert words in finding.what


def test_on_a_trial_site_only_what_is_no_address_is_an_error() -> None:
    proof = a_proof(
        an_article_shown(a_stored_article(1, an_article(url="http://journal.example/a"))),
        an_article_shown(a_stored_article(2, an_article(url="#top", headline="Top")), slot=ItemSlot.FEATURE),
        masthead=a_site(),
    )

    assert found(proof) == [
        ("link", "error", "article 2"),
        ("link", "warning", "[site] base_url"),
        ("link", "warning", "article 1"),
    ]


def test_what_is_wrong_with_the_site_is_said_once() -> None:
    proof = a_proof(an_article_shown(a_stored_article(1)), masthead=a_site("http://review.example"))

    assert found(proof) == [("link", "error", "[site] base_url")]


def test_images_announcements_partners_and_publishers_have_links_too() -> None:
    image = Image(url="http://journal.example/f.jpg", alt="A ferry", licence="CC BY 4.0")
    link = PartnerLink(name="Tarn", url="http://tarn.example")
    proof = a_proof(
        an_article_shown(a_stored_article(1, an_article(image=image))),
        an_announcement_shown(a_stored_announcement(2, an_event(url="http://events.example/1"))),
        a_partner_shown(a_stored_partner(3, link)),
        masthead=replace(
            a_site("https://review.example"), publishers=(Publisher(name="Alder", url="http://a.example"),)
        ),
    )

    assert [where for _, _, where in found(proof)] == [
        "image of article 1",
        "announcement 2",
        "partner 3",
        "publisher Alder",
    ]


# Images


def test_an_image_wants_a_text_and_a_licence() -> None:
    image = Image(url="https://journal.example/f.jpg")
    findings = preflight(a_proof(an_article_shown(a_stored_article(1, an_article(image=image)))))

    assert [(finding.check, finding.level) for finding in findings] == [("image", Level.WARNING)] * 2
    assert "licence" in findings[1].what


def test_an_image_without_a_web_address_is_named() -> None:
    image = Image(url="f.jpg", alt="A ferry", licence="CC BY 4.0")

    finding = the_only(a_proof(an_article_shown(a_stored_article(1, an_article(image=image)))))

    assert finding.what == "f.jpg is not a web address, so the image is left out."


def test_a_caption_without_an_image_and_earlier_articles_are_not_looked_at() -> None:
    bare = an_article(headline="Earlier", image=Image(url="f.jpg"))
    proof = a_proof(
        an_article_shown(a_stored_article(1, an_article(image=Image(author="Harbour Archive")))),
        an_article_shown(a_stored_article(2, bare), slot=ItemSlot.EARLIER),
    )

    assert found(proof) == []


# Size


def test_a_letter_that_would_be_clipped_is_an_error_that_names_the_largest_items() -> None:
    finding = the_only(with_html(a_proof(an_article_shown()), "x" * (MOST_BYTES + 1)))

    assert (finding.check, finding.level) == ("size", Level.ERROR)
    assert "article 1" in finding.mend


def test_the_encoded_size_counts_too() -> None:
    finding = the_only(with_html(a_proof(an_article_shown()), "ж" * (MOST_BYTES // 3)))

    assert finding.check == "size"


def test_a_style_sheet_that_would_be_dropped_is_an_error() -> None:
    html = f"<style>{'x' * MOST_STYLE_BYTES}</style>"

    assert "theme" in the_only(with_html(a_proof(an_article_shown()), html)).mend


def test_a_single_large_item_is_a_warning() -> None:
    finding = the_only(a_proof(an_article_shown(teaser="The night ferry sails on. " * 400)))

    assert (finding.check, finding.level, finding.where) == ("size", Level.WARNING, "article 1")


# Sender


def test_a_missing_postal_address_is_an_error_but_on_a_trial_site() -> None:
    public = a_proof(an_article_shown(), masthead=a_site("https://review.example", postal_address=" "))
    trial = a_proof(an_article_shown(), masthead=a_site(postal_address=""))

    assert ("postal_address", "error", "[site] postal_address") in found(public)
    assert ("postal_address", "warning", "[site] postal_address") in found(trial)


def test_a_missing_sender_is_an_error() -> None:
    assert found(a_proof(an_article_shown(), mail_from="")) == [("sender", "error", "[mail] from")]


# Partners


def test_partners_without_an_address_are_named() -> None:
    proof = a_proof(an_article_shown(), partners=[a_stored_partner(5, a_partner(name="Tarn", url=None))])

    assert the_only(proof).what == "Tarn has no address and is not shown."


def test_a_partner_shown_outside_its_window_is_a_warning() -> None:
    over = replace(a_partner(), window_until=days_before(1))

    assert found(a_proof(an_article_shown(), a_partner_shown(a_stored_partner(5, over)))) == [
        ("partner", "warning", "partner 5")
    ]


# Repetition


def test_an_article_that_readers_have_had_is_a_warning_but_not_as_an_earlier_one() -> None:
    history = History(issues=(a_published_issue(41, days_before(14)),), articles={1: 41, 2: 41})
    proof = a_proof(
        an_article_shown(a_stored_article(1)),
        an_article_shown(a_stored_article(2), slot=ItemSlot.EARLIER),
        history=history,
    )

    assert found(proof) == [("repetition", "warning", "article 1")]


def test_a_mailed_issue_does_not_repeat_itself() -> None:
    proof = a_proof(an_article_shown(a_stored_article(1)), history=History(articles={1: 42}))

    assert proof.draft.number == 42
    assert found(proof) == []


def test_a_subject_used_before_is_a_warning() -> None:
    history = History(issues=(a_published_issue(41, days_before(14), subject="The same"),))

    assert found(a_proof(an_article_shown(), subject="The same", history=history)) == [
        ("repetition", "warning", "subject")
    ]


def test_two_articles_under_one_headline_are_a_warning() -> None:
    proof = a_proof(
        an_article_shown(a_stored_article(1), headline="Twice"),
        an_article_shown(a_stored_article(2), slot=ItemSlot.FEATURE, headline="Twice"),
    )

    assert found(proof) == [("repetition", "warning", "headlines")]
