"""issue render: an issue as files, and as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.output import JsonFlag, print_json, say

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.domain.issue import RenderedIssue

Number = Annotated[int, typer.Argument(metavar="N", help="The issue's number.")]


def add_commands(issue: typer.Typer) -> None:
    issue.command()(render)


def render(
    number: Number,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write to.")],
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Take pictures of it too (Chromium), and index.html to see them all.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Write issue.html, issue.txt and issue.eml: what was approved, else what the issue says now.

    The personal links in them belong to nobody: they open the real pages and change nothing. The pictures show it on
    desktop and phone, in light and dark, without its images and without its style sheets; nothing is fetched for them.
    """
    from newsletter.app import open_app
    from newsletter.domain.issue import Slot
    from newsletter.domain.letter import Recipient
    from newsletter.domain.mailing import DeliveryId
    from newsletter.domain.token import SAMPLE_READER, Purpose, ReaderToken
    from newsletter.domain.topic import Topic
    from newsletter.service.show_issue import load_text

    with open_app() as app:
        rendered = load_text(number, database=app.database, masthead=app.masthead(), render=app.render)
        tokens = {slot: ReaderToken(SAMPLE_READER).sign(Purpose(slot.value), app.keys) for slot in Slot}
        files = {name: out / f"issue.{name}" for name in ("html", "txt", "eml")}
        html = rendered.full.html.fill(tokens)
        out.mkdir(parents=True, exist_ok=True)
        files["html"].write_text(html, encoding="utf-8")
        files["txt"].write_text(rendered.full.text.fill(tokens), encoding="utf-8")
        recipient = Recipient(
            delivery=DeliveryId(0, 0), address=app.sender.reply_to, public_id=SAMPLE_READER, topics=Topic.everything()
        )
        files["eml"].write_bytes(app.make_splicer(rendered).splice(recipient).message)
        taken = _take_pictures(rendered, html, out, app) if pictures else []
    if json:
        named = {name: str(file) for name, file in files.items()}
        print_json({"number": number, "digest": rendered.digest, **named, "pictures": [str(file) for file in taken]})
        return
    for file in (*files.values(), *taken):
        say(str(file))


def _take_pictures(rendered: RenderedIssue, html: str, out: Path, app: App) -> list[Path]:
    from newsletter.render.chromium import Resource, find_chromium, open_chromium
    from newsletter.render.pictures import take_pictures
    from newsletter.service.find_picture import find_picture

    def find(url: str) -> Resource | None:
        kept = find_picture(url, base_url=app.sender.base_url, database=app.database)
        return Resource(content=kept[1], media_type=kept[0].media_type) if kept else None

    with open_chromium(find_chromium()) as browser:
        return list(
            take_pictures(
                html, subject=rendered.subject, preheader=rendered.preheader, browser=browser, out=out, find=find
            )
        )
