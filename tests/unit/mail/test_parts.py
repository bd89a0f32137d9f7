"""Taking messages apart."""

from __future__ import annotations

import pytest

from newsletter.mail.found_address import only_addresses
from newsletter.mail.parts import decode_words, read_fields, read_message


def test_fields_are_unfolded_and_their_names_lowered() -> None:
    fields, body = read_fields(b"Subject: a\n b\n\tc\nX-Odd : d\nno field\nnot: \na b: c\n\nbody\n\nmore")

    assert fields == (("subject", "a b c"), ("x-odd", "d"), ("not", ""))
    assert body == b"body\n\nmore"
    assert read_fields(b"\nbody") == ((), b"body")


def test_a_parameter_on_a_line_of_its_own_is_not_lost() -> None:
    message = read_message(b'Content-Type: multipart/mixed;\nboundary="b"\n\n--b\n\none\n--b\n\ntwo\n--b--\n')

    assert [leaf.body for leaf in message.leaves] == [b"one\n", b"two\n"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?= an =?utf-8?b?QW5u?=", "Grüße an Ann"),
        ("=?utf-8?b?R3I=?= =?utf-8?b?w7zDn2U=?=", "Grüße"),
        ("=?iso-8859-1?Q?=E9t=E9?=", "été"),
        ("=?unknown-charset?Q?abc?=", "abc"),
        ("=?punycode?Q?abc?=", "abc"),
        ("=?utf-8?b?A?=", ""),
        ("=?utf-8?q?broken", "=?utf-8?q?broken"),
    ],
)
def test_encoded_words_are_decoded_or_left_alone(value: str, text: str) -> None:
    assert decode_words(value) == text


@pytest.mark.parametrize(
    ("fields", "body", "text"),
    [
        ("text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable", b"Gr=C3=BC=C3=9Fe", "Grüße"),
        ("text/plain; charset=utf-8\nContent-Transfer-Encoding: BASE64", b"R3LDvMOf\nZQ=\n=!", "Grüße"),
        ("text/plain; charset=iso-2022-jp", "配信".encode("iso-2022-jp"), "配信"),
        ("text/plain; charset=utf-8", b"\xe9t\xe9", "été"),
        ("text/plain; charset=zlib", b"abc", "abc"),
        ("text/html", b"<p>a<br>b &amp; <b>c</b> <ann@mail.example></p>", "\na\nb &  c  <ann@mail.example>\n"),
        ("text/html", "<STYLE>p {}</STYLE>İx".encode(), " p {} İx"),
        ("text/html", b"<script>alert()", " alert()"),
        ("text/html", b"a\nb<PRE>c\nd</PRE>e\nf<pre >g\nh", "a b\nc\nd\ne f\ng\nh"),
    ],
)
def test_text_is_read_whatever_its_encoding(fields: str, body: bytes, text: str) -> None:
    message = read_message(f"Content-Type: {fields}\n\n".encode() + body)

    assert message.texts[0].text == text


def test_html_without_a_type_is_known_by_its_beginning() -> None:
    assert read_message(b"Subject: a\n\n<HTML>a<br>b</HTML>").texts[0].text.split() == ["a", "b"]


def test_an_attached_message_is_not_descended_into() -> None:
    message = read_message(
        b'Content-Type: multipart/mixed; boundary="a"\n\n--a\nContent-Type: message/rfc822\n\n'
        b'Subject: inner\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nhidden\n--b--\n--a--\n'
    )

    assert [leaf.content_type for leaf in message.leaves] == ["message/rfc822"]
    assert message.texts == ()
    assert message.attached is not None
    assert message.attached.first("subject") == "inner"


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("<Ann@Mail.Example>, 'bob@mail.example'.", ["ann@mail.example", "bob@mail.example"]),
        ('"ann..b"@mail.example', ['"ann..b"@mail.example']),
        ("dda:SMTP=ann@mail.example;", ["ann@mail.example"]),
        ("ann@mail.example...User unknown", ["ann@mail.example"]),
        ("a@ @b @@ 1@2", []),
    ],
)
def test_addresses_are_found_in_any_surroundings(text: str, addresses: list[str]) -> None:
    assert only_addresses(text) == addresses


def test_five_hundred_addresses_are_enough() -> None:
    assert len(only_addresses("a@b.example " * 1_000)) == 500
