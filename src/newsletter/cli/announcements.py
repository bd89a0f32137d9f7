"""`newsletter announcements`: add, list, edit, retract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.output import JsonFlag, print_json, print_table, say

if TYPE_CHECKING:
    from newsletter.domain.article import StoredAnnouncement

announcements = typer.Typer(no_args_is_help=True, help="Events and news, which issues show in a section of their own.")

AnnouncementId = Annotated[int, typer.Argument(metavar="ID", help="As 'announcements list' shows it.")]
Text = Annotated[str | None, typer.Option(help="A few sentences.")]
Url = Annotated[str | None, typer.Option(help="Where to read more, or sign up.")]
StartsAt = Annotated[str | None, typer.Option(help="Such as 2025-10-16T18:00, in its zone.")]
EndsAt = Annotated[str | None, typer.Option(help="Such as 2025-10-16T20:00.")]
Timezone = Annotated[str | None, typer.Option(help="Such as Europe/Stockholm; else the cadence's zone.")]
Place = Annotated[str | None, typer.Option(help="Such as a hall and its town, or Online.")]
ShowFrom = Annotated[str | None, typer.Option(help="No issue shows it before.")]
ShowUntil = Annotated[str | None, typer.Option(help="No issue shows it after; events never after they began.")]


@announcements.command()
def add(
    *,
    kind: Annotated[str, typer.Option(help="event or news.")],
    title: Annotated[str, typer.Option(help="As readers see it.")],
    text: Text = None,
    url: Url = None,
    starts_at: StartsAt = None,
    ends_at: EndsAt = None,
    timezone: Timezone = None,
    place: Place = None,
    show_from: ShowFrom = None,
    show_until: ShowUntil = None,
    as_json: JsonFlag = False,
) -> None:
    """Add an event or a news item."""
    from newsletter.app import open_app
    from newsletter.service.edit_announcement import AnnouncementTexts, write_announcement

    texts = AnnouncementTexts(
        kind=kind,
        title=title,
        text=text,
        url=url,
        starts_at=starts_at,
        ends_at=ends_at,
        timezone=timezone,
        place=place,
        show_from=show_from,
        show_until=show_until,
    )
    with open_app() as app:
        stored = write_announcement(texts, timezone=app.settings.cadence.timezone, database=app.database, now=app.now())
    _print_changed(stored, "is added", as_json=as_json)


@announcements.command("list")
def list_(
    retracted: Annotated[bool, typer.Option("--retracted", help="Show retracted ones too.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """List the announcements, the newest first."""
    from newsletter.app import open_app
    from newsletter.store.announcements import list_announcements

    with open_app() as app, app.database.snapshot() as snapshot:
        stored = list_announcements(snapshot, with_retracted=retracted)
    if as_json:
        print_json([_document(entry) for entry in stored])
        return
    print_table(
        ["ID", "Kind", "Title", "Starts", "Place", "State"],
        [
            [
                entry.id,
                entry.announcement.kind.value,
                entry.announcement.title,
                _local_time(entry),
                entry.announcement.place,
                "retracted" if entry.retracted_at else "",
            ]
            for entry in stored
        ],
    )


@announcements.command()
def edit(
    announcement_id: AnnouncementId,
    *,
    kind: Annotated[str | None, typer.Option(help="event or news.")] = None,
    title: Annotated[str | None, typer.Option(help="As readers see it.")] = None,
    text: Text = None,
    url: Url = None,
    starts_at: StartsAt = None,
    ends_at: EndsAt = None,
    timezone: Timezone = None,
    place: Place = None,
    show_from: ShowFrom = None,
    show_until: ShowUntil = None,
    as_json: JsonFlag = False,
) -> None:
    """Change an announcement; an empty text empties the field."""
    from newsletter.app import open_app
    from newsletter.service.edit_announcement import AnnouncementTexts, edit_announcement

    texts = AnnouncementTexts(
        kind=kind,
        title=title,
        text=text,
        url=url,
        starts_at=starts_at,
        ends_at=ends_at,
        timezone=timezone,
        place=place,
        show_from=show_from,
        show_until=show_until,
    )
    if texts == AnnouncementTexts():
        raise typer.BadParameter("Name at least one field to change, such as --title.")
    with open_app() as app:
        stored = edit_announcement(announcement_id, texts, database=app.database, now=app.now())
    _print_changed(stored, "is changed", as_json=as_json)


@announcements.command()
def retract(announcement_id: AnnouncementId, as_json: JsonFlag = False) -> None:
    """Keep an announcement out of all later issues."""
    from newsletter.app import open_app
    from newsletter.service.edit_announcement import retract_announcement

    with open_app() as app:
        stored = retract_announcement(announcement_id, database=app.database, now=app.now())
    _print_changed(stored, "is retracted", as_json=as_json)


def _print_changed(stored: StoredAnnouncement, what: str, *, as_json: bool) -> None:
    if as_json:
        print_json(_document(stored))
    else:
        say(f"Announcement {stored.id} {what}: {stored.announcement.title}")


def _local_time(stored: StoredAnnouncement) -> str:
    from zoneinfo import ZoneInfo

    announcement = stored.announcement
    if announcement.starts_at is None:
        return ""
    return f"{announcement.starts_at.astimezone(ZoneInfo(announcement.timezone or 'UTC')):%Y-%m-%d %H:%M %Z}"


def _document(stored: StoredAnnouncement) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "id": stored.id,
        **asdict(stored.announcement),
        "stored_at": stored.stored_at,
        "retracted_at": stored.retracted_at,
    }
