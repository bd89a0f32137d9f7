"""Sample values with defaults: a test names only what matters to it. All people and places are invented."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from newsletter.domain.article import Announcement, AnnouncementKind, StoredAnnouncement
from newsletter.domain.issue import Issue, Masthead, Publisher, Teaser
from newsletter.domain.partner import PartnerLink
from newsletter.domain.picture import Picture

SITE = "https://review.example"


def a_masthead(*, base_url: str = SITE, language: str = "en", blurb: str | None = None) -> Masthead:
    return Masthead(
        name="The Meridian Review",
        base_url=base_url,
        postal_address="The Meridian Review\n12 Harbour Lane, Port Alder 4010",
        language=language,
        publishers=(
            Publisher(name="Institute for Strait Studies", url="https://strait-studies.example/"),
            Publisher(name="Alder School of Public Affairs", url="https://alder.example/affairs"),
        ),
        blurb="The Meridian Review is a journal of politics and trade around the Velmar Strait. It appears every "
        "second Thursday and is free to read."
        if blurb is None
        else blurb,
    )


def a_picture(*, digest: str = "0123456789abcdef" * 2, width: int = 1056, height: int = 704) -> Picture:
    return Picture(digest=digest, suffix="jpg", width=width, height=height)


def a_teaser(  # noqa: PLR0913  # one field, one parameter
    *,
    article_id: int = 1,
    headline: str = "The Ferry That Outlived Three Treaties",
    text: str = "Every agreement on the Velmar Strait has failed within a decade. The night ferry between Port Alder "
    "and Suldan has sailed through all of them, and what its captains do by habit says more about order at sea than "
    "what ministers have signed.",
    url: str | None = None,
    authors: Sequence[str] = ("Aino Salo", "Tomas Brandt"),
    kicker: str = "Strait politics",
    reading_minutes: int = 9,
    image_url: str | None = None,
    image_size: tuple[int, int] = (1056, 704),
    image_alt: str = "",
    image_credit: str = "",
    reason: str = "",
) -> Teaser:
    return Teaser(
        article_id=article_id,
        headline=headline,
        text=text,
        url=f"{SITE}/articles/{article_id}" if url is None else url,
        authors=tuple(authors),
        kicker=kicker,
        reading_minutes=reading_minutes,
        image_url=image_url,
        image_width=image_size[0] if image_url else 0,
        image_height=image_size[1] if image_url else 0,
        image_alt=image_alt,
        image_credit=image_credit,
        reason=reason,
    )


def an_event(
    *,
    title: str = "Who Keeps the Lights? A Conversation on the Strait’s Lighthouses",
    text: str = "Two harbour masters and a historian on what is lost when the last keeper leaves.",
    url: str | None = f"{SITE}/events/lighthouses",
    starts_at: datetime = datetime(2026, 12, 10, 16, 0, tzinfo=UTC),
    ends_at: datetime | None = datetime(2026, 12, 10, 17, 30, tzinfo=UTC),
    timezone: str | None = "Europe/Helsinki",
    place: str = "Customs House, Port Alder, and online",
) -> Announcement:
    return Announcement(
        kind=AnnouncementKind.EVENT,
        title=title,
        text=text,
        url=url,
        starts_at=starts_at,
        ends_at=ends_at,
        timezone=timezone,
        place=place,
    )


def a_news_item(
    *,
    title: str = "The Brandt Prize Goes to an Atlas of Small Harbours",
    text: str = "The jury praised its four hundred hand-drawn charts.",
    url: str | None = f"{SITE}/news/brandt-prize",
) -> Announcement:
    return Announcement(kind=AnnouncementKind.NEWS, title=title, text=text, url=url)


def a_partner(
    *, name: str = "Suldan Quarterly", url: str | None = "https://suldan.example/", text: str = "Letters and essays"
) -> PartnerLink:
    return PartnerLink(name=name, url=url, text=text)


def an_issue(  # noqa: PLR0913  # one field, one parameter
    *,
    number: int = 42,
    day: date = date(2026, 12, 3),
    subject: str = "The Ferry That Outlived Three Treaties",
    preheader: str = "Also: who pays for the mountain railway, a harvest without a port, and an election by post",
    note: str = "",
    masthead: Masthead | None = None,
    lead: Teaser | None = None,
    features: Sequence[Teaser] = (),
    events: Sequence[Announcement] = (),
    news: Sequence[Announcement] = (),
    earlier: Sequence[Teaser] = (),
    partners: Sequence[PartnerLink] = (),
) -> Issue:
    return Issue(
        number=number,
        date=day,
        subject=subject,
        preheader=preheader,
        note=note,
        masthead=masthead or a_masthead(),
        lead=lead,
        features=tuple(features),
        events=_store(events, first=1),
        news=_store(news, first=101),
        earlier=tuple(earlier),
        partners=tuple(partners),
    )


def _store(announcements: Sequence[Announcement], *, first: int) -> tuple[StoredAnnouncement, ...]:
    """Give announcements ids, as the store would."""
    return tuple(
        StoredAnnouncement(id=number, announcement=announcement, stored_at=datetime(2026, 11, 20, tzinfo=UTC))
        for number, announcement in enumerate(announcements, start=first)
    )


def the_sample_issue() -> Issue:
    """Return a full issue: a lead, three features, three announcements, four earlier articles, four partners."""
    return an_issue(
        note="Winter timetables are out, and with them the question of who may cross the strait at night. This issue "
        "looks at the people who keep things moving while the negotiators rest.",
        lead=a_teaser(
            image_url=f"{SITE}/images/ferry.png",
            image_alt="A white ferry crosses a calm strait before blue hills at dusk",
            image_credit="Ilse Maren, CC BY 4.0",
        ),
        features=(
            a_teaser(
                article_id=2,
                kicker="Infrastructure",
                headline="Who Pays for the Mountain Railway?",
                text="The line over the Tarn Pass was meant to make three capitals neighbours. Its bonds fall due in "
                "spring, and each of them has found a reason why the others should pay.",
                authors=("Leyla Osmanli",),
                reading_minutes=7,
                image_url=f"{SITE}/images/railway.png",
                image_alt="A viaduct with a short red train in front of snowy peaks",
            ),
            a_teaser(
                article_id=3,
                kicker="Trade",
                headline="A Record Harvest Without a Port",
                text="Silos in the Lower Veld are full and the river is low. Farmers have begun to sell to the east, "
                "by road, at a price that nobody wants to name.",
                authors=("Piotr Halden", "Nene Okafor", "Aino Salo"),
                reading_minutes=6,
                image_url=f"{SITE}/images/harvest.png",
                image_alt="Three grain silos beside a field of wheat",
            ),
            a_teaser(
                article_id=4,
                kicker="Elections",
                headline="The Island That Votes by Post",
                text="Half of Kessary’s voters live abroad. A court will now decide whether their ballots count on "
                "the day they are written or on the day they arrive.",
                authors=("Mirela Dance",),
                reading_minutes=5,
                image_url=f"{SITE}/images/island.png",
                image_alt="A lighthouse on a small island with a sail passing",
            ),
        ),
        events=(
            an_event(),
            an_event(
                title="Reading a Budget: A Workshop for Reporters",
                text="Bring a municipal budget of your own. Places are limited to twenty.",
                url=f"{SITE}/events/budgets",
                starts_at=datetime(2026, 12, 15, 8, 0, tzinfo=UTC),
                ends_at=datetime(2026, 12, 15, 15, 0, tzinfo=UTC),
                place="Alder School of Public Affairs, room 3",
            ),
        ),
        news=(a_news_item(),),
        earlier=(
            a_teaser(
                article_id=31,
                headline="What the Pilots Knew",
                authors=("Tomas Brandt",),
                reason="also on the Velmar Strait, issue 39",
            ),
            a_teaser(
                article_id=27,
                headline="Three Ways to Refinance a Mountain",
                authors=("Leyla Osmanli",),
                reason="also on the Tarn railway, issue 37",
            ),
            a_teaser(
                article_id=22,
                headline="The Price of a Dry River",
                authors=("Nene Okafor",),
                reason="also on grain, issue 36",
            ),
            a_teaser(
                article_id=18,
                headline="Counting Slowly: Notes From a Recount",
                authors=("Mirela Dance",),
                reason="also on elections, issue 34",
            ),
        ),
        partners=(
            a_partner(),
            a_partner(name="The Tarn Observer", url="https://tarn-observer.example/", text="News from the passes"),
            a_partner(name="Harbour Law Forum", url="https://harbour-law.example/", text="Cases and comment"),
            a_partner(name="Veld Data Room", url="https://veld-data.example/", text="Figures on water and grain"),
        ),
    )
