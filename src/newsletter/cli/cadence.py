"""cadence show, skip, move and extra."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.output import JsonFlag, print_json, print_table, say

if TYPE_CHECKING:
    from newsletter.domain.issue import Draft

cadence = typer.Typer(no_args_is_help=True, help="When issues are due, and the changes to that.")

Day = Annotated[datetime, typer.Argument(metavar="DATE", formats=["%Y-%m-%d"], help="Such as 2026-07-16.")]
Reason = Annotated[str, typer.Option(help="Why; shown with the slot.")]


@cadence.command()
def show(
    since: Annotated[
        datetime | None, typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="Else from four weeks ago on.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many slots.")] = 12,
    json: JsonFlag = False,
) -> None:
    """Show the slots, the skipped ones too, with the issues that have taken them."""
    from datetime import timedelta
    from itertools import dropwhile, islice

    from newsletter.app import open_app
    from newsletter.service.change_cadence import list_issue_numbers, load_calendar

    with open_app() as app:
        zone = app.cadence.zone
        start = since.date() if since else (app.now().astimezone(zone) - timedelta(weeks=4)).date()
        agenda = load_calendar(database=app.database, cadence=app.cadence).agenda()
        slots = list(islice(dropwhile(lambda slot: slot.day < start, agenda), count))
        numbers = list_issue_numbers(database=app.database)
    if json:
        print_json(
            [
                {
                    "slot": slot.date,
                    "day": slot.day,
                    "at": slot.at,
                    "status": slot.status,
                    "issue": numbers.get(slot.date),
                    "reason": slot.reason,
                }
                for slot in slots
            ]
        )
        return
    rows = [
        (
            slot.date,
            f"{slot.at.astimezone(zone):%a %Y-%m-%d %H:%M %Z}",
            slot.status,
            numbers.get(slot.date),
            slot.reason,
        )
        for slot in slots
    ]
    print_table(["Slot", "Falls on", "Status", "Issue", "Reason"], rows)


@cadence.command()
def skip(day: Day, reason: Reason = "") -> None:
    """Leave a slot out. Numbers go on without a gap; a draft moves to the next slot."""
    from newsletter.app import open_app
    from newsletter.service.change_cadence import skip_slot

    with open_app() as app:
        draft = skip_slot(day.date(), reason=reason, database=app.database, cadence=app.cadence, now=app.now())
    say(f"The slot of {day:%Y-%m-%d} is skipped.{_tell(draft)}")


@cadence.command()
def move(day: Day, to: Day, reason: Reason = "") -> None:
    """Put a slot on another day, at the same time of day."""
    from newsletter.app import open_app
    from newsletter.service.change_cadence import move_slot

    with open_app() as app:
        draft = move_slot(
            day.date(), to.date(), reason=reason, database=app.database, cadence=app.cadence, now=app.now()
        )
    say(f"The slot of {day:%Y-%m-%d} falls on {to:%Y-%m-%d}.{_tell(draft)}")


@cadence.command()
def extra(day: Day, reason: Reason = "") -> None:
    """Add a slot beside the rule, or take the skip of that date back."""
    from newsletter.app import open_app
    from newsletter.service.change_cadence import add_slot

    with open_app() as app:
        draft = add_slot(day.date(), reason=reason, database=app.database, cadence=app.cadence, now=app.now())
    say(f"There is a slot on {day:%Y-%m-%d}.{_tell(draft)}")


def _tell(draft: Draft | None) -> str:
    return f" Issue {draft.number} is for {draft.day}." if draft else ""
