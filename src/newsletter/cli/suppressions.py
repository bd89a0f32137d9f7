"""`newsletter suppressions`: list, add, lift."""

from __future__ import annotations

from typing import Annotated

import typer

from newsletter.cli.output import JsonFlag, print_json, print_table, say

suppressions = typer.Typer(no_args_is_help=True, help="Addresses that are not mailed, and why.")

Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="An email address, whole.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in a few words.")]


@suppressions.command("list")
def list_(
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List what is suppressed, the latest first. Of an address that was erased only the hash is left."""
    from newsletter.app import open_app
    from newsletter.store.suppressions import list_suppressions

    with open_app() as app, app.database.snapshot() as snapshot:
        listed = [
            {
                "address": address.text if address else None,
                "address_hash": suppression.address_hash.hex(),
                "reason": suppression.reason,
                "evidence": suppression.evidence,
                "decided_at": suppression.decided_at,
            }
            for suppression, address in list_suppressions(snapshot, limit=limit)
        ]
    if as_json:
        print_json(listed)
        return
    print_table(
        ["Address", "Reason", "Since"],
        [
            [
                entry["address"] or f"#{str(entry['address_hash'])[:12]}",
                entry["reason"],
                f"{entry['decided_at']:%Y-%m-%d}",
            ]
            for entry in listed
        ],
    )


@suppressions.command()
def add(address: Address, reason: Reason = "an editor's decision") -> None:
    """Suppress an address; it need not be a subscriber's."""
    from newsletter.app import open_app
    from newsletter.domain.address import EmailAddress
    from newsletter.service.change_suppression import suppress_address

    with open_app() as app:
        parsed = EmailAddress.parse(address)
        suppress_address(parsed, because=reason, database=app.database, address_key=app.address_key, now=app.now())
    say(f"{parsed} is suppressed.")


@suppressions.command()
def lift(address: Address, reason: Reason = "an editor's decision") -> None:
    """Lift a suppression: an active subscriber is mailed again."""
    from newsletter.app import open_app
    from newsletter.domain.address import EmailAddress
    from newsletter.service.change_suppression import lift_suppression

    with open_app() as app:
        parsed = EmailAddress.parse(address)
        lift_suppression(parsed, because=reason, database=app.database, address_key=app.address_key, now=app.now())
    say(f"The suppression of {parsed} is lifted.")
