"""Write a notice: its words, its one link, and its letter."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from newsletter.domain.issue import Masthead
from newsletter.domain.letter import Letter, Sender
from newsletter.domain.notice import Notice, NoticeKind
from newsletter.domain.token import (
    ChangeToken,
    ConfirmToken,
    DataToken,
    EditorToken,
    KeyRing,
    Purpose,
    ReaderToken,
)
from newsletter.mail.notice_letter import compose_notice
from newsletter.render.notice import render_notice

#: The page that a notice's link leads to, and what its token is for.
_PAGES = {
    NoticeKind.KNOWN: ("preferences", Purpose.PREFERENCES),
    NoticeKind.WELCOME: ("preferences", Purpose.PREFERENCES),
    NoticeKind.GOODBYE: ("return", Purpose.RETURN),
}
#: The same of those about a change of address, whose token names the change.
_CHANGES = {
    NoticeKind.NEW_ADDRESS: ("move", Purpose.CHANGE_ADDRESS),
    NoticeKind.LEAVING_ADDRESS: ("keep", Purpose.KEEP_ADDRESS),
}
_TO_SUBSCRIBERS = {NoticeKind.KNOWN, NoticeKind.WELCOME}


def write_notice(
    notice: Notice, *, masthead: Masthead, sender: Sender, keys: KeyRing, theme: Path | None, now: datetime
) -> Letter:
    """Return the letter of a notice to a reader or editor; files of ``theme`` replace those of templates/notice."""
    reader = ReaderToken(notice.public_id, notice.mailing)
    leaves = notice.kind in _TO_SUBSCRIBERS
    rendered = render_notice(
        notice.kind,
        masthead=masthead,
        action_url=f"{sender.base_url}/{_link(notice, reader, keys)}",
        unsubscribe_url=f"{sender.base_url}/unsubscribe/{reader.sign(Purpose.UNSUBSCRIBE, keys)}" if leaves else "",
        latest_url=f"{sender.base_url}/issues/{notice.issue}" if notice.issue else "",
        name=notice.name,
        language=notice.language,
        templates=theme,
    )
    return compose_notice(
        notice,
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        sender=sender,
        keys=keys,
        now=now,
    )


def invitation_path(invitation: EditorToken, keys: KeyRing) -> str:
    """Return where an invitation leads, below the site's address."""
    return f"desk/invitation/{invitation.sign(Purpose.INVITATION, keys)}"


def _link(notice: Notice, reader: ReaderToken, keys: KeyRing) -> str:
    if notice.kind is NoticeKind.CONFIRM:
        return f"confirm/{ConfirmToken(notice.public_id, notice.requested_at or notice.queued_at).sign(keys)}"
    if notice.kind is NoticeKind.DATA:
        return f"data/{DataToken(notice.public_id, notice.requested_at or notice.queued_at).sign(keys)}"
    if notice.kind is NoticeKind.INVITATION:
        return invitation_path(EditorToken(notice.editor, notice.invited_at or notice.queued_at), keys)
    if notice.kind in _CHANGES:
        page, purpose = _CHANGES[notice.kind]
        return f"{page}/{ChangeToken(notice.public_id, notice.change).sign(purpose, keys)}"
    page, purpose = _PAGES[notice.kind]
    return f"{page}/{reader.sign(purpose, keys)}"
