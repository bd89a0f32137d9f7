"""Checks 10 to 14: pictures, links, the text part, the footer, and what stands beside the letter in an inbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import urlsplit

from lxml import html as parser
from PIL import Image

from html_reading import read_html
from letter_checks.press import READER, PrintedIssue, find_tokens
from newsletter.domain.article import Announcement
from newsletter.domain.issue import Issue, Teaser
from newsletter.domain.token import Purpose, ReaderToken, sign_delivery

LONGEST_LINE = 78
MOST_PICTURE_BYTES = 200_000
LONGEST_SUBJECT = 78
PREHEADER = range(40, 131)
REASON = {
    "en": "You receive this letter because you subscribed to",
    "ru": "Вы получаете это письмо, потому что подписаны на рассылку",
    "ar": "تصلك هذه الرسالة لأنك مشترك في",
}


def words(text: str) -> str:
    """Return text as it can be compared: no line breaks, no capitals, no characters that no letter may carry."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f\ufffe]+", "", text).casefold()


def cards_of(issue: Issue) -> Iterator[Teaser]:
    yield from filter(None, (issue.lead, *issue.features))


def announcements_of(issue: Issue) -> Iterator[Announcement]:
    yield from (stored.announcement for stored in (*issue.events, *issue.news))


def test_every_picture_is_described_and_its_place_is_kept(printed: PrintedIssue) -> None:
    shown = [card for card in cards_of(printed.issue) if card.image_url]
    images = list(parser.document_fromstring(printed.html).iter("img"))
    by_address = {image.get("src"): image for image in images}

    assert {card.image_url for card in shown} <= set(by_address)
    for card in shown:
        assert words(by_address[card.image_url].get("alt")) == words(card.image_alt)
    for image in images:
        content = printed.pictures[image.get("src")]
        picture = Image.open(BytesIO(content))
        width, height = int(image.get("width")), int(image.get("height"))
        assert urlsplit(image.get("src")).scheme == "https"
        assert image.get("alt", "").strip()
        assert 1 < width <= 600
        assert abs(height - width * picture.height / picture.width) <= 1
        assert picture.width >= width
        assert len(content) <= MOST_PICTURE_BYTES
    assert (len(shown) > 0) is (printed.name not in {"single", "published page"})


def test_every_link_is_https_and_named_and_leads_out_of_the_letter(printed: PrintedIssue) -> None:
    links = read_html(printed.html).links

    for address, name in links:
        parts = urlsplit(address)
        assert parts.scheme == "https"
        assert parts.hostname
        assert not parts.fragment
        assert name.strip()
        assert name.casefold() not in {"here", "click here", "read more", "link", address.casefold()}
    for card in cards_of(printed.issue):
        assert card.url in {address for address, name in links if words(name) == words(card.headline)}


def test_only_two_links_are_the_readers_own_and_no_other_names_anybody(printed: PrintedIssue) -> None:
    public_id = printed.recipient.public_id
    personal = {
        purpose: ReaderToken(public_id, printed.recipient.delivery.mailing).sign(purpose, printed.keys)
        for purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES)
    }
    delivery = sign_delivery(printed.recipient.delivery, printed.keys)
    base = printed.sender.base_url

    for part in (printed.html, printed.text):
        assert find_tokens(part) == set(personal.values())
        for secret in (READER, delivery, public_id.hex()):
            assert secret not in part
    for address, _ in read_html(printed.html).links:
        carried = [purpose for purpose, token in personal.items() if token in address]
        assert carried in ([], [Purpose.UNSUBSCRIBE], [Purpose.PREFERENCES])
        if carried:
            assert address == f"{base}/{carried[0].value}/{personal[carried[0]]}"


def test_the_text_part_says_all_that_the_html_says(printed: PrintedIssue) -> None:
    issue, text = printed.issue, words(printed.text)
    reading = read_html(printed.html)

    for card in cards_of(issue):
        for said in (card.headline, card.text, card.url, *card.authors, card.image_credit):
            assert words(said) in text
    for item in announcements_of(issue):
        for said in (item.title, item.text, item.place, item.url or ""):
            assert words(said) in text
    for partner in issue.partners:
        assert words(partner.name) in text
    for address, name in reading.links:
        assert address in printed.text
        assert words(name) in text
    for _, heading in reading.headings:
        assert words(heading) in text


def test_no_line_of_the_text_part_has_to_be_wrapped(printed: PrintedIssue) -> None:
    lines = printed.text.split("\n")

    assert [line for line in lines if len(line) > LONGEST_LINE and "https://" not in line] == []
    assert "\n\n\n" not in printed.text
    assert not re.search(r"[<]/?(?:p|br|div|td|a)\b", printed.text)


def test_both_parts_end_with_the_way_out_the_reason_and_the_address(printed: PrintedIssue) -> None:
    issue, base = printed.issue, printed.sender.base_url
    reading = read_html(printed.html)
    addresses = [address for address, _ in reading.links]

    for part in (printed.text, reading.text):
        for line in issue.masthead.postal_address.splitlines():
            assert line in " ".join(part.split())
        assert REASON[issue.masthead.language] in " ".join(part.split())
    for wanted in (rf"{base}/unsubscribe/[-\w]+", rf"{base}/preferences/[-\w]+", rf"{base}/issues/{issue.number}"):
        assert [address for address in addresses if re.fullmatch(wanted, address)]
        assert re.search(rf"(?m)^{wanted}$", printed.text)
    assert f"{base}/issues" in addresses
    for publisher in issue.masthead.publishers:
        assert publisher.url in addresses
    assert words(issue.masthead.blurb) in words(printed.text)


def test_subject_and_preheader_are_fit_for_an_inbox(printed: PrintedIssue) -> None:
    issue = printed.issue
    (preheader,) = parser.document_fromstring(printed.html).xpath("//*[@class='preheader']")

    assert 0 < len(issue.subject) <= LONGEST_SUBJECT
    assert not re.match(r"(?i)\s*(re|fwd?|aw|wg|sv|vs|tr)\s*:", issue.subject)
    assert printed.message["Subject"] == issue.subject
    assert len(issue.preheader) in PREHEADER
    assert words(preheader.text_content()) == words(issue.preheader)
    assert words(issue.preheader) != words(issue.subject)
    for said in (issue.subject, issue.preheader):
        assert "=?" not in said
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", said)
    body = parser.document_fromstring(printed.html).body
    assert words(body.text_content()).startswith(words(issue.preheader))
