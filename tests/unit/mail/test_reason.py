"""The reason table, on replies as servers word them (all invented or generic)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.bounce import DECISIVE_REASONS, BounceKind, is_about_sender
from newsletter.domain.bounce import BounceReason as R
from newsletter.mail.reason import best_status, find_reason

HARD = [
    ("550 5.1.1 <ann@mail.example>: Recipient address rejected: User unknown in virtual mailbox table", R.UNKNOWN_USER),
    ("550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking", R.UNKNOWN_USER),
    (
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ann@mail.example not found by SMTP address lookup",
        R.UNKNOWN_USER,
    ),
    ("550 5.4.1 Recipient address rejected: Access denied. [AM0EUR02FT015.mail.example]", R.UNKNOWN_USER),
    ("550 5.5.0 Requested action not taken: mailbox unavailable", R.UNKNOWN_USER),
    ("550 Requested action not taken: mailbox unavailable", R.UNKNOWN_USER),
    ("554 delivery error: dd This user doesn't have a mail.example account (ann@mail.example) [0]", R.UNKNOWN_USER),
    ("550 No such user here", R.UNKNOWN_USER),
    ("550 Invalid recipient: <ann@mail.example>", R.UNKNOWN_USER),
    ("550 unknown user <ann@mail.example>", R.UNKNOWN_USER),
    ("550 <ann@mail.example>... Addressee unknown", R.UNKNOWN_USER),
    ("553 5.3.0 <ann@mail.example>... No such user here", R.UNKNOWN_USER),
    ("550 5.1.1 Unrouteable address", R.UNKNOWN_DOMAIN),
    ("550 #5.1.0 Address rejected ann@mail.example", R.UNKNOWN_USER),
    ("550 5.1.1 User ann (ann@mail.example) not listed in Domino Directory", R.UNKNOWN_USER),
    ("550 5.7.1 <ann@mail.example> recipient not found in the address book", R.UNKNOWN_USER),
    ("551 User not local; please try <bob@mail.example>", R.UNKNOWN_USER),
    ("550 Mailbox not found", R.UNKNOWN_USER),
    ("550 sorry, no mailbox here by that name (#5.1.1 - chkuser)", R.UNKNOWN_USER),
    ("550 Kein Postfach: Empfänger unbekannt", R.UNKNOWN_USER),
    ("550 L'adresse ann@mail.example n'existe pas", R.UNKNOWN_USER),
    ("550 El usuario no existe", R.UNKNOWN_USER),
    ("550 Usuário não encontrado", R.UNKNOWN_USER),
    (
        "550 Not accepted -- invalid mailbox. Local mailbox ann@mail.example is unavailable: user not found",
        R.UNKNOWN_USER,
    ),
    ("550 5.1.1 Такого пользователя нет", R.UNKNOWN_USER),
    ("550 用户不存在", R.UNKNOWN_USER),
    ("550 宛先のユーザーが見つかりません", R.UNKNOWN_USER),
    (
        "Host or domain name not found. Name service error for name=mail.example type=A: Host not found",
        R.UNKNOWN_DOMAIN,
    ),
    ("Sorry, I couldn't find any host named mail.example. (#5.1.2)", R.UNKNOWN_DOMAIN),
    ('550 5.1.2 unrouteable mail domain "mail.example"', R.UNKNOWN_DOMAIN),
    ("556 5.1.10 Recipient address has null MX", R.UNKNOWN_DOMAIN),
    ("550 5.1.6 recipient no longer on server: ann@mail.example", R.MOVED),
    ("smtp; 5.1.1 - Bad destination email address 'reject' (delivery attempts: 0)", R.UNKNOWN_USER),
    ("Reason 1 (Unable-To-Transfer); Diagnostic 0 (Unrecognised-OR-Name)", R.UNKNOWN_USER),
    ("The recipient name is not recognized The MTS-ID of the original message is: c=us;a= ;p=example", R.UNKNOWN_USER),
    ("550 Account ann@mail.example does not exist", R.UNKNOWN_USER),
    ("550 5.2.1 The email account has been deleted", R.UNKNOWN_USER),
]

SOFT = [
    ("552 5.2.2 <ann@mail.example>: user is over quota", R.MAILBOX_FULL),
    ("552 5.2.2 The email account that you tried to reach is over quota. Please direct", R.MAILBOX_FULL),
    ("452 4.2.2 Mailbox full", R.MAILBOX_FULL),
    ("550 Benutzer hat zuviele Mails auf dem Server", R.MAILBOX_FULL),
    ("552 Requested mail action aborted: exceeded storage allocation", R.MAILBOX_FULL),
    ("550 5.2.1 The email account that you tried to reach is disabled", R.MAILBOX_DISABLED),
    (
        "554 30 Sorry, your message to ann@mail.example cannot be delivered. This mailbox is disabled (554.30).",
        R.MAILBOX_DISABLED,
    ),
    ("550 5.2.1 mailbox is inactive", R.MAILBOX_DISABLED),
    ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.example; user unknown", R.BLOCKED),
    ("550 5.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]", R.BLOCKED),
    ("450 4.7.1 <relay.example>: Helo command rejected: Host not found", R.BLOCKED),
    ("553 5.1.8 <us@news.example>... Domain of sender address us@news.example does not exist", R.SENDER_REFUSED),
    ("550 5.1.0 <us@news.example>: Sender address rejected: User unknown in local recipient table", R.SENDER_REFUSED),
    ("550 Sender verify failed", R.SENDER_REFUSED),
    (
        "host mx.mail.example [192.0.2.2] SMTP error after MAIL FROM:<us@news.example>: 550 No such user",
        R.SENDER_REFUSED,
    ),
    ("550-5.7.26 This mail is unauthenticated, which poses a security risk. SPF did not pass", R.AUTHENTICATION),
    ("550 5.7.1 rejected by DMARC policy of news.example", R.AUTHENTICATION),
    ("550 5.7.25 The IP address sending this message does not have a PTR record", R.BLOCKED),
    ("554 5.7.1 Message rejected as spam by content filtering", R.SPAM_CONTENT),
    ("550 High probability of spam", R.SPAM_CONTENT),
    ("554 5.6.1 Eicar test virus found", R.VIRUS),
    ("552 5.3.4 Message size exceeds fixed limit", R.TOO_BIG),
    ("550 5.7.1 Unable to relay for ann@mail.example", R.RELAYING),
    ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", R.RELAYING),
    ("451 4.7.1 Greylisting in action, please come back later", R.RATE_LIMITED),
    ("421 4.7.0 Too many connections from your host", R.RATE_LIMITED),
    ("452 4.5.3 Too many recipients", R.RATE_LIMITED),
    ("421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints", R.REPUTATION),
    ("connect to mx.mail.example[192.0.2.2]:25: Connection timed out", R.NETWORK),
    ("mail for mail.example loops back to myself", R.NETWORK),
    ("Name service error for name=mail.example type=MX: Host not found, try again", R.NETWORK),
    ("retry timeout exceeded", R.EXPIRED),
    ("4.4.7 Message expired: unable to deliver in 840 minutes", R.EXPIRED),
    ("451 4.3.0 Temporary server error. Please try again later", R.SYSTEM),
    ("500 5.5.1 Command not recognised: syntax error", R.PROTOCOL),
    ("550 5.7.1 Your message was rejected due to recipient preferences", R.RECIPIENT_REFUSED),
    ("You are not allowed to post to this mailing list", R.RECIPIENT_REFUSED),
    ("smtp; 5.1.0 - Unknown address error 550-'rejected' (delivery attempts: 0)", R.UNSPECIFIED),
    (
        "smtp; 5.1.0 - Unknown address error 550-'5.2.2 <ann@mail.example>... Mailbox Full' (delivery attempts: 0)",
        R.MAILBOX_FULL,
    ),
    ("550 5.7.1 Access denied", R.POLICY),
    ('procmail: Couldn\'t create "/var/spool/mail/ann": No such user', R.SYSTEM),
    ("450 4.1.1 <ann@mail.example>: Recipient address rejected: User unknown", R.UNKNOWN_USER),
    ("DNS Error: 1 DNS type 'mx' lookup of mail.example responded with code NXDOMAIN; 451 4.0.0", R.UNKNOWN_DOMAIN),
    ("", R.UNSPECIFIED),
    ("550 xyzzy", R.UNSPECIFIED),
]


@pytest.mark.parametrize(("text", "reason"), HARD)
def test_words_that_name_the_reader_or_his_domain_are_hard(text: str, reason: R) -> None:
    judgement = find_reason(None, text)

    assert (judgement.kind, judgement.reason) == (BounceKind.HARD, reason)


@pytest.mark.parametrize(("text", "reason"), SOFT)
def test_everything_else_is_soft_whatever_the_first_digit(text: str, reason: R) -> None:
    judgement = find_reason(None, text)

    assert (judgement.kind, judgement.reason) == (BounceKind.SOFT, reason)


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        ("5.1.1", BounceKind.HARD, R.UNKNOWN_USER),
        ("5.1.2", BounceKind.HARD, R.UNKNOWN_DOMAIN),
        ("5.2.2", BounceKind.SOFT, R.MAILBOX_FULL),
        ("5.7.1", BounceKind.SOFT, R.POLICY),
        ("4.1.1", BounceKind.SOFT, R.UNKNOWN_USER),
        ("5.0.0", BounceKind.SOFT, R.UNSPECIFIED),
    ],
)
def test_without_words_the_detail_of_the_status_decides(status: str, kind: BounceKind, reason: R) -> None:
    judgement = find_reason(status, "")

    assert (judgement.kind, judgement.reason) == (kind, reason)


def test_words_outweigh_the_status() -> None:
    judgement = find_reason("5.1.1", "552 5.2.2 Over quota")

    assert (judgement.kind, judgement.reason) == (BounceKind.SOFT, R.MAILBOX_FULL)


def test_a_final_report_of_an_unknown_user_is_hard_even_if_its_last_reply_was_temporary() -> None:
    assert find_reason("4.1.1", "450 4.1.1 User unknown", is_final=True).kind is BounceKind.HARD
    assert find_reason("4.4.4", "Host not found", is_final=True).kind is BounceKind.SOFT


def test_the_more_telling_status_wins() -> None:
    assert best_status("5.0.0", "smtp; 550 5.1.1 no") == "5.1.1"
    assert best_status("5.1.1", "550 5.2.2 no") == "5.1.1"
    assert best_status("", "no digits at all") == ""
    assert best_status("5.0.0 (permanent failure)", "") == "5.0.0"


def test_only_reasons_about_the_reader_can_be_decisive() -> None:
    assert not any(is_about_sender(reason) for reason in DECISIVE_REASONS)


@given(st.text(max_size=200), st.text(max_size=500))
def test_any_text_gets_a_judgement(status: str, text: str) -> None:
    assert find_reason(status, text).kind in {BounceKind.HARD, BounceKind.SOFT}


def test_try_again_later_and_nothing_more_is_time_that_ran_out_once_nobody_tries_again() -> None:
    words = "host 127.0.0.1 said: 450 4.2.0 Try again later"

    assert find_reason("4.2.0", words, is_final=True).reason is R.EXPIRED
    assert find_reason("4.2.0", words).reason is not R.EXPIRED
    assert find_reason("4.2.2", words.replace("4.2.0", "4.2.2"), is_final=True).reason is R.MAILBOX_FULL


def test_a_server_named_relay_has_not_refused_to_relay() -> None:
    assert find_reason(None, "This is the mail system at host relay.example.org").reason is not R.RELAYING
    assert find_reason("5.7.1", "550 5.7.1 Relay access denied").reason is R.RELAYING
