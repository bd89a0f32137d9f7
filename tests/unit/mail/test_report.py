"""The limits: whatever comes is read within bounds, and nothing raises."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_messages import a_delivery_report
from newsletter.mail.report import read_report


def test_three_thousand_nested_multiparts_are_kept_aside() -> None:
    head = "From: MAILER-DAEMON@relay.example\nSubject: failure notice\n"
    nested = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(3_000))
    report = read_report((head + nested + "Content-Type: text/plain\n\nlost\n").encode())

    assert report.trouble == "nested deeper than 20"


def test_a_hundred_thousand_parts_take_no_time() -> None:
    raw = (
        b'From: MAILER-DAEMON@relay.example\nContent-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 100_000
    )
    start = time.perf_counter()
    report = read_report(raw)

    assert report.trouble == "more than 200 parts"
    assert time.perf_counter() - start < 0.5


def test_a_report_beyond_a_mebibyte_is_read_from_its_head() -> None:
    raw = a_delivery_report()
    report = read_report(raw + b"x" * (1 << 20))

    assert (report.kind, report.trouble) == ("hard", "longer than 1 MiB")


@pytest.mark.parametrize("share", range(0, 100, 7))
def test_a_report_cut_anywhere_is_still_read(share: int) -> None:
    raw = a_delivery_report()

    assert read_report(raw[: len(raw) * share // 100]).kind in {"hard", "soft", "not_bounce"}


HOSTILE = {
    "@": b"@" * 200_000,
    "<": b"<" * 200_000,
    "a@": b"a@" * 100_000,
    "long local part": b"a" * 200_000 + b"@mail.example",
    "tags": b"<a" * 100_000,
    "styles": b"<style" * 30_000,
    "encoded words": b"=?utf-8?q?" * 20_000,
    "parameters": b";a=" * 60_000,
    "dots": b"a@" + b"a." * 100_000,
    "spaces": b" " * 200_000,
    "blank lines": b"\n" * 200_000,
    "colons": b"a:" * 100_000,
    "digits": b"550 " * 50_000,
    "comments": b"(" * 200_000,
    "words": b"user unknown mailbox full " * 8_000,
    "folded": b"a:\n b" * 60_000,
    "folds": b"a: b\n" + b" b\n" * 60_000,
    "NUL": b"\0" * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_input_takes_long(name: str) -> None:
    for kind in (
        b"text/plain",
        b"text/html",
        b'multipart/report; boundary="%s"' % HOSTILE[name][:50].replace(b"\n", b""),
    ):
        raw = b"From: MAILER-DAEMON@x\nSubject: %s\nContent-Type: %s\n\nfailure notice\n%s" % (
            HOSTILE[name].replace(b"\n", b"")[:100_000],
            kind,
            HOSTILE[name],
        )
        start = time.perf_counter()
        read_report(raw)

        assert time.perf_counter() - start < 1


@given(st.binary(max_size=2_000))
def test_any_bytes_give_a_report(raw: bytes) -> None:
    read_report(raw)


@given(st.data())
def test_a_damaged_report_gives_a_report(data: st.DataObject) -> None:
    raw = bytearray(a_delivery_report())
    for _ in range(data.draw(st.integers(1, 20))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))

    read_report(bytes(raw))
