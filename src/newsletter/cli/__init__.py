"""The command line. Modules here import little at the top, so that ``newsletter --help`` answers at once."""

from __future__ import annotations

import gc
import sys

import typer

from newsletter.cli import (
    announcements,
    articles,
    bounces,
    cadence,
    dkim,
    doctor,
    editors,
    issue,
    mailing,
    partners,
    preflight,
    project,
    rendering,
    segments,
    server,
    subscribers,
    suppressions,
    test_letter,
)

app = typer.Typer(
    name="newsletter",
    help="Publish a journal's newsletter: from stored articles to accounted-for mail.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"max_content_width": 120},
    rich_markup_mode=None,  # loading Rich takes longer than all else that --help does
    pretty_exceptions_enable=False,
)
app.add_typer(articles.articles, name="articles")
app.add_typer(announcements.announcements, name="announcements")
app.add_typer(partners.partners, name="partners")
app.add_typer(cadence.cadence, name="cadence")
app.add_typer(issue.issue, name="issue")
app.add_typer(subscribers.subscribers, name="subscribers")
app.add_typer(segments.segments, name="segments")
app.add_typer(bounces.bounces, name="bounces")
app.add_typer(suppressions.suppressions, name="suppressions")
app.add_typer(editors.editors, name="editors")
app.add_typer(dkim.dkim, name="dkim")
for part in (preflight, rendering, test_letter, mailing):
    part.add_commands(issue.issue)
project.add_commands(app)
server.add_commands(app)
doctor.add_commands(app)


_OBJECTS_BETWEEN_COLLECTIONS = 20_000


def main() -> None:
    """Run the command line; an expected error is one sentence on stderr and exit status 1."""
    from newsletter.errors import NewsletterError

    # What is made by the thousand here, rows and letters, holds no cycles; looking for some after every seven hundred
    # new objects, as is usual, takes a tenth of the time of an import.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        app()
    except NewsletterError as error:
        typer.echo(f"newsletter: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("newsletter: stopped; nothing is lost, the same command goes on where it was.", err=True)
        sys.exit(130)
