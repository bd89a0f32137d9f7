"""The scripts of the desk's pages: our own, and three small ones from npm that are served as they were published."""

from __future__ import annotations

from pathlib import Path

from newsletter.desk.routes import PREFIX
from newsletter.resources import folder
from newsletter.web.assets import Asset

#: By name: where the package has it.
_PUBLISHED = {
    "htmx": Path("htmx.org/dist/htmx.min.js"),
    "sse": Path("htmx-ext-sse/dist/sse.min.js"),
    "sortable": Path("sortablejs/Sortable.min.js"),
}
_UNDER = f"{PREFIX}/assets"


def read_stylesheet() -> Asset:
    return Asset.read(folder("templates") / "desk" / "desk.css", media_type="text/css", under=_UNDER)


def read_scripts() -> dict[str, Asset]:
    """Return them by name. Those from npm are missing where nobody installed them; the desk works without."""
    own = folder("templates") / "desk"
    found = {"desk": own / "desk.js", "composer": own / "composer.js"}
    for name, path in _PUBLISHED.items():
        places = (folder("scripts") / path.name, folder("node_modules") / path)
        present = next((place for place in places if place.is_file()), None)
        if present:
            found[name] = present
    return {name: Asset.read(file, media_type="text/javascript", under=_UNDER) for name, file in found.items()}
