"""Damaged and hostile messages: no input raises, takes long, or leaves memory behind.

Seeded, so that each run is alike. `make test` tries 2,000 messages, `make soak` 100,000.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bounce_messages import FAILED, a_complaint, a_delivery_report, a_letter
from newsletter.mail.mailbox import read_files
from newsletter.mail.parts import MOST_BYTES
from newsletter.service.attribute_report import OpenedReport, open_report

_SEED = 20260312
_MOST_CPU_SECONDS = 0.1
_MEASUREMENTS = 5  # the least of them counts: a neighbour's load or the collector may fall into one
_MEGABYTE = 1 << 20
_MOST_GROWTH = 16 * _MEGABYTE

_SEEDS = (
    a_delivery_report(),
    a_delivery_report(FAILED * 20, fields_type="text/plain", outer="multipart/mixed"),
    a_complaint("Feedback-Type: abuse\nUser-Agent: Provider/1.0\nOriginal-Rcpt-To: ann@mail.example\n"),
    a_letter("=?utf-8?q?R=C3=A9ponse?= =?iso-8859-1?b?YXV0b21hdGlxdWU=?=", "Absent.", fields=("Return-Path: <>",)),
    a_letter("failure notice", "<ann@mail.example>:\n550 no such user\n", sender="MAILER-DAEMON@relay.example"),
    a_letter("Hello", "<p>This <b>is</b> it.</p>" * 50, fields=("Content-Type: text/html; charset=koi8-r",)),
)
_SPLINTERS = (
    b"\0", b"\r", b"\n\n", b"\n--=_b\n", b"\n--=_b--\n", b"--", b"=", b"=?", b"?=", b"=?utf-8?b?", b"<", b">", b"@",
    b'"', b";", b": ", b"\xff\xfe", b"\xe2\x80", b"\x1b$B", b"Content-Type: multipart/mixed; boundary=b\n",
    b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: quoted-printable\n",
    b"Content-Type: message/rfc822\n\n", b"charset=utf-7", b"charset=punycode", b"charset=idna", b"charset=\0",
    b"Final-Recipient: rfc822;", b"Status: 5.1.1\n", b"unsubscribe-", b"a" * 500, b"a@" * 200, b"550 5.1.1 " * 50,
)  # fmt: skip


def damage(chance: random.Random) -> bytes:
    """Return one of the seeds, changed in up to a dozen places and perhaps cut off."""
    raw = bytearray(chance.choice(_SEEDS))
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(len(raw) + 1)
        match chance.randrange(5):
            case 0 if raw:
                raw[at - 1] = chance.randrange(256)
            case 1:
                raw[at:at] = chance.choice(_SPLINTERS)
            case 2:
                raw[at : at + chance.randrange(100)] = b""
            case 3:
                start = chance.randrange(len(raw) + 1)
                raw[at:at] = raw[start : start + chance.randrange(400)] * chance.randint(1, 5)
            case _:
                raw[at:at] = chance.randbytes(chance.randrange(40))
    return bytes(raw[: chance.randrange(len(raw) + 1)] if chance.random() < 0.3 else raw)


def read(raw: bytes) -> OpenedReport:
    """Read a message, and hold it to the limit of work. A message that breaks the reader says so in its trouble."""
    opened, spent = _measure(raw)
    for _ in range(_MEASUREMENTS):
        if spent < _MOST_CPU_SECONDS:
            break
        spent = min(spent, _measure(raw)[1])

    assert spent < _MOST_CPU_SECONDS, raw[:300]
    assert opened.report.trouble != "broke the reader", raw[:2000]
    return opened


def _measure(raw: bytes) -> tuple[OpenedReport, float]:
    started = time.process_time()
    opened = open_report(raw, envelope_recipient="")
    return opened, time.process_time() - started


def resident_bytes() -> int:
    """Return the memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


@pytest.mark.parametrize(
    "count", [pytest.param(2_000, id="quick"), pytest.param(100_000, id="full", marks=pytest.mark.soak)]
)
def test_no_damaged_message_breaks_the_reader(count: int) -> None:
    chance = random.Random(_SEED)  # noqa: S311 - no secret: the same damage every time
    for _ in range(count // 10):
        read(damage(chance))
    before = resident_bytes()
    for _ in range(count - count // 10):
        read(damage(chance))

    assert resident_bytes() - before < _MOST_GROWTH


_HEAD = b"From: MAILER-DAEMON@relay.example\nSubject: failure notice\n"
_REPORT = _HEAD + b'Content-Type: multipart/report; boundary="b"\n\n'

# Made when they are needed: together they are half a gigabyte.
HOSTILE: dict[str, Callable[[], bytes]] = {
    "3,000 nested multiparts": lambda: (
        _HEAD
        + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level) for level in range(3_000))
        + b"Content-Type: text/plain\n\nlost\n"
    ),
    "100,000 flat parts": lambda: _REPORT + b"--b\n\nx\n" * 100_000,
    "100,000 attached messages": lambda: _REPORT + b"--b\nContent-Type: message/rfc822\n\nSubject: x\n\n" * 100_000,
    "100 MB of text": lambda: _REPORT + b"--b\n\n" + b"user unknown <ann@mail.example>\n" * 3_200_000,
    "100 MB of NUL": lambda: _HEAD + b"\n" + b"\0" * 100_000_000,
    "a megabyte of one line": lambda: _HEAD + b"\n" + b"x" * MOST_BYTES,
    "a megabyte of fields": lambda: _HEAD + b"X: y\n" * 200_000,
    "a megabyte of at signs": lambda: _HEAD + b"\n" + b"a@b." * (MOST_BYTES // 4),
    "a megabyte of tags": lambda: _HEAD + b"Content-Type: text/html\n\n" + b"<p <a@b" * (MOST_BYTES // 7),
    "a megabyte of encoded words": lambda: _HEAD + b"Subject: " + b"=?utf-8?q?=C3=A9?= " * 50_000 + b"\n\n",
}
_CHARSETS = (b"utf-7", b"utf-16", b"iso-2022-jp", b"punycode", b"idna", b"rot13", b"zlib", b"no such", b"\xff")


@pytest.mark.parametrize("name", HOSTILE)
def test_no_hostile_message_takes_long(name: str) -> None:
    read(HOSTILE[name]())


@pytest.mark.parametrize("charset", _CHARSETS)
def test_no_charset_takes_long(charset: bytes) -> None:
    field = b"Content-Type: text/plain; charset=" + charset

    read(_HEAD + field + b"\n\n" + bytes(range(256)) * 1_000)


def test_of_a_huge_file_no_more_than_the_beginning_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.eml"
    with path.open("wb") as file:
        file.write(a_letter("Hello", "a photo"))
        file.truncate(100_000_000)

    (message,) = read_files([path])

    assert len(message.raw) == MOST_BYTES + 1
    assert read(message.raw).report.trouble == "longer than 1 MiB"
