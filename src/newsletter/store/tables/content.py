"""What is published from: articles, announcements, partner links, pictures."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from newsletter.domain.article import AnnouncementKind
from newsletter.store.tables.schema import Moment, identity, metadata, one_of

articles = Table(
    "articles",
    metadata,
    identity(),
    Column("url", Text, unique=True),
    Column("headline", Text, nullable=False),
    Column("needs_headline", Boolean, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("standfirst", Text, nullable=False),
    Column("sections", JSON, nullable=False),
    Column("body_html", Text),
    Column("image", JSON),
    Column("credit", Text, nullable=False),
    Column("biography", Text, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("published_at", Moment, nullable=False, index=True),
    Column("dated_by_import", Boolean, nullable=False),
    # What editors wrote over the source: names of fields, what the source last said there, and what of it is new.
    Column("edited", JSON, nullable=False),
    Column("sourced", JSON, nullable=False),
    Column("proposed", JSON, nullable=False),
    Column("imported_at", Moment, nullable=False),
    Column("retracted_at", Moment),
)

announcements = Table(
    "announcements",
    metadata,
    identity(),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("url", Text),
    Column("starts_at", Moment),
    Column("ends_at", Moment),
    Column("timezone", Text),
    Column("place", Text, nullable=False),
    Column("show_from", Moment),
    Column("show_until", Moment),
    Column("stored_at", Moment, nullable=False),
    Column("retracted_at", Moment),
    one_of("kind", AnnouncementKind),
    CheckConstraint("kind <> 'event' OR starts_at IS NOT NULL", name="event_starts"),
)

partner_links = Table(
    "partner_links",
    metadata,
    identity(),
    Column("name", Text, nullable=False, unique=True),
    Column("url", Text),
    Column("text", Text, nullable=False),
    Column("logo", Text),
    # BCP 47, of the name, where it is not that of the site.
    Column("language", Text, nullable=False, server_default=""),
    Column("weight", Integer, nullable=False),
    Column("window_from", Moment),
    Column("window_until", Moment),
    Column("retired_at", Moment),
    CheckConstraint("weight >= 1", name="weight"),
)

# Pictures that the site serves, made fit for letters; small enough to live here, where every machine finds them.
pictures = Table(
    "pictures",
    metadata,
    Column("digest", String(32), primary_key=True),
    Column("suffix", String(3), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("stored_at", Moment, nullable=False),
    CheckConstraint("suffix = 'jpg' OR suffix = 'png'", name="suffix"),
)

# Where each was taken from: the address in an article, a logo's file.
picture_sources = Table(
    "picture_sources",
    metadata,
    Column("source", Text, primary_key=True),
    Column("digest", String(32), ForeignKey("pictures.digest"), nullable=False, index=True),
    Column("fetched_at", Moment, nullable=False),
)

# Files and pages as editors handed them in, between the look at them and the import; gone a day later.
handed_in = Table(
    "handed_in",
    metadata,
    identity(),
    # What was handed in together, by a name that nobody can guess.
    Column("tray", String(32), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False, index=True),
)

# Names that stand under no article any more, wherever readers look.
withdrawn_bylines = Table(
    "withdrawn_bylines",
    metadata,
    Column("name", Text, primary_key=True),
    Column("withdrawn_at", Moment, nullable=False),
)

# What a published page says about the newsletter itself, such as its blurb; the configuration's own words win.
site_texts = Table(
    "site_texts",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("text", Text, nullable=False),
)
