"""issue check and approve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.output import JsonFlag, name_count, print_json, print_table, say, warn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from newsletter.domain.text_change import Piece
    from newsletter.service.compare_approval import ApprovalDifference
    from newsletter.service.finding import Finding
    from newsletter.service.proof import Proof

Number = Annotated[int, typer.Argument(metavar="N", help="The issue's number.")]


def add_commands(issue: typer.Typer) -> None:
    for command in (check, approve, withdraw, changes):
        issue.command()(command)


def check(
    number: Number,
    fetch: Annotated[
        bool, typer.Option("--fetch-links", help="Fetch every link too, but for the site's own; a minute at most.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Check an issue as it would be approved now. Exit status 1 if errors stand in the way."""
    from functools import partial

    from newsletter.app import open_app
    from newsletter.ingest.link import try_links
    from newsletter.service.finding import Level
    from newsletter.service.preflight import preflight
    from newsletter.service.proof import fetch_links, pull_proof

    with open_app() as app:
        proof = pull_proof(
            number,
            database=app.database,
            masthead=app.masthead(),
            render=app.render,
            sender=app.known_sender,
            now=app.now(),
            signing_domain=app.dkim_key.domain if app.dkim_key else None,
        )
        if fetch:
            proof = fetch_links(proof, try_links=partial(try_links, allow_private=proof.is_trial))
        findings = preflight(proof)
    errors = sum(finding.level is Level.ERROR for finding in findings)
    if json:
        _print_document(number, proof, findings, errors)
    else:
        _print_sizes(proof)
        for finding in findings:
            say(f"{finding.level} [{finding.check}] {finding.where}: {finding.what} {finding.mend}")
        say(f"{name_count(errors, 'error')}, {name_count(len(findings) - errors, 'warning')}.")
    if errors:
        warn(f"Issue {number} cannot be approved until its errors are mended, or overridden with a reason.")
        raise typer.Exit(1)


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
    from newsletter.cli.issue import describe_approval
    from newsletter.domain.approval import Signature
    from newsletter.service.approve_issue import approve_issue

    with open_app() as app:
        approval = approve_issue(
            number,
            Signature(by=by, overrides=_pair_overrides(override or [], reason or [])),
            database=app.database,
            masthead=app.masthead(),
            render=app.render,
            sender=app.known_sender,
            now=app.now(),
            second_person=app.settings.desk.second_approval,
        )
    if json:
        print_json({"number": number, **describe_approval(approval)})
        return
    say(f"Issue {number} is approved by {approval.approved_by}: {approval.rendered_digest[:12]}.")
    say(f"'newsletter issue send {number}' sends exactly this text.")


def withdraw(
    number: Number, by: Annotated[str, typer.Option(metavar="EDITOR", help="Who takes it back; recorded as given.")]
) -> None:
    """Take the approval of an issue back, before its mailing has opened."""
    from newsletter.app import open_app
    from newsletter.service.approve_issue import withdraw_approval

    with open_app() as app:
        withdraw_approval(number, by=by, database=app.database, now=app.now())
        say(f"Issue {number} is a draft again.")


def changes(number: Number, json: JsonFlag = False) -> None:
    """Show what changed in an issue since it was approved last, block by block."""
    from dataclasses import asdict

    from newsletter.app import open_app
    from newsletter.service.compare_approval import compare_with_approval
    from newsletter.service.show_issue import load_text

    with open_app() as app:
        rendered = load_text(number, database=app.database, masthead=app.masthead(), render=app.render)
        difference = compare_with_approval(number, rendered, database=app.database)
    if json:
        print_json({"number": number, "difference": asdict(difference) if difference else None})
        return
    if difference is None:
        say(f"Issue {number} was never approved.")
        return
    for sentence in _tell_changes(difference):
        say(sentence)


def _tell_changes(difference: ApprovalDifference) -> Iterator[str]:
    approval = difference.approval
    since = f"since {approval.approved_by} approved it at {approval.approved_at:%Y-%m-%d %H:%M} UTC"
    if difference.is_same:
        yield f"Nothing changed {since}."
        return
    yield f"Changed {since}:"
    for place, found in (
        ("subject", difference.subject),
        ("preheader", difference.preheader),
        ("text", difference.text),
    ):
        for change in found:
            words = "".join(_mark_piece(piece) for piece in change.pieces)
            yield f"{place}, {change.kind}: {words.strip()}"
    for word, pictures in (("new", difference.pictures_new), ("gone", difference.pictures_gone)):
        for picture in pictures:
            yield f"picture, {word}: {picture}"
    if difference.is_markup_only:
        yield "Neither words nor pictures, but the markup."


def _mark_piece(piece: Piece) -> str:
    """Mark words as a terminal can: [-gone-] and {+new+}."""
    space = piece.text[: len(piece.text) - len(piece.text.lstrip())]
    words = piece.text.strip()
    if piece.is_gone:
        return f"{space}[-{words}-]"
    return f"{space}{{+{words}+}}" if piece.is_new else piece.text


def _print_document(number: int, proof: Proof, findings: Sequence[Finding], errors: int) -> None:
    from dataclasses import asdict

    from newsletter.service.size_sheet import MOST_BYTES, measure_blocks, measure_encoded

    print_json(
        {
            "number": number,
            "errors": errors,
            "warnings": len(findings) - errors,
            "findings": [asdict(finding) for finding in findings],
            "size": {
                "html": len(proof.html.encode()),
                "encoded": measure_encoded(proof.html),
                "ceiling": MOST_BYTES,
                "blocks": [asdict(block) for block in measure_blocks(proof)],
            },
        }
    )


def _print_sizes(proof: Proof) -> None:
    from newsletter.service.size_sheet import MOST_BYTES, measure_blocks, measure_encoded

    rows = [
        (
            block.block,
            block.name,
            block.headline,
            f"{block.bytes:,}",
            f"{block.total:,}",
            f"{block.total / MOST_BYTES:.0%}",
        )
        for block in measure_blocks(proof)
    ]
    print_table(["Block", "Item", "Headline", "Bytes", "Total", "of 90 kB"], rows)
    raw, encoded = len(proof.html.encode()), measure_encoded(proof.html)
    say(f"{raw:,} bytes of HTML, {encoded:,} as they are encoded in a letter; {MOST_BYTES:,} at most.")


def _pair_overrides(checks: list[str], reasons: list[str]) -> dict[str, str]:
    if reasons and not checks:
        raise typer.BadParameter("--reason belongs to an --override")
    if len(reasons) not in {len(checks), 1}:
        raise typer.BadParameter("give one --reason for each --override, or one for all")
    if len(reasons) == 1:
        reasons = reasons * len(checks)
    return {check.replace("-", "_"): reason for check, reason in zip(checks, reasons, strict=True)}
