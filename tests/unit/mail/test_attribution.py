"""Where tokens are looked for, and where not."""

from __future__ import annotations

import pytest

from bounce_messages import FAILED, RETURNED, a_complaint, a_delivery_report, a_letter
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.token import KeyRing, sign_delivery, verify_delivery
from newsletter.mail.attribution import find_tokens
from newsletter.mail.parts import read_message

_KEYS = KeyRing(b"k" * 32)
_DELIVERY = DeliveryId(41, 7)
_TOKEN = sign_delivery(_DELIVERY, _KEYS)

_RECIPIENTS = [
    f"b+{_TOKEN}@bounce.news.example",
    f"<B+{_TOKEN.upper()}@BOUNCE.NEWS.EXAMPLE>",
    f"bounces+{_TOKEN}@news.example",
    f"SRS0=Ab1c=XY=bounce.news.example=b+{_TOKEN}@forwarder.example",
    f"SRS1=zz9=other.example==Ab1c=XY=bounce.news.example=b+{_TOKEN}@forwarder.example",
    f"prvs=123456789a=b+{_TOKEN}@bounce.news.example",
]


@pytest.mark.parametrize("recipient", _RECIPIENTS)
@pytest.mark.parametrize("field", ["envelope", "Delivered-To", "X-Original-To", "Envelope-To", "To"])
def test_a_token_is_found_wherever_it_was_delivered_to(recipient: str, field: str) -> None:
    raw = f"From: MAILER-DAEMON@relay.example\n{field}: {recipient}\nSubject: failure notice\n\nno".encode()
    tokens = find_tokens(read_message(raw), recipient if field == "envelope" else "")

    assert [verify_delivery(token, _KEYS) for token in tokens].count(_DELIVERY) == 1


@pytest.mark.parametrize(
    "returned",
    [
        RETURNED.replace("<abc@news.example>", f"<{_TOKEN}@news.example>"),
        f"X-Newsletter-Delivery: {_TOKEN}\n{RETURNED}",
        f"Return-Path: <b+{_TOKEN}@bounce.news.example>\n{RETURNED}",
    ],
)
def test_a_token_is_found_in_the_fields_of_the_letter_that_came_back(returned: str) -> None:
    text = "Could not be delivered: ann@mail.example\n\n--- Below this line is a copy of the message.\n\n" + returned
    quoted = a_letter("failure notice", text, sender="MAILER-DAEMON@relay.example")

    assert find_tokens(read_message(a_delivery_report(returned=returned))) == (_TOKEN,)
    assert find_tokens(read_message(a_complaint("Feedback-Type: abuse\n", returned=returned))) == (_TOKEN,)
    assert find_tokens(read_message(quoted)) == (_TOKEN,)


def test_a_token_is_found_in_the_fields_of_the_report() -> None:
    envelope_id = f"Original-Envelope-Id: {_TOKEN}\n\n{FAILED}"
    sender = f"Feedback-Type: abuse\nOriginal-Mail-From: <b+{_TOKEN}@bounce.news.example>\n"

    assert find_tokens(read_message(a_delivery_report(envelope_id))) == (_TOKEN,)
    assert find_tokens(read_message(a_complaint(sender))) == (_TOKEN,)


def test_an_answer_names_the_letter_it_answers() -> None:
    raw = a_letter("Out of office", "Away.", fields=(f"In-Reply-To: <{_TOKEN}@news.example>",))

    assert find_tokens(read_message(raw)) == (_TOKEN,)


def test_a_token_in_a_body_is_nobodys() -> None:
    raw = a_letter("Hello", f"Your letter b+{_TOKEN}@bounce.news.example came back.")

    assert find_tokens(read_message(raw)) == ()
    assert find_tokens(read_message(a_delivery_report(text=_TOKEN, returned=f"{RETURNED}\n{_TOKEN}\n"))) == ()


def test_the_best_place_comes_first_and_candidates_are_few() -> None:
    other = "a" * 31
    raw = a_letter("Hello", "x", fields=(f"To: b+{other}@bounce.news.example", f"Delivered-To: b+{_TOKEN}@x.example"))
    many = a_letter("Hello", "x", fields=tuple(f"To: {'a' * n}@x.example" for n in range(20, 60)))

    assert find_tokens(read_message(raw), "nobody@news.example") == (_TOKEN, other)
    assert len(find_tokens(read_message(many))) == 20
