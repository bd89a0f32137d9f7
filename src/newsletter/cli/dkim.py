"""`newsletter dkim`: new-key, record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.output import JsonFlag, print_json, say

if TYPE_CHECKING:
    from newsletter.mail.dkim import DkimKey

dkim = typer.Typer(no_args_is_help=True, help="The key that letters are signed with here, where the relay does not.")


@dkim.command("new-key")
def new_key(
    *,
    selector: Annotated[
        str | None, typer.Option(help="Name of the key below _domainkey; else of the present month, as n202603.")
    ] = None,
    domain: Annotated[
        str | None, typer.Option(help="Domain that signs; else [dkim] domain, or that of mail.from.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="Where to write it; else dkim-SELECTOR.pem in this folder.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a private key in a file of its own, and print what to publish and to configure."""
    from newsletter.app import open_app
    from newsletter.service.make_dkim_key import make_dkim_key

    with open_app() as app:
        domain = domain or app.settings.dkim.domain or app.sender.address.domain
        selector = selector or f"n{app.now():%Y%m}"
    file = (file or Path(f"dkim-{selector}.pem")).absolute()
    key = make_dkim_key(file, domain=domain, selector=selector)
    if as_json:
        print_json({"file": str(file), **_document(key)})
        return
    say(f"The key is in {file}. Publish this TXT record:\n")
    _show(key)
    section = f'[dkim]\ndomain = "{key.domain}"\nselector = "{key.selector}"\nkey_file = "{file}"'
    say(f"\nWhen it can be seen, write this into newsletter.toml and ask 'newsletter doctor':\n\n{section}")


@dkim.command()
def record(as_json: JsonFlag = False) -> None:
    """Print the TXT record of the key that is configured."""
    from newsletter.app import open_app
    from newsletter.errors import ConfigurationError

    with open_app() as app:
        key = app.dkim_key
    if key is None:
        raise ConfigurationError("[dkim] key_file is not set: 'newsletter dkim new-key' makes a key, and says how.")
    if as_json:
        print_json(_document(key))
    else:
        _show(key)


def _document(key: DkimKey) -> dict[str, str]:
    return {"name": key.record_name, "type": "TXT", "value": key.record}


def _show(key: DkimKey) -> None:
    say(f"name:  {key.record_name}\nvalue: {key.record}")
