"""Bring templates/locale up to date: the template letters.pot, and every catalogue with it.

Run it after changing a message in src/newsletter/render/words.py; then translate what is new in each .po file. For a
new language: `translations.py de`.
"""

from __future__ import annotations

import re
import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from newsletter.render.catalogue import list_messages
from newsletter.resources import folder

LOCALE = folder("templates") / "locale"
# What Babel writes about people and versions that a catalogue in this repository does not name.
_NOISE = re.compile(
    rb'^"(?:Project-Id|Report-Msgid|POT-Creation|PO-Revision|Last-Translator|Language-Team|Generated-By).*\n',
    re.MULTILINE,
)
_HEADER = "# What letters say by themselves. The context of each message is its key in theme.toml."


def main() -> int:
    template = make_template()
    (LOCALE / "letters.pot").write_bytes(write(template))
    for language in sys.argv[1:]:
        (LOCALE / f"{language}.po").touch()
    for file in sorted(LOCALE.glob("*.po")):
        file.write_bytes(update(file, template))
        print(file.relative_to(LOCALE.parents[1]))
    return 0


def make_template() -> Catalog:
    template = _catalog()
    for message in list_messages():
        forms = message.english
        template.add(forms if isinstance(forms, str) else forms[:2], context=message.key, auto_comments=[message.hint])
    return template


def update(file: Path, template: Catalog) -> bytes:
    """Return the catalogue in ``file`` with the messages of ``template``; what changed in English waits, as fuzzy."""
    catalogue = read_po(BytesIO(file.read_bytes()), locale=file.stem)
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    fresh = _catalog(file.stem)
    for message in catalogue:
        if message.id:
            fresh[message.id] = message
    return write(fresh)


def write(catalogue: Catalog) -> bytes:
    stream = BytesIO()
    write_po(stream, catalogue, width=110)
    return _NOISE.sub(b"", stream.getvalue())


def _catalog(language: str | None = None) -> Catalog:
    return Catalog(locale=language, header_comment=_HEADER, fuzzy=False)


if __name__ == "__main__":
    sys.exit(main())
