"""Letters, compiled once and spliced per subscriber."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.address import EmailAddress
from newsletter.domain.issue import RenderedIssue, RenderedVariant, Slot, SlottedText
from newsletter.domain.letter import Letter, Recipient, Sender, stuff, unstuff
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.token import KeyRing, Purpose, ReaderToken, sign_delivery, verify_delivery
from newsletter.domain.topic import Topic
from newsletter.errors import RefusedError
from newsletter.mail.message import Splicer, compile_letters, encode_quoted_printable

KEYS = KeyRing(b"a secret of the newsletter, long enough")
NOW = datetime(2026, 3, 12, 9, 0, 0, 500_000, tzinfo=UTC)
SENDER = Sender(
    name="River Review",
    address=EmailAddress("news@example.org"),
    reply_to=EmailAddress("editors@example.org"),
    bounce_address="b+{token}@bounces.example.org",
    list_id="river-review.example.org",
    feedback_id="riverreview",
    base_url="https://news.example.org",
)


def a_rendered_issue(
    html: SlottedText = SlottedText(("<p>Hello</p>",)),
    text: SlottedText = SlottedText(("Hello\n",)),
    subject: str = "Rivers and rails",
) -> RenderedIssue:
    return RenderedIssue(
        number=42,
        subject=subject,
        preheader="",
        variants={
            Topic.everything(): RenderedVariant(html=html, text=text),
            Topic.ARTICLES: RenderedVariant(html=SlottedText(("articles",)), text=SlottedText(("articles",))),
        },
    )


def a_splicer(rendered: RenderedIssue, clock: datetime = NOW) -> Splicer:
    return Splicer(compile_letters(rendered, sender=SENDER), sender=SENDER, keys=KEYS, clock=lambda: clock)


def a_letter(
    rendered: RenderedIssue, *, position: int = 1, topics: Topic = Topic.everything(), is_text_only: bool = False
) -> Letter:
    return a_splicer(rendered).splice(
        Recipient(
            delivery=DeliveryId(7, position),
            address=EmailAddress(f"reader{position}@example.net"),
            public_id=position.to_bytes(8, "big"),
            topics=topics,
            is_text_only=is_text_only,
        )
    )


def parse(letter: Letter) -> EmailMessage:
    message = email.message_from_bytes(letter.message, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body(letter: Letter, subtype: str) -> str:
    part = parse(letter).get_body((subtype,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_letter_has_exactly_the_headers_of_an_issue() -> None:
    message = parse(a_letter(a_rendered_issue()))
    token = sign_delivery(DeliveryId(7, 1), KEYS)
    reader = ReaderToken((1).to_bytes(8, "big"), 7).sign(Purpose.UNSUBSCRIBE, KEYS)

    assert dict(message.items()) == {
        "From": "River Review <news@example.org>",
        "Reply-To": "editors@example.org",
        "To": "reader1@example.net",
        "Subject": "Rivers and rails",
        "Date": "Thu, 12 Mar 2026 09:00:00 +0000",
        "Message-ID": f"<{token}@example.org>",
        "MIME-Version": "1.0",
        "List-Id": "<river-review.example.org>",
        "List-Unsubscribe": f"<https://news.example.org/unsubscribe/{reader}>, "
        f"<mailto:b+{token}@bounces.example.org?subject=unsubscribe-{token}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Post": "NO",
        "List-Archive": "<https://news.example.org/issues>",
        "List-Help": "<https://news.example.org/>",
        "Precedence": "bulk",
        "Feedback-ID": "issue-42:::riverreview",
        "X-Auto-Response-Suppress": "All",
        "X-Newsletter-Delivery": token,
        "Content-Type": message["Content-Type"],
    }


def test_the_text_part_comes_first_and_both_are_quoted_printable() -> None:
    message = parse(a_letter(a_rendered_issue()))
    parts = [part for part in message.walk() if not part.is_multipart()]

    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert {part["Content-Transfer-Encoding"] for part in parts} == {"quoted-printable"}
    assert not any(part.defects for part in message.walk())


def test_who_wants_text_alone_gets_the_text_part_as_the_letter() -> None:
    for topics in (Topic.everything(), Topic.ARTICLES):
        whole = a_letter(a_rendered_issue(), topics=topics)
        plain = a_letter(a_rendered_issue(), topics=topics, is_text_only=True)
        message = parse(plain)

        assert message.get_content_type() == "text/plain"
        assert message["Content-Transfer-Encoding"] == "quoted-printable"
        assert not message.is_multipart()
        assert not message.defects
        assert plain.message.endswith(b"\r\n")
        assert body(plain, "plain").rstrip() == body(whole, "plain").rstrip()
        alike = dict(parse(whole).items()) | {"Content-Type": message["Content-Type"]}
        assert dict(message.items()) == alike | {"Content-Transfer-Encoding": "quoted-printable"}


def test_each_reader_gets_a_letter_of_her_own() -> None:
    issue = a_rendered_issue(html=SlottedText(("<a href='https://x/", Slot.UNSUBSCRIBE, "'>leave</a>")))
    letters = [a_letter(issue, position=position) for position in range(1, 201)]

    assert len({parse_token(letter) for letter in letters}) == 200
    assert len({letter.envelope_sender for letter in letters}) == 200
    assert {verify_delivery(letter.token, KEYS) for letter in letters} == {DeliveryId(7, n) for n in range(1, 201)}


def parse_token(letter: Letter) -> ReaderToken:
    match = re.search("https://x/([^']+)'", body(letter, "html"))
    assert match is not None
    token = ReaderToken.verify(match.group(1), Purpose.UNSUBSCRIBE, KEYS)
    assert token is not None
    return token


def test_a_reader_of_some_topics_gets_the_variant_of_those_that_the_issue_has() -> None:
    letter = a_letter(a_rendered_issue(), topics=Topic.ARTICLES)

    assert body(letter, "html").strip() == "articles"


def test_the_date_is_the_time_of_sending() -> None:
    splicer = a_splicer(a_rendered_issue(), clock=NOW + timedelta(days=1))
    recipient = Recipient(
        delivery=DeliveryId(1, 1), address=EmailAddress("a@example.net"), public_id=bytes(8), topics=Topic.everything()
    )

    assert parse(splicer.splice(recipient))["Date"] == "Fri, 13 Mar 2026 09:00:00 +0000"


@pytest.mark.parametrize("name", ["Line\r\nBcc: x@example.org", "=?utf-8?q?x?="])
def test_a_subject_that_could_add_a_header_is_refused_before_anything_is_sent(name: str) -> None:
    with pytest.raises(RefusedError):
        compile_letters(a_rendered_issue(subject=name), sender=SENDER)


_LITERAL = st.text(alphabet=st.sampled_from("ab .=\n\té€😀"), max_size=200)


@given(st.lists(_LITERAL, min_size=1, max_size=6))
def test_whatever_the_text_it_arrives_as_written(literals: list[str]) -> None:
    parts: list[str | Slot] = []
    for literal in literals:
        parts += [literal, Slot.PREFERENCES]
    letter = a_letter(a_rendered_issue(text=SlottedText(tuple(part for part in parts if part))))
    token = ReaderToken((1).to_bytes(8, "big"), 7).sign(Purpose.PREFERENCES, KEYS)

    assert body(letter, "plain").removesuffix("\n") == token.join([*literals, ""]).removesuffix("\n")
    assert all(len(line) <= 76 for line in body_lines(letter))
    assert not re.search(rb"\r\n\.[^.]|[^\r]\n|\r[^\n]", letter.content)


def body_lines(letter: Letter) -> list[bytes]:
    return letter.message.partition(b"\r\n\r\n")[2].split(b"\r\n")


@given(st.text(alphabet=st.sampled_from("a=é "), max_size=300))
def test_a_soft_break_always_fits_behind_quoted_printable(text: str) -> None:
    assert all(len(line) <= 75 for line in encode_quoted_printable(text).split(b"\r\n")[-1:])


@given(st.lists(st.sampled_from([b".", b"..", b"a", b"\r\n"]), max_size=12).map(b"".join))
def test_dot_stuffing_is_undone_by_the_receiving_host(content: bytes) -> None:
    stuffed = stuff(content)

    assert unstuff(stuffed) == content
    assert b"\r\n.\r\n" not in stuffed
