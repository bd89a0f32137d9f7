"""Commands of `newsletter articles` about authors' names that are withdrawn."""

from __future__ import annotations

from typing import Annotated

import typer

from newsletter.cli.output import JsonFlag, print_json, print_table, say


def add_commands(articles: typer.Typer) -> None:
    articles.command("withdraw-byline")(withdraw)
    articles.command("restore-byline")(restore)
    articles.command("bylines")(list_)


def withdraw(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As it stands under the article.")],
) -> None:
    """Take an author's name out of article pages, search, feed, archive and new issues; the articles stay.

    Letters that were delivered stay as they are, and so do the approved bytes. 'restore-byline' takes it back.
    """
    from newsletter.app import open_app
    from newsletter.service.withdraw_byline import withdraw_byline

    with open_app() as app:
        name = withdraw_byline(name, database=app.database, now=app.now())
    say(f"{name} stands under no article any more, wherever readers look.")


def restore(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As 'articles bylines' shows it.")],
) -> None:
    """Let an author's name stand again."""
    from newsletter.app import open_app
    from newsletter.service.withdraw_byline import restore_byline

    with open_app() as app:
        name = restore_byline(name, database=app.database, now=app.now())
    say(f"{name} stands again.")


def list_(as_json: JsonFlag = False) -> None:
    """List the names that were withdrawn."""
    from newsletter.app import open_app
    from newsletter.service.withdraw_byline import list_bylines

    with open_app() as app:
        names = list_bylines(database=app.database)
    if as_json:
        print_json(names)
    else:
        print_table(["Name"], [[name] for name in names])
