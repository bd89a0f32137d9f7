"""A reader's answer to text: what the editors are told of it. The answer itself is attached by the mail layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from newsletter.render.templates import close_gaps, fill_template, open_templates
from newsletter.resources import folder


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardedReplyView:
    """What the template is given."""

    site_name: str
    #: name and address, as the letter has them
    sender: str
    is_answerable: bool
    #: the address that the letter which was answered had been sent to
    subscriber: str
    subject: str
    #: UTC
    received_at: str
    #: the stored message's number
    report: int
    asks_to_leave: bool
    is_cut: bool
    #: what the person wrote
    lines: tuple[str, ...]


def render_forwarded_reply(view: ForwardedReplyView, *, templates: Path | None = None) -> str:
    """Return the text of the letter to the editors. ``templates`` is the folder whose files stand over ours."""
    folders = tuple(path for path in (templates, folder("templates") / "notice") if path)
    return close_gaps(fill_template(open_templates(folders), "forwarded_reply.txt.j2", reply=view))
