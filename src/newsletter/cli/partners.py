"""`newsletter partners`: list, add, edit, retire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.output import JsonFlag, print_json, print_table, say, warn

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.domain.partner import StoredPartnerLink

partners = typer.Typer(no_args_is_help=True, help="The “Visit also” links, shown in fair rotation.")

PartnerId = Annotated[int, typer.Argument(metavar="ID", help="As 'partners list' shows it.")]
Url = Annotated[str | None, typer.Option(help="Without one the partner is stored, but not shown.")]
Text = Annotated[str | None, typer.Option(help="A line about the partner.")]
Logo = Annotated[str | None, typer.Option(help="Address of a picture.")]
NameLanguage = Annotated[str | None, typer.Option("--language", help="Of the name, where it is foreign, such as fr.")]
Weight = Annotated[int | None, typer.Option(help="How often it is shown, in relation to the others.")]
From = Annotated[str | None, typer.Option("--from", help="Not shown before, such as 2025-10-16.")]
Until = Annotated[str | None, typer.Option("--until", help="Not shown from then on.")]


@partners.command("list")
def list_(
    retired: Annotated[bool, typer.Option("--retired", help="Show retired ones too.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """List the partner links, and how many issues have shown each."""
    from newsletter.app import open_app
    from newsletter.store.partners import count_shown, list_partners

    with open_app() as app, app.database.snapshot() as snapshot:
        stored = list_partners(snapshot, with_retired=retired)
        shown = count_shown(snapshot)
    if as_json:
        print_json([_document(entry) | {"shown": shown.get(entry.id, 0)} for entry in stored])
        return
    print_table(
        ["ID", "Name", "Address", "Weight", "Shown in", "State"],
        [
            [entry.id, entry.link.name, entry.link.url, entry.link.weight, shown.get(entry.id, 0), _state(entry)]
            for entry in stored
        ],
    )


@partners.command()
def add(
    name: Annotated[str, typer.Argument(help="As readers see it.")],
    *,
    url: Url = None,
    text: Text = None,
    logo: Logo = None,
    language: NameLanguage = None,
    weight: Weight = None,
    window_from: From = None,
    window_until: Until = None,
    as_json: JsonFlag = False,
) -> None:
    """Add a partner link."""
    from newsletter.app import open_app
    from newsletter.service.edit_partner import PartnerTexts, write_partner

    texts = PartnerTexts(
        name=name,
        url=url,
        text=text,
        logo=logo,
        language=language,
        weight=weight,
        window_from=window_from,
        window_until=window_until,
    )
    with open_app() as app:
        stored = write_partner(texts, database=app.database, now=app.now())
        _keep_logo(app, texts.logo)
    _print_changed(stored, "is added", as_json=as_json)


@partners.command()
def edit(
    partner_id: PartnerId,
    *,
    name: Annotated[str | None, typer.Option(help="As readers see it.")] = None,
    url: Url = None,
    text: Text = None,
    logo: Logo = None,
    language: NameLanguage = None,
    weight: Weight = None,
    window_from: From = None,
    window_until: Until = None,
    as_json: JsonFlag = False,
) -> None:
    """Change a partner link; an empty text empties the field."""
    from newsletter.app import open_app
    from newsletter.service.edit_partner import PartnerTexts, edit_partner

    texts = PartnerTexts(
        name=name,
        url=url,
        text=text,
        logo=logo,
        language=language,
        weight=weight,
        window_from=window_from,
        window_until=window_until,
    )
    if texts == PartnerTexts():
        raise typer.BadParameter("Name at least one field to change, such as --url.")
    with open_app() as app:
        stored = edit_partner(partner_id, texts, database=app.database, now=app.now())
        _keep_logo(app, texts.logo)
    _print_changed(stored, "is changed", as_json=as_json)


@partners.command()
def retire(partner_id: PartnerId, as_json: JsonFlag = False) -> None:
    """Show a partner link in no later issue."""
    from newsletter.app import open_app
    from newsletter.service.edit_partner import retire_partner

    with open_app() as app:
        stored = retire_partner(partner_id, database=app.database, now=app.now())
    _print_changed(stored, "is retired", as_json=as_json)


def _keep_logo(app: App, logo: str | None) -> None:
    from newsletter.service.keep_pictures import keep_pictures

    for sentence in keep_pictures([logo or ""], fetch=app.fetch, database=app.database, now=app.now(), again=True):
        warn(sentence)


def _print_changed(stored: StoredPartnerLink, what: str, *, as_json: bool) -> None:
    if as_json:
        print_json(_document(stored))
    else:
        say(f"Partner link {stored.id} {what}: {stored.link.name}")


def _state(stored: StoredPartnerLink) -> str:
    if stored.retired_at:
        return "retired"
    return "" if stored.link.url else "not shown: no address"


def _document(stored: StoredPartnerLink) -> dict[str, Any]:
    from dataclasses import asdict

    return {"id": stored.id, **asdict(stored.link), "retired_at": stored.retired_at}
