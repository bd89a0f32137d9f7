"""Compile an issue to bytes once; splice a letter per subscriber.

MIME and quoted-printable encoding are done once per issue and topic set. What is left per subscriber is to fill in a
few values between bytes that all letters share: about a thousandth of the cost of an EmailMessage.
"""

from __future__ import annotations

from binascii import b2a_qp
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from enum import Enum, StrEnum, auto
from itertools import groupby

from newsletter.domain.issue import RenderedIssue, RenderedVariant, Slot, SlottedText
from newsletter.domain.letter import Letter, Recipient, Sender, stuff
from newsletter.domain.token import KeyRing, Purpose, ReaderToken, sign_delivery
from newsletter.domain.topic import Topic
from newsletter.mail.dkim import DkimSigner, SignableForm
from newsletter.mail.header import check_fields, check_text, encode_mailbox, encode_text

#: of an issue's letter, in order; where letters are signed here, DKIM-Signature stands in front
FIELDS = (
    "From", "Reply-To", "To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Id", "List-Unsubscribe",
    "List-Unsubscribe-Post", "List-Post", "List-Archive", "List-Help", "Precedence", "Feedback-ID",
    "X-Auto-Response-Suppress", "X-Newsletter-Delivery", "Content-Type",
)  # fmt: skip
_SOFT_BREAK = b"=\r\n"
_LONGEST_QP_LINE = 76  # RFC 2045 6.7 (5)
_WORTH_SHARING = 4096  # bytes; what is shorter is cheaper to copy than to send as a piece of its own


class _Hole(StrEnum):  # whose hash, unlike a plain Enum's, is not computed in Python
    """What is filled into a header for one delivery."""

    TO = auto()
    DATE = auto()
    #: the delivery's token: Message-ID, mailto address, X-Newsletter-Delivery
    DELIVERY = auto()
    #: envelope sender, which the mailto of List-Unsubscribe reaches too
    RETURN_PATH = auto()


_Piece = bytes | _Hole | Slot
#: what is shared and what is filled in, and the form to sign by; none where the relay signs
_Prepared = tuple[tuple[bytes | tuple[_Piece, ...], ...], SignableForm | None]


@dataclass(frozen=True, slots=True)
class LetterForm:
    """A letter with holes: dot-stuffed bytes, and what stands between them."""

    pieces: tuple[_Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterForms:
    """The forms of an issue, by topics: of text and HTML, and of text alone for who wants it so."""

    whole: Mapping[Topic, LetterForm]
    plain: Mapping[Topic, LetterForm]


def compile_letters(rendered: RenderedIssue, *, sender: Sender) -> LetterForms:
    """Compile every topic variant of an issue. Raises RefusedError where a header would not be safe."""
    variants = rendered.variants.items()
    return LetterForms(
        whole={topics: _compile(rendered, variant, sender=sender) for topics, variant in variants},
        plain={topics: _compile_plain(rendered, variant, sender=sender) for topics, variant in variants},
    )


class Splicer:
    """Makes letters: forms, keys and a clock are bound once per mailing."""

    def __init__(
        self,
        forms: LetterForms,
        *,
        sender: Sender,
        keys: KeyRing,
        clock: Callable[[], datetime],
        signer: DkimSigner | None = None,
    ) -> None:
        self._whole = _prepare(forms.whole, signer)
        self._plain = _prepare(forms.plain, signer)
        self._present = max(forms.whole)
        self._sender = sender
        self._keys = keys
        self._clock = clock
        self._second: datetime | None = None
        self._date = b""

    def splice(self, recipient: Recipient) -> Letter:
        """Make the letter of one delivery. KeyError if the issue has nothing for the subscriber's topics."""
        token = sign_delivery(recipient.delivery, self._keys)
        reader = ReaderToken(recipient.public_id, recipient.delivery.mailing)
        return_path = self._sender.envelope_sender(token)
        values: dict[Enum, bytes] = {
            _Hole.TO: recipient.address.text.encode("ascii"),
            _Hole.DATE: self._date_now(),
            _Hole.DELIVERY: token.encode("ascii"),
            _Hole.RETURN_PATH: return_path.encode("ascii"),
            Slot.UNSUBSCRIBE: reader.sign(Purpose.UNSUBSCRIBE, self._keys).encode("ascii"),
            Slot.PREFERENCES: reader.sign(Purpose.PREFERENCES, self._keys).encode("ascii"),
        }
        forms = self._plain if recipient.is_text_only else self._whole
        runs, signable = forms[recipient.topics & self._present]
        pieces = [run if isinstance(run, bytes) else _fill(run, values) for run in runs]
        if signable:
            pieces.insert(0, signable.make_field(values))
        return Letter(
            delivery=recipient.delivery,
            token=token,
            envelope_sender=return_path,
            recipient=recipient.address.text,
            pieces=tuple(pieces),
        )

    def _date_now(self) -> bytes:
        """Return the Date field's value; formatting it once a second is enough."""
        second = self._clock().replace(microsecond=0)
        if second != self._second:
            self._second, self._date = second, format_datetime(second).encode("ascii")
        return self._date


def _prepare(forms: Mapping[Topic, LetterForm], signer: DkimSigner | None) -> dict[Topic, _Prepared]:
    return {
        topics: (tuple(_gather(form.pieces)), signer.prepare(form.pieces) if signer else None)
        for topics, form in forms.items()
    }


def _gather(pieces: Sequence[_Piece]) -> Iterator[bytes | tuple[_Piece, ...]]:
    """Keep the long pieces, which all letters share, and gather what stands between them, to be filled for each."""
    for is_shared, run in groupby(pieces, key=lambda piece: isinstance(piece, bytes) and len(piece) > _WORTH_SHARING):
        if is_shared:
            yield from (piece for piece in run if isinstance(piece, bytes))
        else:
            yield tuple(run)


def _fill(run: tuple[_Piece, ...], values: Mapping[Enum, bytes]) -> bytes:
    return b"".join([piece if isinstance(piece, bytes) else values[piece] for piece in run])


def _compile(rendered: RenderedIssue, variant: RenderedVariant, *, sender: Sender) -> LetterForm:
    boundary = f"=_{rendered.digest[:32]}".encode("ascii")
    header = [
        *_header(rendered, sender),
        b'Content-Type: multipart/alternative; boundary="' + boundary + b'"\r\n',
    ]
    pieces = [
        *header,
        *_part("text/plain", variant.text, before=b"\r\n--" + boundary + b"\r\n"),
        *_part("text/html", variant.html, before=b"\r\n--" + boundary + b"\r\n"),
        b"\r\n--" + boundary + b"--\r\n",
    ]
    check_fields(_sample(header), FIELDS)
    return LetterForm(tuple(_merge(pieces)))


def _compile_plain(rendered: RenderedIssue, variant: RenderedVariant, *, sender: Sender) -> LetterForm:
    """Compile a letter of text alone: its one part is the letter itself."""
    head, *text = _part("text/plain", variant.text)
    header = [*_header(rendered, sender), head]
    check_fields(_sample(header).removesuffix(b"\r\n"), (*FIELDS, "Content-Transfer-Encoding"))
    return LetterForm(tuple(_merge([*header, *text, b"\r\n"])))


def _header(rendered: RenderedIssue, sender: Sender) -> Iterator[_Piece]:
    """Write all fields but those that say what the content is."""
    base = sender.base_url.encode("ascii")
    domain = sender.address.domain.encode("ascii")
    list_id = check_text("List-Id", sender.list_id).encode("ascii")
    yield b"From: " + encode_mailbox("From", sender.name, sender.address.text)
    yield b"\r\nReply-To: " + sender.reply_to.text.encode("ascii")
    yield b"\r\nTo: "
    yield _Hole.TO
    yield b"\r\nSubject: " + encode_text("Subject", rendered.subject)
    yield b"\r\nDate: "
    yield _Hole.DATE
    yield b"\r\nMessage-ID: <"
    yield _Hole.DELIVERY
    yield b"@" + domain + b">\r\nMIME-Version: 1.0\r\nList-Id: <" + list_id + b">"
    # RFC 8058 wants one https URI; RFC 2369 lets the mailto follow. The fold stands between the two.
    yield b"\r\nList-Unsubscribe: <" + base + b"/unsubscribe/"
    yield Slot.UNSUBSCRIBE
    yield b">,\r\n <mailto:"
    yield _Hole.RETURN_PATH
    yield b"?subject=unsubscribe-"
    yield _Hole.DELIVERY
    yield b">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nList-Post: NO"
    yield b"\r\nList-Archive: <" + base + b"/issues>\r\nList-Help: <" + base + b"/>\r\nPrecedence: bulk"
    # Four fields at most, nothing per person: campaign, customer, mail type, sender id.
    feedback = f"issue-{rendered.number}:::{sender.feedback_id}"
    yield b"\r\nFeedback-ID: " + check_text("Feedback-ID", feedback).encode("ascii")
    yield b"\r\nX-Auto-Response-Suppress: All\r\nX-Newsletter-Delivery: "
    yield _Hole.DELIVERY
    yield b"\r\n"


def _part(content_type: str, text: SlottedText, *, before: bytes = b"") -> Iterator[bytes | Slot]:
    head = f"Content-Type: {content_type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    yield before + head.encode("ascii")
    for part in text.parts:
        if isinstance(part, Slot):
            # Alone on its line between soft breaks, a value's length never breaks the limit of 76 columns.
            yield _SOFT_BREAK
            yield part
            yield _SOFT_BREAK
        else:
            yield stuff(encode_quoted_printable(part))


def encode_quoted_printable(text: str) -> bytes:
    """Encode text (RFC 2045 6.7) so that a soft break may follow it: its last line has room for one more ``=``."""
    lines = b2a_qp(text.replace("\r\n", "\n").encode("utf-8"), istext=True).split(b"\n")
    last = lines[-1]
    if len(last) >= _LONGEST_QP_LINE:
        # Never cut inside an escape: "=E2" is one unit.
        cut = next(cut for cut in range(len(last) - 4, 0, -1) if b"=" not in last[cut - 2 : cut])
        lines[-1:] = [last[:cut] + b"=", last[cut:]]
    return b"\r\n".join(lines)


def _sample(header: Sequence[_Piece]) -> bytes:
    return b"".join(piece if isinstance(piece, bytes) else b"x" for piece in header)


def _merge(pieces: Sequence[_Piece]) -> Iterator[_Piece]:
    """Join neighbouring bytes."""
    run: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            run.append(piece)
            continue
        if run:
            yield b"".join(run)
            run = []
        yield piece
    yield b"".join(run)
