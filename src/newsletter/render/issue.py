"""Issue to exact text with slots: one compile for all readers, one variant cut from it for each topic set."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from pathlib import Path

from markupsafe import Markup

from newsletter.domain.issue import Issue, RenderedIssue, RenderedVariant, Slot, SlottedText
from newsletter.domain.topic import Topic
from newsletter.errors import RenderError
from newsletter.render.language import Language
from newsletter.render.mjml import Compiler
from newsletter.render.templates import close_gaps, fill_template, open_templates
from newsletter.render.theme import read_theme
from newsletter.render.view import Marks, view_issue
from newsletter.resources import folder

_NONCE_BYTES = 12


def render_issue(
    issue: Issue,
    *,
    compiler: Compiler,
    templates: Path | None = None,
    make_nonce: Callable[[int], str] = secrets.token_hex,
) -> RenderedIssue:
    """Render ``issue`` for everybody: equal issues, themes and compilers give equal bytes.

    Files in ``templates`` stand in for single parts of the project's own, keys of its theme.toml for single keys.
    ``make_nonce`` makes the markers of slots and sections, which no text of an article may be able to contain.

    Raises RenderError if a template is wrong, the compiler refuses it or a letter would lack a personal link.
    """
    folders = tuple(path for path in (templates, folder("templates") / "issue", folder("templates")) if path)
    environment = open_templates(folders)
    nonce = make_nonce(_NONCE_BYTES)
    slots = {slot: f"{nonce}{slot.value}" for slot in Slot}
    view = view_issue(
        issue, theme=read_theme(folders, Language(issue.masthead.language)), slots=slots, marks=_make_marks(nonce)
    )

    html = compiler.compile(fill_template(environment, "issue.mjml.j2", issue=view))
    variants: dict[Topic, RenderedVariant] = {}
    for topics in issue.variants:
        text = close_gaps(fill_template(environment, "issue.txt.j2", issue=view.narrow(topics)))
        variants[topics] = RenderedVariant(
            html=SlottedText.split(_cut_variant(html, topics, nonce), slots),
            text=SlottedText.split(text, slots),
        )
    _check_slots(variants)
    return RenderedIssue(number=issue.number, subject=issue.subject, preheader=issue.preheader, variants=variants)


def _make_marks(nonce: str) -> Marks:
    # Comments pass both compilers unchanged, and the nonce is hexadecimal, so there is nothing to escape.
    return Marks(
        articles=Markup(f"<!--{nonce}:articles-->"),  # noqa: S704
        events=Markup(f"<!--{nonce}:events-->"),  # noqa: S704
        news=Markup(f"<!--{nonce}:news-->"),  # noqa: S704
        end=Markup(f"<!--{nonce}:end-->"),  # noqa: S704
    )


def _cut_variant(html: str, topics: Topic, nonce: str) -> str:
    """Keep the sections of ``topics`` and what is outside any section; take all marks out."""
    section = re.compile(rf"<!--{nonce}:(\w+)-->\n?(.*?)<!--{nonce}:end-->\n?", re.DOTALL)
    cut = section.sub(lambda found: found[2] if found[1] in topics.names else "", html)
    if nonce + ":" in cut:
        raise RenderError("A template opens a topic's section without closing it, or closes one that is not open.")
    return cut


def _check_slots(variants: dict[Topic, RenderedVariant]) -> None:
    for topics, variant in variants.items():
        for part, text in (("HTML", variant.html), ("text", variant.text)):
            for slot in set(Slot) - text.slots:
                raise RenderError(
                    f"The {part} part for readers of {topics.label} has no {slot.value} link: "
                    f"put {{{{ issue.links.{slot.value} }}}} into the footer of the template."
                )
