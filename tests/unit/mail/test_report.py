"""The limits: whatever comes is read within bounds, and nothing raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_messages import a_delivery_report
from newsletter.mail.report import read_report

# So much, with its head almost all that is read, takes a tenth of a second. What grew with its square would take many
# minutes, and be ended: no machine is so slow, and none so fast, that the one could be taken for the other.
_LONG = 900_000
_IN_TIME = pytest.mark.timeout(60)


def test_three_thousand_nested_multiparts_are_kept_aside() -> None:
    head = "From: MAILER-DAEMON@relay.example\nSubject: failure notice\n"
    nested = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(3_000))
    report = read_report((head + nested + "Content-Type: text/plain\n\nlost\n").encode())

    assert report.trouble == "nested deeper than 20"


@_IN_TIME
def test_of_a_hundred_thousand_parts_the_first_are_read() -> None:
    raw = (
        b'From: MAILER-DAEMON@relay.example\nContent-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 100_000
    )
    report = read_report(raw)

    assert report.trouble == "more than 200 parts"


def test_a_report_beyond_a_mebibyte_is_read_from_its_head() -> None:
    raw = a_delivery_report()
    report = read_report(raw + b"x" * (1 << 20))

    assert (report.kind, report.trouble) == ("hard", "longer than 1 MiB")


@pytest.mark.parametrize("share", range(0, 100, 7))
def test_a_report_cut_anywhere_is_still_read(share: int) -> None:
    raw = a_delivery_report()

    assert read_report(raw[: len(raw) * share // 100]).kind in {"hard", "soft", "not_bounce"}


HOSTILE = {
    "@": b"@",
    "<": b"<",
    "a@": b"a@",
    "long local part": b"a",
    "tags": b"<a",
    "styles": b"<style",
    "encoded words": b"=?utf-8?q?",
    "parameters": b";a=",
    "dots": b"a.",
    "spaces": b" ",
    "blank lines": b"\n",
    "colons": b"a:",
    "digits": b"550 ",
    "comments": b"(",
    "words": b"user unknown mailbox full ",
    "folded": b"a:\n b",
    "folds": b" b\n",
    "NUL": b"\0",
}
BEGINNINGS = {"dots": b"a@", "folds": b"a: b\n"}
ENDS = {"long local part": b"@mail.example"}


@_IN_TIME
@pytest.mark.parametrize("kind", [b"text/plain", b"text/html", b"multipart/report"], ids=bytes.decode)
@pytest.mark.parametrize("name", HOSTILE)
def test_almost_a_mebibyte_of_anything_is_read_in_time(name: str, kind: bytes) -> None:
    unit = HOSTILE[name]
    hostile = BEGINNINGS.get(name, b"") + unit * (_LONG // len(unit)) + ENDS.get(name, b"")
    if kind == b"multipart/report":
        kind += b'; boundary="%s"' % hostile[:50].replace(b"\n", b"")
    head = b"From: MAILER-DAEMON@x\nSubject: %s\nContent-Type: %s\n\n"
    raw = head % (hostile.replace(b"\n", b"")[:100_000], kind) + b"failure notice\n" + hostile

    assert read_report(raw).kind in {"hard", "soft", "not_bounce"}


@given(st.binary(max_size=2_000))
def test_any_bytes_give_a_report(raw: bytes) -> None:
    read_report(raw)


@given(st.data())
def test_a_damaged_report_gives_a_report(data: st.DataObject) -> None:
    raw = bytearray(a_delivery_report())
    for _ in range(data.draw(st.integers(1, 20))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))

    read_report(bytes(raw))
