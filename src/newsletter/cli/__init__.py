"""The command line. Modules here import little at the top, so that ``newsletter --help`` answers at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence

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

_NOUNS = {
    "articles": articles.articles,
    "announcements": announcements.announcements,
    "partners": partners.partners,
    "cadence": cadence.cadence,
    "issue": issue.issue,
    "subscribers": subscribers.subscribers,
    "segments": segments.segments,
    "bounces": bounces.bounces,
    "suppressions": suppressions.suppressions,
    "editors": editors.editors,
    "dkim": dkim.dkim,
}
for part in (preflight, rendering, test_letter, mailing):
    part.add_commands(issue.issue)


def choose_app(words: Sequence[str]) -> typer.Typer:
    """Return the command line that ``words`` are for: its one noun, where they begin with one, else everything.

    To build all seventy commands takes as long as a short one's own work.
    """
    nouns = {word: _NOUNS[word] for word in words[:1] if word in _NOUNS} or _NOUNS
    chosen = typer.Typer(
        name="newsletter",
        help="Publish a journal's newsletter: from stored articles to accounted-for mail.",
        no_args_is_help=True,
        add_completion=False,
        context_settings={"max_content_width": 120},
        rich_markup_mode=None,  # loading Rich takes longer than all else that --help does
        pretty_exceptions_enable=False,
    )
    for noun, commands in nouns.items():
        chosen.add_typer(commands, name=noun)
    for part in (project, server, doctor):
        part.add_commands(chosen)
    return chosen


app = choose_app(())


def main() -> None:
    """Run the command line; an expected error is one sentence on stderr and exit status 1."""
    from newsletter.errors import NewsletterError
    from newsletter.garbage import collect_seldom

    collect_seldom()
    try:
        choose_app(sys.argv[1:])()
    except NewsletterError as error:
        typer.echo(f"newsletter: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("newsletter: stopped; nothing is lost, the same command goes on where it was.", err=True)
        sys.exit(130)
