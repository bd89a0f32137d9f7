"""issue draft, list, show, edit, arrange, check, render and approve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.output import JsonFlag, name_count, print_json, print_table, say, warn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from newsletter.app import App
    from newsletter.domain.approval import Approval
    from newsletter.domain.issue import RenderedIssue, Slot
    from newsletter.service.show_issue import ShownIssue

issue = typer.Typer(no_args_is_help=True, help="Issues, from the draft to the report.")

Number = Annotated[int, typer.Argument(metavar="N", help="The issue's number.")]
_Item = "ID of an article, announcement:ID or partner:ID; may be given again."


@issue.command()
def draft(json: JsonFlag = False) -> None:
    """Open the draft of the earliest slot not yet sent, or show it. Until you change it, it follows the store."""
    from newsletter.app import open_app
    from newsletter.service.draft_issue import draft_issue
    from newsletter.service.keep_pictures import keep_issue_pictures

    with open_app() as app:
        drafted = draft_issue(
            database=app.database,
            cadence=app.cadence,
            first_number=app.settings.cadence.first_number,
            now=app.now(),
        )
        masthead = app.masthead()
        failed = keep_issue_pictures(drafted, masthead=masthead, fetch=app.fetch, database=app.database, now=app.now())
        _print_issue(app, drafted.number, json=json)
    for sentence in failed:
        warn(sentence)


@issue.command("list")
def list_(json: JsonFlag = False) -> None:
    """List all issues, the latest first."""
    from newsletter.app import open_app
    from newsletter.service.show_issue import list_issues

    with open_app() as app:
        listed = list_issues(database=app.database, masthead=app.masthead())
    if json:
        print_json(
            [
                {"number": drafted.number, "slot": drafted.slot, "status": drafted.status, "subject": subject}
                for drafted, subject in listed
            ]
        )
        return
    rows = [(drafted.number, drafted.day, drafted.status, subject) for drafted, subject in listed]
    print_table(["Number", "Date", "Status", "Subject"], rows)


@issue.command()
def show(number: Number, json: JsonFlag = False) -> None:
    """Show an issue with its items, each with its reason and its size."""
    from newsletter.app import open_app

    with open_app() as app:
        _print_issue(app, number, json=json)


@issue.command()
def edit(
    number: Number,
    subject: Annotated[str | None, typer.Option(help='At most 78 characters; "" takes the lead\'s headline.')] = None,
    preheader: Annotated[str | None, typer.Option(help='40 to 130 characters; "" takes a cut of the lead.')] = None,
    note: Annotated[str | None, typer.Option(help='A word to readers above the articles; "" for none.')] = None,
    json: JsonFlag = False,
) -> None:
    """Change subject, preheader or note. This voids an approval."""
    from newsletter.app import open_app
    from newsletter.service.arrange_issue import edit_issue

    if subject is None and preheader is None and note is None:
        raise typer.BadParameter("name what to change: --subject, --preheader or --note")
    with open_app() as app:
        edit_issue(number, subject=subject, preheader=preheader, note=note, database=app.database, now=app.now())
        _print_issue(app, number, json=json)


@issue.command()
def arrange(
    number: Number,
    lead: Annotated[int | None, typer.Option(metavar="ID", help="Article that leads.")] = None,
    features: Annotated[str | None, typer.Option(metavar="ID,ID…", help="Features that come first, in order.")] = None,
    add: Annotated[list[str] | None, typer.Option(metavar="ITEM", help=_Item)] = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="ITEM", help=_Item)] = None,
    headline: Annotated[
        list[str] | None, typer.Option(metavar="ID=TEXT", help="Headline in this issue; empty: the article's own.")
    ] = None,
    teaser: Annotated[
        list[str] | None, typer.Option(metavar="ID=TEXT", help="Teaser in this issue; empty: the article's own.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Choose, order and reword what an issue shows. This voids an approval."""
    from newsletter.app import open_app
    from newsletter.domain.arrangement import ItemName
    from newsletter.service.arrange_issue import Arrangement, arrange_issue

    arrangement = Arrangement(
        remove=[ItemName.parse(item) for item in remove or ()],
        add=[ItemName.parse(item) for item in add or ()],
        lead=lead,
        features=_read_ids(features or ""),
        headlines=_read_words(headline or []),
        teasers=_read_words(teaser or []),
    )
    if arrangement == Arrangement(remove=[], add=[], features=[]):
        raise typer.BadParameter("name what to change, such as --lead ID or --remove ID")
    with open_app() as app:
        arrange_issue(number, arrangement, database=app.database, now=app.now())
        _print_issue(app, number, json=json)


@issue.command()
def check(number: Number, json: JsonFlag = False) -> None:
    """Check an issue as it would be approved now. Exit status 1 if errors stand in the way."""
    from dataclasses import asdict

    from newsletter.app import open_app
    from newsletter.service.finding import Level
    from newsletter.service.preflight import preflight
    from newsletter.service.proof import pull_proof
    from newsletter.service.size_sheet import MOST_BYTES, measure_blocks, measure_encoded

    with open_app() as app:
        proof = pull_proof(
            number,
            database=app.database,
            masthead=app.masthead(),
            render=app.render,
            sender=app.known_sender,
            now=app.now(),
        )
        findings = preflight(proof)
    errors = sum(finding.level is Level.ERROR for finding in findings)
    blocks = measure_blocks(proof)
    size = {"html": len(proof.html.encode()), "encoded": measure_encoded(proof.html), "ceiling": MOST_BYTES}
    if json:
        counts = {"errors": errors, "warnings": len(findings) - errors}
        sizes = {**size, "blocks": [asdict(block) for block in blocks]}
        found = [asdict(finding) for finding in findings]
        print_json({"number": number, **counts, "findings": found, "size": sizes})
    else:
        rows = [
            (
                block.block,
                block.name,
                block.headline,
                f"{block.bytes:,}",
                f"{block.total:,}",
                f"{block.total / MOST_BYTES:.0%}",
            )
            for block in blocks
        ]
        print_table(["Block", "Item", "Headline", "Bytes", "Total", "of 90 kB"], rows)
        say("{html:,} bytes of HTML, {encoded:,} as they are encoded in a letter; {ceiling:,} at most.".format(**size))
        for finding in findings:
            say(f"{finding.level} [{finding.check}] {finding.where}: {finding.what} {finding.mend}")
        say(f"{name_count(errors, 'error')}, {name_count(len(findings) - errors, 'warning')}.")
    if errors:
        warn(f"Issue {number} cannot be approved until its errors are mended, or overridden with a reason.")
        raise typer.Exit(1)


@issue.command()
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
        out.mkdir(parents=True, exist_ok=True)
        files["html"].write_text(rendered.full.html.fill(tokens), encoding="utf-8")
        files["txt"].write_text(rendered.full.text.fill(tokens), encoding="utf-8")
        recipient = Recipient(
            delivery=DeliveryId(0, 0), address=app.sender.reply_to, public_id=SAMPLE_READER, topics=Topic.everything()
        )
        files["eml"].write_bytes(app.make_splicer(rendered).splice(recipient).message)
        taken = _take_pictures(rendered, tokens, out) if pictures else []
    if json:
        named = {name: str(file) for name, file in files.items()}
        print_json({"number": number, "digest": rendered.digest, **named, "pictures": [str(file) for file in taken]})
        return
    for file in (*files.values(), *taken):
        say(str(file))


@issue.command()
def approve(
    number: Number,
    by: Annotated[str, typer.Option(metavar="EDITOR", help="Who approves; recorded as given.")],
    override: Annotated[
        list[str] | None, typer.Option(metavar="CHECK", help="Accept the errors of this check; may be given again.")
    ] = None,
    reason: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="Why; one for each --override, or one for all.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Approve the exact text of an issue; it is stored, and sent as it is. Any later edit voids the approval."""
    from newsletter.app import open_app
    from newsletter.service.approve_issue import approve_issue

    with open_app() as app:
        approval = approve_issue(
            number,
            by=by,
            overrides=_pair_overrides(override or [], reason or []),
            database=app.database,
            masthead=app.masthead(),
            render=app.render,
            sender=app.known_sender,
            now=app.now(),
        )
    if json:
        print_json({"number": number, **_describe_approval(approval)})
        return
    say(f"Issue {number} is approved by {approval.approved_by}: {approval.rendered_digest[:12]}.")
    say(f"'newsletter issue send {number}' sends exactly this text.")


def _take_pictures(rendered: RenderedIssue, tokens: Mapping[Slot, str], out: Path) -> list[Path]:
    from newsletter.render.chromium import find_chromium, open_chromium
    from newsletter.render.pictures import take_pictures

    with open_chromium(find_chromium()) as browser:
        return list(
            take_pictures(
                rendered.full.html.fill(tokens),
                subject=rendered.subject,
                preheader=rendered.preheader,
                browser=browser,
                out=out,
                find=lambda _: None,
            )
        )


def _print_issue(app: App, number: int, *, json: bool) -> None:
    from newsletter.service.item_size import measure_item
    from newsletter.service.show_issue import show_issue

    shown = show_issue(number, database=app.database, masthead=app.masthead(), now=app.now())
    if json:
        print_json(_describe_issue(shown))
        return
    drafted = shown.draft
    local = drafted.due_at.astimezone(app.cadence.zone)
    say(f"Issue {number}, {drafted.status}, due {local:%Y-%m-%d %H:%M %Z}")
    say(f"Subject:   {shown.issue.subject}")
    say(f"Preheader: {shown.issue.preheader}")
    if shown.issue.note:
        say(f"Note:      {shown.issue.note}")
    rows = [
        (item.item.slot, item.name.id, item.headline, f"{measure_item(item):,}", item.item.reason)
        for item in shown.items
    ]
    print_table(["Slot", "ID", "Headline", "Bytes", "Reason"], rows)
    if shown.waiting:
        say(f"Not in it, though no issue had them: articles {', '.join(str(stored.id) for stored in shown.waiting)}.")
    if shown.approval:
        say(f"Approved by {shown.approval.approved_by} at {shown.approval.approved_at:%Y-%m-%d %H:%M} UTC.")


def _describe_issue(shown: ShownIssue) -> dict[str, Any]:
    from newsletter.service.item_size import measure_item

    drafted, approval = shown.draft, shown.approval
    return {
        "number": drafted.number,
        "slot": drafted.slot,
        "day": drafted.day,
        "due_at": drafted.due_at,
        "status": drafted.status,
        "subject": shown.issue.subject,
        "preheader": shown.issue.preheader,
        "note": shown.issue.note,
        "items": [
            {
                "slot": item.item.slot,
                "kind": item.name.kind,
                "id": item.name.id,
                "headline": item.headline,
                "teaser": item.text,
                "url": item.url,
                "reason": item.item.reason,
                "bytes": measure_item(item),
                "withdrawn": item.is_withdrawn,
            }
            for item in shown.items
        ],
        "waiting": [stored.id for stored in shown.waiting],
        "approval": _describe_approval(approval) if approval else None,
    }


def _describe_approval(approval: Approval) -> dict[str, Any]:
    return {
        "approved_by": approval.approved_by,
        "approved_at": approval.approved_at,
        "digest": approval.rendered_digest,
        "overrides": approval.overrides,
    }


def _read_ids(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no list of ids; write 14,12,17") from error


def _read_words(pairs: list[str]) -> dict[int, str]:
    words: dict[int, str] = {}
    for pair in pairs:
        article_id, is_pair, text = pair.partition("=")
        if not is_pair or not article_id.strip().isdecimal():
            raise typer.BadParameter(f'{pair!r} is not ID=TEXT; write 12="A headline"')
        words[int(article_id)] = text
    return words


def _pair_overrides(checks: list[str], reasons: list[str]) -> dict[str, str]:
    if reasons and not checks:
        raise typer.BadParameter("--reason belongs to an --override")
    if len(reasons) not in {len(checks), 1}:
        raise typer.BadParameter("give one --reason for each --override, or one for all")
    if len(reasons) == 1:
        reasons = reasons * len(checks)
    return {check.replace("-", "_"): reason for check, reason in zip(checks, reasons, strict=True)}
