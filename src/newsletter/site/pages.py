"""What each page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from newsletter.domain.address import EmailAddress
from newsletter.domain.article import StoredArticle, cut_teaser
from newsletter.domain.issue import Masthead, PublishedIssue
from newsletter.domain.leaving import LeavingCause
from newsletter.domain.person import PersonalRecord
from newsletter.domain.topic import Topic
from newsletter.render.language import Language
from newsletter.web.article_page import SUMMARY, join_names
from newsletter.web.pages import long_date


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivePage:
    """The list of all issues."""

    masthead: Masthead
    #: the latest first
    issues: tuple[PublishedIssue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPage:
    masthead: Masthead
    form: SignUpForm
    #: the latest first
    issues: tuple[PublishedIssue, ...]
    #: there are more than these
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpForm:
    #: tells when the form was given out
    stamp: str
    choices: tuple[TopicChoice, ...]
    #: what the reader agrees to
    consent: str
    email: str = ""
    name: str = ""
    #: among which one may be chosen: tags, and their names; empty where there is nothing to choose
    languages: Mapping[str, str] = field(default_factory=dict)
    #: the chosen one's tag; "" for the site's own
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpPage:
    masthead: Masthead
    form: SignUpForm
    #: a sentence on why the form is shown again
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPage:
    masthead: Masthead
    #: "open", "confirmed" or "expired"
    standing: str
    #: where the reader's own choices are, once there is a reader
    preferences_path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One article that a search has found."""

    id: int
    headline: str
    byline: str
    date: date
    teaser: str

    @classmethod
    def of(cls, stored: StoredArticle) -> Found:
        article = stored.article
        return cls(
            id=stored.id,
            headline=article.headline,
            byline=join_names(article.authors),
            date=(article.published_at or stored.imported_at).date(),
            teaser=cut_teaser(article.standfirst, limit=SUMMARY),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    masthead: Masthead
    #: "" where nothing was asked for yet
    query: str
    #: the best one first
    found: tuple[Found, ...]
    #: there may be more than these
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    masthead: Masthead
    #: the latest first
    issues: tuple[PublishedIssue, ...]
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawnPage:
    masthead: Masthead
    #: the number of an issue that cannot be shown any more; None for an article
    issue: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderPage:
    """A page behind a link of one's own: leave, come back."""

    masthead: Masthead
    #: see ``mask``; "" where nothing is stored any more
    address: str = ""
    #: what the button, or the one-click request, is about has been done
    is_done: bool = False
    #: the link is a test letter's, and changes nobody
    is_test: bool = False
    #: where a reader who has left may say why; "" where that was done
    reason_path: str = ""
    #: why the form is shown again
    message: str = ""

    @property
    def causes(self) -> tuple[tuple[str, str], ...]:
        """What may be chosen: names, and how they are put."""
        return tuple((cause.value, words) for cause, words in _CAUSES.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """Where a reader asks for another address."""

    masthead: Masthead
    #: the one that letters go to; see ``mask``
    address: str
    is_subscribed: bool
    is_test: bool
    #: the page of preferences
    back: str
    #: what was typed
    email: str = ""
    #: why the form is shown again
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePage:
    """Behind the links of the letters to the new address and to the old one."""

    masthead: Masthead
    #: "open", "done" or "expired"
    fate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPage:
    """What is stored about a reader, behind a link that the reader's own mailbox has got."""

    masthead: Masthead
    record: PersonalRecord
    path: str

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """The heads of it; the file has all."""
        record, person = self.record, self.record.subscriber
        stated = (
            (
                ("Name", person.name or "none"),
                ("Status", person.status.value),
                ("Topics", ", ".join(person.topics.names)),
                ("Language", Language(person.language).own_name if person.language else "none stated"),
                ("Since", long_date(person.created_at.date())),
            )
            if person
            else ()
        )
        counts = {
            "Consents": len(record.consents),
            "Letters": len(record.deliveries),
            "Notices": len(record.notices),
            "Reports about letters": len(record.bounces),
        }
        return (*stated, *((name, str(count)) for name, count in counts.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicChoice:
    name: str
    title: str
    meaning: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesPage:
    masthead: Masthead
    address: str
    choices: tuple[TopicChoice, ...]
    is_text_only: bool
    name: str
    languages: Mapping[str, str]
    language: str
    #: as the field has it: a date by ISO 8601, or what was typed
    pause: str
    #: the days that a pause may end on
    first_day: date
    last_day: date
    #: the end of the pause that stands
    paused_until: date | None
    unsubscribe_path: str
    #: of the page itself
    own_path: str
    is_subscribed: bool
    #: the link is a test letter's, and changes nobody
    is_test: bool = False
    #: a sentence on what was done, or why not
    message: str = ""
    is_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinklessPage:
    """Where links of the published issue lead that in a letter are the reader's own."""

    masthead: Masthead
    #: "unsubscribe" or "change what you receive"
    act: str


#: The words of the consent; the log keeps a mark of them.
CONSENT = "I would like to receive {name} by email. I can leave at any time, by a link in every letter."

_CAUSES = {
    LeavingCause.TOO_MANY: "Too many letters",
    LeavingCause.NOT_FOR_ME: "Not what I look for",
    LeavingCause.READ_ELSEWHERE: "I read it on the web",
    LeavingCause.HARD_TO_READ: "The letters are hard to read",
    LeavingCause.NEVER_ASKED: "I never asked for it",
    LeavingCause.OTHER: "Something else",
}

_TOPICS = {
    Topic.ARTICLES: ("Articles", "The feature articles of each issue, and earlier ones worth another look."),
    Topic.EVENTS: ("Events", "Lectures, seminars and conferences, with date and place."),
    Topic.NEWS: ("News", "Announcements and publications."),
}


def describe_topics(chosen: Topic) -> tuple[TopicChoice, ...]:
    return tuple(
        TopicChoice(name=topic.label, title=title, meaning=meaning, is_chosen=topic in chosen)
        for topic, (title, meaning) in _TOPICS.items()
    )


def read_language(data: Mapping[str, str], languages: Mapping[str, str]) -> str:
    """Return the language that a form names, "" where it is none of those that may be chosen."""
    chosen = data.get("language", "")
    return chosen if chosen in languages else ""


def mask(address: EmailAddress) -> str:
    """Show enough of an address for its owner to know it, and not enough for whoever a letter was forwarded to."""
    return f"{address.text[0]}…@{address.domain}"
