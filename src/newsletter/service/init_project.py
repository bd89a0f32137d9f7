"""Make a project folder: a configuration with fresh keys, and a migrated database beside it."""

from __future__ import annotations

import secrets
from datetime import date
from pathlib import Path

from newsletter.errors import InputError, RefusedError

FILE_NAME = "newsletter.toml"

_TEMPLATE = """\
# One newsletter. Every key with its default and meaning: docs/settings.md, config/newsletter.example.toml.

[site]
name = "The Newsletter"
base_url = "http://localhost:8080"     # where readers reach the site
postal_address = ""                    # in every issue, as the law wants it
# publishers = [{{ name = "Our Institute", url = "https://institute.example.org" }}]

[database]
url = "sqlite:///newsletter.db"

[cadence]
first = {first}                     # the first slot; the others follow every second week
at = "09:00"
timezone = "UTC"                       # such as Europe/Stockholm
first_number = 1

[smtp]
host = "localhost"
port = 25
# security = "starttls"                # or "tls"
# auth = "password"
# username = "…"
# password_file = "smtp-password"
# outbox = "outbox"                    # letters become files in this folder in place of a relay, for trials

[mail]
from = ""                              # the sender's address, real and answerable

[security]
secret_key = "{secret_key}"
address_key = "{address_key}"
"""


def init_project(folder: Path, *, today: date) -> Path:
    """Write ``folder/newsletter.toml``, readable by its owner alone, and return its path.

    Raises RefusedError where one exists already: its keys must not be lost. InputError where no folder can be made.
    """
    file = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror}. Choose another folder.") from error
    text = _TEMPLATE.format(
        first=today.isoformat(), secret_key=secrets.token_urlsafe(32), address_key=secrets.token_urlsafe(32)
    )
    try:
        file.touch(mode=0o600, exist_ok=False)
    except FileExistsError as error:
        raise RefusedError(
            f"{file} exists already; it holds the keys of its readers' links and is left as it is."
        ) from error
    file.write_text(text, encoding="utf-8")
    return file
