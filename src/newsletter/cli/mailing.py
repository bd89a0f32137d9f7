"""issue send, pause, resume, cancel, report and doubtful."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.output import JsonFlag, name_count, print_json, say, warn

if TYPE_CHECKING:
    from datetime import datetime

    from newsletter.app import App
    from newsletter.domain.mailing import Mailing, MailingReport
    from newsletter.domain.sender_health import DomainFigures
    from newsletter.service.look_ahead import Outlook

Number = Annotated[int, typer.Argument(metavar="N", help="The issue's number.")]
WaitFlag = Annotated[bool, typer.Option("--wait", help="Deliver in this process until every letter is settled.")]

_DOMAINS_SHOWN = 5


def add_commands(issue: typer.Typer) -> None:
    for name, command in (
        ("send", send), ("recall", recall), ("pause", pause), ("resume", resume), ("cancel", cancel),
        ("report", report), ("doubtful", doubtful),
    ):  # fmt: skip
        issue.command(name)(command)


def send(
    number: Number,
    at: Annotated[
        str | None, typer.Option("--at", help="Not before this time (ISO 8601, or HH:MM today, site's zone).")
    ] = None,
    staged: Annotated[
        float | None,
        typer.Option(
            "--staged",
            metavar="SHARE",
            min=0,
            max=0.99,
            help="First to this share of the audience, such as 0.1; else [sending] staged_share.",
        ),
    ] = None,
    segment: Annotated[
        str, typer.Option("--segment", metavar="NAME", help="Only to this saved segment of the subscribers.")
    ] = "",
    wait: WaitFlag = False,
) -> None:
    """Open the mailing of an approved issue; `work`, `run` or --wait delivers it."""
    from newsletter.app import open_app
    from newsletter.domain.audience import SendOrder
    from newsletter.service.open_mailing import open_mailing

    with open_app() as app:
        mailing = open_mailing(
            number,
            database=app.database,
            masthead=app.masthead(),
            sender=app.sender,
            relay_host=app.relay_host,
            launch=app.plan_launch(app.now(), not_before=_read_time(at, app) if at else None, first_share=staged),
            now=app.now(),
            order=SendOrder(segment=segment),
        )
        start = mailing.not_before.astimezone(app.cadence.zone)
        say(f"Issue {number} goes to {name_count(mailing.intended, 'subscriber')}, from {start:%Y-%m-%d %H:%M %Z} on.")
        if mailing.first_share:
            say(f"First to {mailing.first_share:,} of them, drawn by lot; the rest follows {_minutes(mailing)} later.")
        if wait:
            _deliver_and_tell(number, app)
        else:
            say("'newsletter run' or 'newsletter work' delivers it, where one of them is running.")


def recall(number: Number) -> None:
    """Take a mailing back before a letter has left; the issue may be changed and sent again."""
    from newsletter.app import open_app
    from newsletter.service.recall_issue import recall_issue

    with open_app() as app:
        recall_issue(number, database=app.database, now=app.now())
        say(f"Issue {number} is recalled; nobody got it. Its approval stands until the issue is changed.")


def pause(number: Number) -> None:
    """Stop a mailing where it is; letters in flight settle."""
    from newsletter.app import open_app
    from newsletter.service.control_mailing import pause_mailing

    with open_app() as app:
        mailing = pause_mailing(
            _mailing_id(app, number), reason="Paused by hand.", database=app.database, now=app.now()
        )
        say(f"Issue {number} is {mailing.status}: 'newsletter issue resume {number}' continues it.")


def resume(
    number: Number,
    rest: Annotated[bool, typer.Option("--rest", help="Send the rest of a staged mailing now.")] = False,
    wait: WaitFlag = False,
) -> None:
    """Continue a paused mailing, or one whose process died."""
    from newsletter.app import open_app
    from newsletter.service.control_mailing import resume_mailing

    with open_app() as app:
        mailing = resume_mailing(_mailing_id(app, number), database=app.database, now=app.now(), with_rest=rest)
        say(f"Issue {number} is {mailing.status}.")
        if wait:
            _deliver_and_tell(number, app)


def cancel(number: Number) -> None:
    """Stop a mailing for good: what has not left is withheld."""
    from newsletter.app import open_app
    from newsletter.service.control_mailing import cancel_mailing

    with open_app() as app:
        cancel_mailing(_mailing_id(app, number), database=app.database, now=app.now())
        say(f"Issue {number} is cancelled.")


def report(
    number: Number,
    json: JsonFlag = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="Print all figures as CSV that spreadsheets open safely, and nothing else.")
    ] = False,
) -> None:
    """Say who got an issue: the sum that adds up, and what came back."""
    from newsletter.app import open_app
    from newsletter.service.report_in_full import report_in_full, write_report

    with open_app() as app:
        app.recover_letters(app.now())
        if csv:
            write_report(report_in_full(number, database=app.database), sys.stdout)
            return
        _print_report(number, app, json=json)


def doubtful(
    number: Number,
    resend: Annotated[bool, typer.Option("--resend", help="Send the doubtful letters again.")] = False,
    hold: Annotated[bool, typer.Option("--hold", help="Leave them as they are.")] = False,
) -> None:
    """Show the letters that may or may not have arrived, or decide on them."""
    from newsletter.app import open_app
    from newsletter.service.control_mailing import hold_doubtful, resend_doubtful
    from newsletter.service.report_mailing import report_issue

    if resend and hold:
        raise typer.BadParameter("choose --resend or --hold")
    with open_app() as app:
        app.recover_letters(app.now())
        if resend:
            count = resend_doubtful(_mailing_id(app, number), database=app.database, now=app.now())
            say(f"{name_count(count, 'letter')} queued again: 'newsletter issue resume {number} --wait' sends them.")
        elif hold:
            count = hold_doubtful(_mailing_id(app, number), database=app.database, now=app.now())
            say(f"{name_count(count, 'letter')} left as doubtful.")
        else:
            for address in report_issue(number, database=app.database).doubtful:
                say(address)


def _mailing_id(app: App, number: int) -> int:
    from newsletter.service.report_mailing import report_issue

    return report_issue(number, database=app.database).mailing.id


def _minutes(mailing: Mailing) -> str:
    return name_count(round(mailing.hold.total_seconds() / 60), "minute")


def _read_time(text: str, app: App) -> datetime:
    """Read a time of the cadence's zone: ISO 8601, or the next HH:MM."""
    from datetime import datetime, time, timedelta

    zone = app.cadence.zone
    try:
        if len(text) <= len("HH:MM"):
            today = datetime.combine(app.now().astimezone(zone).date(), time.fromisoformat(text), zone)
            return today if today > app.now() else today + timedelta(days=1)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time; write 2026-03-12T09:00 or 09:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _deliver_and_tell(number: int, app: App) -> None:
    """Deliver in this process, or watch the one that does; then print the report. Exit status 1 if it is paused.

    Notices that wait go first, as ever, and those that came to wait meanwhile last.
    """
    from newsletter.cli.progress import show_progress
    from newsletter.domain.mailing import MailingStatus
    from newsletter.engine.embedded import deliver_mailing

    _deliver_notices(app)
    with show_progress(number, app):
        deliver_mailing(app.plant(), _mailing_id(app, number), tell=warn)
    _deliver_notices(app)
    mailing = _print_report(number, app, json=False).mailing
    if mailing.status is MailingStatus.PAUSED:
        warn(f"Issue {number} is paused. Mend the cause, then: newsletter issue resume {number} --wait")
        raise typer.Exit(1)


def _deliver_notices(app: App) -> None:
    from newsletter.cli.server import deliver_waiting_notices
    from newsletter.errors import RelayError

    try:
        tried = deliver_waiting_notices(app)
    except RelayError as error:
        warn(f"Notices to single readers wait: {error}")
        return
    if tried:
        say(f"Notices to single readers: {tried:,}.")


def _print_report(number: int, app: App, *, json: bool) -> MailingReport:
    from newsletter.service.look_ahead import look_ahead
    from newsletter.service.report_mailing import report_issue_by_domain

    mailed, domains = report_issue_by_domain(number, database=app.database)
    ahead = look_ahead(mailed, database=app.database, limits=app.limits, now=app.now())
    if json:
        print_json(_document(mailed, ahead) | {"by_domain": [_describe_domain(each) for each in domains]})
        return mailed
    counts = [f"{count:,} {status.value.replace('_', ' ')}" for status, count in mailed.counts.items() if count]
    say(
        f"Issue {number} is {mailed.mailing.status}: {mailed.mailing.intended:,} intended = {' + '.join(counts) or '0'}"
    )
    if mailed.mailing.pause_reason:
        say(f"Why it is paused: {mailed.mailing.pause_reason}")
    for heading, reasons in (
        ("Withheld", mailed.withheld_reasons),
        ("Rejected", mailed.rejected_reasons),
        ("Bounced", mailed.bounced_reasons),
    ):
        named = [f"{count:,} {name.replace('_', ' ')}" for name, count in reasons.items() if count]
        if named:
            say(f"{heading}: {', '.join(named)}")
    _print_what_came_back(mailed)
    _print_failing(domains)
    if mailed.doubtful_resent:
        say(f"Sent again: {name_count(mailed.doubtful_resent, 'doubtful letter')}")
    if ahead.wait:
        say(f"{ahead.wait.why}; the next letters leave at {ahead.wait.until:%Y-%m-%d %H:%M} UTC.")
    if ahead.expected_end_at:
        say(f"By its limits the last letter leaves at {ahead.expected_end_at:%Y-%m-%d %H:%M} UTC.")
    if mailed.next_try_at:
        say(f"Deferred letters are tried again from {mailed.next_try_at:%Y-%m-%d %H:%M} UTC on.")
    for address in mailed.doubtful:
        say(f"Doubtful: {address}")
    return mailed


def _print_what_came_back(mailed: MailingReport) -> None:
    back = {
        "hard bounce": mailed.bounced_hard,
        "soft bounce": mailed.bounced_soft,
        "complaint": mailed.complaints,
        "unsubscribe": mailed.unsubscribes,
    }
    say(f"Came back: {', '.join(name_count(count, noun) for noun, count in back.items() if count) or 'nothing'}")
    if mailed.resubscribed:
        say(f"Subscribed again: {mailed.resubscribed:,} of those who left")


def _document(mailed: MailingReport, ahead: Outlook) -> dict[str, object]:
    mailing = mailed.mailing
    return {
        "issue": mailing.issue_number,
        "status": mailing.status,
        "intended": mailing.intended,
        **{status.value: count for status, count in mailed.counts.items()},
        "withheld_reasons": mailed.withheld_reasons,
        "rejected_reasons": mailed.rejected_reasons,
        "bounced_reasons": mailed.bounced_reasons,
        "bounced_hard": mailed.bounced_hard,
        "bounced_soft": mailed.bounced_soft,
        "complaints": mailed.complaints,
        "unsubscribes": mailed.unsubscribes,
        "resubscribed": mailed.resubscribed,
        "doubtful_resent": mailed.doubtful_resent,
        "started_at": mailing.started_at,
        "finished_at": mailing.finished_at,
        "pause_reason": mailing.pause_reason,
        "next_try_at": mailed.next_try_at,
        "first_share": mailing.first_share,
        "rest_at": mailing.rest_at,
        "waits_until": ahead.wait.until if ahead.wait else None,
        "waits_because": ahead.wait.why if ahead.wait else None,
        "expected_end_at": ahead.expected_end_at,
    }


def _print_failing(domains: list[DomainFigures]) -> None:
    for each in [each for each in domains if each.failed][:_DOMAINS_SHOWN]:
        why = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in each.reasons.most_common())
        say(f"Failed at {each.domain or 'other domains'}: {each.failed:,} of {each.intended:,} ({why})")


def _describe_domain(figures: DomainFigures) -> dict[str, object]:
    from newsletter.domain.bounce import BounceKind
    from newsletter.domain.mailing import DeliveryStatus

    return {
        "domain": figures.domain,
        "intended": figures.intended,
        **{status.value: figures.counts[status] for status in DeliveryStatus},
        "bounced_hard": figures.came_back[BounceKind.HARD],
        "bounced_soft": figures.came_back[BounceKind.SOFT],
        "complaints": figures.came_back[BounceKind.COMPLAINT],
        "reasons": figures.reasons,
    }
