"""`newsletter subscribers`: tag, untag, add, show, unsubscribe, forget, reasons, list."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli import subscriber_files
from newsletter.cli.output import JsonFlag, name_count, print_json, print_table, say
from newsletter.cli.segments import SegmentOption

if TYPE_CHECKING:
    from newsletter.domain.subscriber import Subscriber

subscribers = typer.Typer(no_args_is_help=True, help="The people who receive the newsletter.")

Addresses = Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="Those of single people.")]
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="The person's email address.")]

subscriber_files.add_commands(subscribers)


@subscribers.command()
def tag(
    tag: Annotated[str, typer.Argument(metavar="TAG", help="The tag, a word or several.")],
    addresses: Addresses = None,
    segment: SegmentOption = "",
) -> None:
    """Give a tag to people, or to everybody in a saved segment."""
    say(f"{name_count(_tag(tag, addresses, segment, is_taken=False), 'subscriber')} tagged {tag}.")


@subscribers.command()
def untag(
    tag: Annotated[str, typer.Argument(metavar="TAG", help="The tag, a word or several.")],
    addresses: Addresses = None,
    segment: SegmentOption = "",
) -> None:
    """Take a tag from people, or from everybody in a saved segment."""
    say(f"{name_count(_tag(tag, addresses, segment, is_taken=True), 'subscriber')} no longer tagged {tag}.")


def _tag(tag: str, addresses: list[str] | None, segment: str, *, is_taken: bool) -> int:
    from newsletter.app import open_app
    from newsletter.domain.address import EmailAddress
    from newsletter.service.save_segment import tag_subscribers

    with open_app() as app:
        return tag_subscribers(
            tag,
            segment=segment,
            addresses=[EmailAddress.parse(address) for address in addresses or ()],
            is_taken=is_taken,
            database=app.database,
            now=app.now(),
        )


@subscribers.command()
def add(
    address: Address,
    consent_source: Annotated[
        str, typer.Option("--consent-source", help="Where the person gave consent: a form, an event, a letter.")
    ],
    name: Annotated[str, typer.Option("--name", help="As the person writes it.")] = "",
    topics: Annotated[str, typer.Option("--topics", help="articles,events,news; all of them by default.")] = "",
    language: Annotated[str, typer.Option("--language", help="Such as en or sr-Latn.")] = "",
) -> None:
    """Add one person who has consented."""
    from newsletter.app import open_app
    from newsletter.domain.address import EmailAddress
    from newsletter.domain.topic import Topic
    from newsletter.service.add_subscriber import add_subscriber

    with open_app() as app:
        parsed = EmailAddress.parse(address)
        add_subscriber(
            parsed,
            name=" ".join(name.split()),
            topics=Topic.parse(filter(None, topics.split(","))),
            language=language,
            consent_source=consent_source,
            database=app.database,
            address_key=app.address_key,
            now=app.now(),
        )
    say(f"{parsed} is an active subscriber.")


@subscribers.command()
def show(address: Address, as_json: JsonFlag = False) -> None:
    """Show everything that is stored about a person."""
    from newsletter.app import open_app
    from newsletter.domain.address import EmailAddress
    from newsletter.service.person_record import describe_record, dump_record, find_record

    with open_app() as app:
        record = find_record(EmailAddress.parse(address), database=app.database, address_key=app.address_key)
    if as_json:
        print_json(dump_record(record))
    else:
        say(describe_record(record))


@subscribers.command()
def unsubscribe(
    address: Address,
    source: Annotated[str, typer.Option("--source", help="How the wish reached you.")] = "told the editors",
) -> None:
    """Note that a reader has left; the reader gets a goodbye notice. Doing it again changes nothing."""
    from newsletter.app import open_app
    from newsletter.domain.address import EmailAddress
    from newsletter.service.unsubscribe import unsubscribe_address

    with open_app() as app:
        parsed = EmailAddress.parse(address)
        has_left = unsubscribe_address(parsed, source=source, database=app.database, now=app.now())
    say(f"{parsed} has left." if has_left else f"{parsed} had left before; nothing was changed.")


@subscribers.command()
def forget(address: Address) -> None:
    """Erase a person. Counts stay right, and a hash keeps old lists from bringing the address back."""
    from newsletter.app import open_app
    from newsletter.domain.address import EmailAddress
    from newsletter.service.forget_subscriber import forget_subscriber

    with open_app() as app:
        forget_subscriber(
            EmailAddress.parse(address), database=app.database, address_key=app.address_key, now=app.now()
        )
    say("Erased. Only hashes are left, which name nobody.")


@subscribers.command()
def reasons(
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only those given on that day or later.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="At most so many in readers' words.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """Show why readers left, where they said so. Nobody knows who said what."""
    from newsletter.app import open_app
    from newsletter.store.leaving_reasons import count_causes, list_words

    first = since.date() if since else None
    with open_app() as app, app.database.snapshot() as snapshot:
        counts = count_causes(snapshot, since=first)
        words = list_words(snapshot, since=first, limit=limit)
    if as_json:
        quoted = [{"given_on": each.given_on, "cause": each.cause, "words": each.words} for each in words]
        print_json({"causes": counts, "words": quoted})
        return
    print_table(["Cause", "Readers"], [[cause.replace("_", " "), count] for cause, count in counts.items()])
    for each in words:
        say(f"\n{each.given_on}, {each.cause.replace('_', ' ')}: {each.words}")


@subscribers.command("list")
def list_(
    status: Annotated[str, typer.Option("--status", help="pending, active or unsubscribed.")] = "",
    segment: SegmentOption = "",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List subscribers in the order in which they came."""
    from newsletter.app import open_app
    from newsletter.domain.subscriber import SubscriberStatus
    from newsletter.errors import InputError
    from newsletter.store.segments import find_segment
    from newsletter.store.subscribers import list_subscribers

    try:
        wanted = SubscriberStatus(status) if status else None
    except ValueError as error:
        raise InputError(f"{status!r} is not a status; there are {', '.join(SubscriberStatus)}.") from error
    with open_app() as app, app.database.snapshot() as snapshot:
        those = find_segment(snapshot, segment) if segment else None
        people = list_subscribers(snapshot, status=wanted, segment=those, limit=limit)
        listed = [_list_entry(subscriber) for subscriber in people]
    if as_json:
        print_json(listed)
        return
    print_table(
        ["Address", "Name", "Status", "Topics", "Since"],
        [
            [
                entry["address"],
                entry["name"],
                entry["status"],
                ", ".join(entry["topics"]),
                f"{entry['created_at']:%Y-%m-%d}",
            ]
            for entry in listed
        ],
    )


def _list_entry(subscriber: Subscriber) -> dict[str, Any]:
    return {
        "address": subscriber.address.text,
        "name": subscriber.name,
        "status": subscriber.status,
        "topics": subscriber.topics.names,
        "text_only": subscriber.is_text_only,
        "language": subscriber.language,
        "paused_until": subscriber.paused_until,
        "created_at": subscriber.created_at,
        "unsubscribed_at": subscriber.unsubscribed_at,
    }
