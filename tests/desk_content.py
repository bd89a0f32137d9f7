"""A newsletter with something of everything, for tests that open every screen of the desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from litestar import Litestar
from litestar.routes import HTTPRoute
from sqlalchemy import Text, update

from builders import a_news_item, a_partner, an_event
from draft_builders import NOW
from issue_desk import Desk
from mailing_stand import KEYS, add_readers, put_in_flight, record_outcomes
from newsletter.app import App
from newsletter.domain.approval import Signature
from newsletter.domain.article import Section
from newsletter.domain.bounce import BounceReason
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.editor import EditorRole
from newsletter.domain.mailing import DeliveryId, DeliveryStatus, DoubtfulPolicy
from newsletter.domain.segment import Segment
from newsletter.domain.settlement import Settlement
from newsletter.domain.token import sign_delivery
from newsletter.mail.mailbox import StoredMessage
from newsletter.service.approve_issue import approve_issue
from newsletter.service.read_bounces import read_bounces
from newsletter.service.save_segment import save_segment
from newsletter.store import ledger, mailings
from newsletter.store.announcements import add_announcement
from newsletter.store.articles import find_article, update_article
from newsletter.store.audit import record_act
from newsletter.store.database import Database
from newsletter.store.partners import add_partner
from newsletter.store.seats import take_seat
from newsletter.store.tables import metadata
from stored import a_failure

#: The numbers of both, where nothing is older.
MAILED, DRAFTED = 40, 41

# Text that is read as something else than text, or is no business of people: what it may hold is checked elsewhere.
_STRUCTURED = frozenset({
    "address", "email", "normalized", "url", "timezone", "password_hash", "timezone_name", "path", "media_type",
    "source",
    "reply_code", "rule", "digest", "name_digest", "logo", "image_url", "zone", "ignored_because", "lifted_because",
    "password", "fence_token", "owner",
})  # fmt: skip

READERS = tuple(f"reader{number}@example.{('net', 'org', 'com')[number % 3]}" for number in range(24))
_REJECTED, _DOUBTFUL, _RETURNED = READERS[3:5], READERS[7:8], READERS[11]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    #: number of the issue that is mailed, and of the draft after it
    mailed: int
    drafted: int
    #: the time that it is then
    now: dt.datetime


def fill(database: Database, *, before: Callable[[], None] = lambda: None, readers: int = 0) -> Filled:
    """Store a mailed issue, a draft, and what both are made of.

    ``before`` stores what is older; ``readers`` is how many there are beside those who are named.
    """
    desk = Desk(database)
    before()
    add_readers(database, [*READERS, *(f"many{number}@{_choose_domain(number)}" for number in range(readers))])
    with database.transaction() as transaction:
        add_announcement(transaction, an_event(), now=NOW)
        add_announcement(transaction, a_news_item(), now=NOW)
        add_partner(transaction, a_partner())
        record_act(transaction, "try a thing", subject="thing 1", detail={"why": "to have it"}, now=NOW, actor="Ada")
    for article_id in desk.store("A Ferry Line at Last", "The Gauge Readers", "Books of the Land"):
        with database.transaction() as transaction:
            stored = find_article(transaction, article_id)
            told = replace(stored.article, sections=(Section(name="The Strait", paragraphs=("It was wide.",)),))
            update_article(transaction, replace(stored, article=told))
    mailed = desk.publish(days_later=1)
    _return_one(database, deliver(database, sent_at=NOW), now=desk.now)
    desk.store("What the Island Kept", "A Railway Without Trains", age_days=0.2)
    drafted = desk.draft().number
    save_segment("press", Segment(domain="example.net"), database=database, now=desk.now)
    return Filled(mailed=mailed, drafted=drafted, now=desk.now)


def _choose_domain(number: int) -> str:
    """Give half of the readers to one domain, and the others to some thousand, as lists have it."""
    return "example.net" if number % 2 else f"domain{number % 7919}.example"


def approve_draft(filled: Filled, app: App) -> None:
    """Let the draft be ready to be sent; that the site of tests is on this machine is overridden."""
    approve_issue(
        filled.drafted,
        Signature(by="Ada", overrides={"public_link": "a test"}),
        database=app.database,
        masthead=app.masthead(),
        render=app.render,
        sender=app.sender,
        now=app.now(),
    )


def deliver(database: Database, *, sent_at: dt.datetime, most: int | None = None) -> dict[str, DeliveryId]:
    """Have letters of the mailing end in all ways that there are, at most those of so many batches; return them."""
    ended_at = sent_at + dt.timedelta(minutes=2)
    letters: dict[str, DeliveryId] = {}
    with take_seat(database, now=sent_at) as seat, database.transaction() as transaction:
        mailings.start_due(transaction, now=sent_at)
        given_back = 0
        while given_back != most and (
            claim := ledger.claim_batch(transaction, seat=seat, now=sent_at, doubtful=DoubtfulPolicy.HOLD)
        ):
            claimed = {recipient.address.text: recipient.delivery for recipient in claim.recipients}
            put_in_flight(transaction, *claimed.values(), now=sent_at)
            settled = [_settle(address, delivery) for address, delivery in claimed.items()]
            record_outcomes(transaction, *settled, now=ended_at)
            ledger.finish_batch(transaction, claim.batch, now=ended_at)
            letters |= claimed
            given_back += 1
    return letters


def _return_one(database: Database, letters: Mapping[str, DeliveryId], *, now: dt.datetime) -> None:
    """Have one of the letters come back."""
    token = sign_delivery(letters[_RETURNED], KEYS)
    read_bounces(
        [StoredMessage("message 1", a_failure(_RETURNED, delivered_to=f"b+{token}@bounces.example.org"), "")],
        database=database,
        keys=KEYS,
        policy=BouncePolicy(),
        token_age=dt.timedelta(days=60),
        now=now,
    )


def _settle(address: str, delivery: DeliveryId) -> Settlement:
    if address in _REJECTED:
        return Settlement(
            delivery=delivery,
            status=DeliveryStatus.REJECTED,
            reply_code=550,
            reply_text="5.2.2 the mailbox is full",
            reason=BounceReason.UNSPECIFIED,
        )
    if address in _DOUBTFUL:
        return Settlement(delivery=delivery, status=DeliveryStatus.DOUBTFUL)
    return Settlement(
        delivery=delivery, status=DeliveryStatus.ACCEPTED, reply_code=250, reply_text="2.0.0 queued as 4F2A"
    )


def poison(database: Database, words: str) -> int:
    """Write ``words`` into every text that people or other machines may have written; return how many columns."""
    poisoned = 0
    with database.transaction() as transaction:
        for table in metadata.sorted_tables:
            if table.name == "rendered_variants":  # compiled letters, which are escaped when they are rendered
                continue
            for column in table.columns:
                is_free = isinstance(column.type, Text) and column.name not in _STRUCTURED
                if is_free and not (column.unique or column.primary_key or column.foreign_keys):
                    transaction.execute(update(table).where(column.is_not(None)).values({column.name: words}))
                    poisoned += 1
    return poisoned


def list_screens(
    desk: Litestar, *, mailed: int = MAILED, drafted: int = DRAFTED, named: Mapping[str, str] = MappingProxyType({})
) -> Iterator[str]:
    """Give the path of each screen, of things that ``fill`` has stored.

    ``named`` are parameters of paths, such as a token, for which it has stored nothing.
    """
    for route in desk.routes:
        if not isinstance(route, HTTPRoute) or "GET" not in route.methods or route.path.startswith("/desk/assets/"):
            continue
        if route.path.endswith("/events"):  # it ends with the mailing that it follows
            continue
        numbers = (mailed, drafted) if "/issues/{" in route.path else (1,)
        for number in numbers:
            yield _fill_in(route.path, number, named)


def _fill_in(path: str, number: int, named: Mapping[str, str]) -> str:
    parts = []
    for part in path.split("/"):
        if part.startswith("{"):
            stand_in = "press" if part.endswith(":str}") else str(number)
            parts.append(named.get(part[1:].partition(":")[0], stand_in))
        else:
            parts.append(part)
    return "/".join(parts)


#: Who sees everything.
ROLE = EditorRole.OWNER
