"""The style sheet of the readers' site: its own layout, in the colours and fonts of the letters."""

from __future__ import annotations

from newsletter.render.theme import Palette, Theme
from newsletter.resources import folder
from newsletter.web.assets import Asset


def read_stylesheet(theme: Theme) -> Asset:
    """Return it as it is served, under a name that changes with the theme."""
    file = folder("templates") / "site" / "site.css"
    css = f"{_write_look(theme)}\n{file.read_text(encoding='utf-8')}"
    return Asset.make(file.name, css.encode("utf-8"), media_type="text/css")


def _write_look(theme: Theme) -> str:
    fonts = f"--reading: {theme.fonts.reading}; --control: {theme.fonts.control};"
    return (
        f":root {{ color-scheme: light dark; {_write_palette(theme.light)} {fonts} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {_write_palette(theme.dark)} }} }}\n"
    )


def _write_palette(palette: Palette) -> str:
    # A page is one sheet; what a letter lies on is the ground of what stands out of the page.
    return (
        f"--paper: {palette.sheet}; --tint: {palette.paper}; --ink: {palette.ink}; --soft: {palette.soft}; "
        f"--line: {palette.line}; --accent: {palette.accent};"
    )
