"""An issue as one reader, or whoever chose certain topics, would get it: the letter itself, with links of nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import default

from newsletter.domain.address import EmailAddress
from newsletter.domain.issue import Issue, Masthead, RenderedIssue, RenderedVariant, Slot
from newsletter.domain.letter import Recipient
from newsletter.domain.mailing import TEST_MAILING, DeliveryId
from newsletter.domain.subscriber import Subscriber
from newsletter.domain.token import SAMPLE_READER, KeyRing, Purpose, ReaderToken
from newsletter.domain.topic import Topic
from newsletter.errors import NotFoundError, RefusedError
from newsletter.mail.message import Splicer
from newsletter.service.show_issue import load_text
from newsletter.store.database import Database
from newsletter.store.subscribers import find_subscriber, find_subscriber_by_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    rendered: RenderedIssue
    #: the topics that are shown: those wanted which the issue has something for
    topics: Topic
    keys: KeyRing

    @property
    def html(self) -> str:
        return self._variant.html.fill(self._tokens)

    @property
    def text(self) -> str:
        return self._variant.text.fill(self._tokens)

    @property
    def _variant(self) -> RenderedVariant:
        return self.rendered.variants[self.topics]

    @property
    def _tokens(self) -> dict[Slot, str]:
        return {slot: ReaderToken(SAMPLE_READER).sign(Purpose(slot.value), self.keys) for slot in Slot}


def preview_issue(
    number: int,
    topics: Topic,
    *,
    database: Database,
    masthead: Masthead,
    render: Callable[[Issue], RenderedIssue],
    keys: KeyRing,
) -> Preview:
    """Return what readers of ``topics`` get of an issue: what was mailed or approved where that stands.

    Raises RefusedError where they get no letter.
    """
    rendered = load_text(number, database=database, masthead=masthead, render=render)
    shown = topics & max(rendered.variants)
    if not shown:
        raise RefusedError(f"Issue {number} has nothing for readers of {topics.label}: they get no letter.")
    return Preview(rendered=rendered, topics=shown, keys=keys)


def find_model_by_address(address: EmailAddress, *, database: Database) -> Subscriber:
    """Return a subscriber. Raises NotFoundError, which repeats no address."""
    with database.snapshot() as snapshot:
        found = find_subscriber(snapshot, address)
    if found is None:
        raise NotFoundError("Nobody with this address is among the subscribers.")
    return found


def find_model_by_id(subscriber_id: int, *, database: Database) -> Subscriber:
    """Return a subscriber. Raises NotFoundError."""
    with database.snapshot() as snapshot:
        found = find_subscriber_by_id(snapshot, subscriber_id)
    if found is None:
        raise NotFoundError(f"There is no subscriber {subscriber_id} any more.")
    return found


def list_headers(
    preview: Preview, *, to: EmailAddress, make_splicer: Callable[[RenderedIssue], Splicer]
) -> list[tuple[str, str]]:
    """Return the header fields of the letter in their order, each in one line. Raises RefusedError for unsafe ones."""
    letter = make_splicer(preview.rendered).splice(
        Recipient(delivery=DeliveryId(TEST_MAILING, 0), address=to, public_id=SAMPLE_READER, topics=preview.topics)
    )
    message = BytesHeaderParser(policy=default).parsebytes(letter.message)
    return [(name, " ".join(str(value).split())) for name, value in message.items()]
