"""`newsletter segments`: save, list, show, delete."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from newsletter.cli.output import JsonFlag, name_count, print_json, print_table, say

segments = typer.Typer(no_args_is_help=True, help="Some of the subscribers, by conditions saved under a name.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the segment is called.")]
#: Of commands about subscribers; "" for all of them.
SegmentOption = Annotated[str, typer.Option("--segment", metavar="NAME", help="Only those in this saved segment.")]


@segments.command()
def save(
    name: Name,
    topics: Annotated[str, typer.Option("--topics", help="Who want one of them: articles,events,news.")] = "",
    language: Annotated[str, typer.Option("--language", help="Such as de, which has de-AT in it.")] = "",
    domain: Annotated[str, typer.Option("--domain", help="Of the address, such as example.org.")] = "",
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Who came on this day or later.")
    ] = None,
    before: Annotated[
        datetime | None, typer.Option("--before", formats=["%Y-%m-%d"], help="Who came before this day.")
    ] = None,
    source: Annotated[str, typer.Option("--source", help="Words of the place where consent was given.")] = "",
    tags: Annotated[list[str] | None, typer.Option("--tag", help="Who have this tag; all of several.")] = None,
) -> None:
    """Save conditions under a name, or replace those of that name. All of them have to hold."""
    from newsletter.app import open_app
    from newsletter.domain.segment import Segment, check_name
    from newsletter.domain.topic import Topic
    from newsletter.service.save_segment import save_segment
    from newsletter.store.subscribers import count_in

    segment = Segment(
        topics=Topic.parse(topics.split(",")) if topics else Topic(0),
        language=language.replace("_", "-"),
        domain=domain.lower().removeprefix("@"),
        since=since.date() if since else None,
        before=before.date() if before else None,
        source=source.strip(),
        tags=tuple(check_name(tag) for tag in tags or ()),
    )
    with open_app() as app:
        is_new = save_segment(name, segment, database=app.database, now=app.now())
        with app.database.snapshot() as snapshot:
            count = count_in(snapshot, segment)
    say(f"{'Saved' if is_new else 'Replaced'}: {name_count(count, 'active subscriber')} {segment.describe()}.")


@segments.command("list")
def list_(as_json: JsonFlag = False) -> None:
    """List the segments, with how many active subscribers are in each now."""
    from newsletter.app import open_app
    from newsletter.store.segments import list_segments
    from newsletter.store.subscribers import count_in

    with open_app() as app, app.database.snapshot() as snapshot:
        saved = [(name, segment, count_in(snapshot, segment)) for name, segment in list_segments(snapshot).items()]
    if as_json:
        print_json([{"name": name, **segment.dump(), "active": count} for name, segment, count in saved])
        return
    print_table(
        ["Name", "Active", "Subscribers"], [[name, count, segment.describe()] for name, segment, count in saved]
    )


@segments.command()
def delete(name: Name) -> None:
    """Delete a segment; its subscribers stay."""
    from newsletter.app import open_app
    from newsletter.service.save_segment import delete_segment

    with open_app() as app:
        delete_segment(name, database=app.database, now=app.now())
    say(f"Deleted: {name}. Nobody in it was changed.")
