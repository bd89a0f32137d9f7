"""What letters say by themselves: in English here, in other languages by the catalogues of templates/locale.

Each message has a key, such as ``words.events``: catalogues carry it as context (msgctxt), and the theme may write
other words under it. ``{number}``, ``{name}`` and their like stand for what they name.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from newsletter.domain.notice import NoticeKind
from newsletter.errors import ConfigurationError


class Words(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The labels of an issue. A tuple holds the forms of a plural, in the order of the language's gettext rule."""

    edition: Annotated[str, Meta(description="Below the journal's name, beside the date.")] = "Issue {number}"
    view_online: Annotated[str, Meta(description="A link.")] = "Read this issue on the web"
    contents: Annotated[str, Meta(description="Heading of the table of contents.")] = "In this issue"
    byline: Annotated[str, Meta(description="Authors are a list of names, written as the language does.")] = (
        "By {authors}"
    )
    minutes: Annotated[
        tuple[str, ...], Meta(description="How long an article takes to read. Spaces do not break.", min_length=1)
    ] = ("{minutes}\u00a0min\u00a0read", "{minutes}\u00a0min\u00a0read")
    image_credit: Annotated[str, Meta(description="Below a picture: author, licence, source.")] = "Image: {credit}"
    events: Annotated[str, Meta(description="Heading of the section.")] = "Events"
    event: Annotated[str, Meta(description="In the table of contents, before an event's title.")] = "Event"
    calendar: Annotated[str, Meta(description="A link to the event as a calendar entry.")] = "Add to calendar: {title}"
    news: Annotated[str, Meta(description="Heading of the section.")] = "News"
    news_item: Annotated[str, Meta(description="In the table of contents, before a news item's title.")] = "News"
    earlier: Annotated[str, Meta(description="Heading of the section.")] = "Earlier articles"
    also_on: Annotated[str, Meta(description="Why an earlier article is shown again.")] = (
        "also on {tag}, issue {number}"
    )
    earlier_issue: Annotated[str, Meta(description="Where an earlier article appeared.")] = "issue {number}"
    partners: Annotated[str, Meta(description="Heading of the partners' links.")] = "Visit also"
    partners_note: Annotated[str, Meta(description="Says what these links are.")] = "Links to partners of the journal"
    publishers: Annotated[str, Meta(description="Before the publishers' names.")] = "Published by"
    reason: Annotated[str, Meta(description="In the footer.")] = (
        "You receive this letter because you subscribed to {name}."
    )
    unsubscribe: Annotated[str, Meta(description="A link.")] = "Unsubscribe"
    preferences: Annotated[str, Meta(description="A link.")] = "Change what you receive"
    archive: Annotated[str, Meta(description="A link.")] = "All issues"
    greeting: Annotated[str, Meta(description="In a letter to one person.")] = "Dear {name},"


class NoticeWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a notice of one kind says; ``{name}`` stands for the journal's name."""

    subject: Annotated[str, Meta(description="Subject of the letter.")]
    text: Annotated[str, Meta(description="Paragraphs are parted by a blank line.")]
    action: Annotated[str, Meta(description="What the letter's one link does.")]
    latest: Annotated[str, Meta(description="A link to the latest issue.")] = ""
    closing: Annotated[str, Meta(description="Below the links.")]


_CONFIRM = NoticeWords(
    subject="Please confirm your subscription to {name}",
    text="Somebody, we hope it was you, asked us to send {name} to this address. Nothing is sent before you confirm.",
    action="Confirm the subscription",
    closing="If it was not you, leave this letter alone: without a confirmation we forget the request.",
)
_KNOWN = NoticeWords(
    subject="You receive {name} already",
    text="Somebody, perhaps you, asked us to send {name} to this address. It is sent there already, "
    "so nothing changes.",
    action="Choose what you receive",
    closing="If issues do not arrive, please look among your spam, or answer this letter.",
)
_WELCOME = NoticeWords(
    subject="Welcome to {name}",
    text="Thank you for confirming. The next issue of {name} will reach you at this address.",
    action="Choose what you receive",
    latest="Read the latest issue now",
    closing="You can leave at any time; every issue carries a link for it, and so does this letter.",
)
_GOODBYE = NoticeWords(
    subject="You have left {name}",
    text="As you asked, {name} is no longer sent to this address.",
    action="Come back to {name}",
    closing="If it was not you who asked, the link above undoes it.",
)

_INVITATION = NoticeWords(
    subject="Your invitation to the desk of {name}",
    text="You are invited to work on {name}. The link below leads to a page where you choose your password. "
    "It works once, and for seven days.",
    action="Choose your password",
    closing="If you do not know what this is about, leave this letter alone: nothing happens without you.",
)


_NEW_ADDRESS = NoticeWords(
    subject="Please confirm your new address for {name}",
    text="Somebody, we hope it was you, asked us to send {name} to this address, in place of an earlier one. Nothing "
    "changes before you confirm.",
    action="Use this address",
    closing="If it was not you, leave this letter alone: without a confirmation nothing changes.",
)
_LEAVING_ADDRESS = NoticeWords(
    subject="Is {name} to go to another address?",
    text="Somebody, we hope it was you, asked us to send {name} to another address in place of this one. That happens "
    "once the other address confirms it.",
    action="This was not me: keep my address",
    closing="If it was you, there is nothing to do here. The link works for thirty days, and undoes the change too.",
)
_DATA = NoticeWords(
    subject="Your data at {name}",
    text="Somebody, we hope it was you, asked to see what {name} has stored about this address. The link below shows "
    "everything, and lets you download or delete it. It works for one day.",
    action="See my data",
    closing="If it was not you, leave this letter alone: nobody else sees anything.",
)


class Notices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The letters to one person, by kind."""

    confirm: NoticeWords = _CONFIRM
    known: NoticeWords = _KNOWN
    welcome: NoticeWords = _WELCOME
    goodbye: NoticeWords = _GOODBYE
    new_address: NoticeWords = _NEW_ADDRESS
    leaving_address: NoticeWords = _LEAVING_ADDRESS
    data: NoticeWords = _DATA
    invitation: NoticeWords = _INVITATION

    def of(self, kind: NoticeKind) -> NoticeWords:
        words: NoticeWords = getattr(self, kind.value)
        return words


class Lexicon(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it."""

    words: Words = Words()
    notices: Notices = Notices()


def fill_words(words: str, **values: object) -> str:
    """Put ``values`` where ``words`` name them. Raises ConfigurationError if they name anything else."""
    try:
        return words.format(**values)
    except (LookupError, ValueError, AttributeError) as error:
        known = ", ".join(f"{{{name}}}" for name in values)
        raise ConfigurationError(f"The theme says {words!r}, where only {known} can be filled in.") from error
