"""newsletter.toml: every key, its default and its meaning.

``config/newsletter.example.toml`` and ``docs/settings.md`` are generated from the descriptions here.
"""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Literal

from msgspec import Meta, Struct

from newsletter.domain.issue import Publisher
from newsletter.domain.mailing import DoubtfulPolicy
from newsletter.errors import ConfigurationError

#: The one section that there may be several of.
RELAYS = "relays"


class Site(Struct, frozen=True, kw_only=True):
    """Who publishes, and where readers find it."""

    name: Annotated[str, Meta(description="The newsletter's name, in masthead and sender.")] = "The Newsletter"
    base_url: Annotated[str, Meta(description="Where readers reach the site; every link begins with it.")] = (
        "http://localhost:8080"
    )
    postal_address: Annotated[
        str, Meta(description="The publisher's postal address; the law wants it in each issue.")
    ] = ""
    language: Annotated[str, Meta(description="Language of the issue (BCP 47).")] = "en"
    languages: Annotated[
        tuple[str, ...],
        Meta(description="Languages among which readers may say what they prefer; none: they are not asked."),
    ] = ()
    publishers: Annotated[
        tuple[Publisher, ...], Meta(description="Publishers: {name, url, logo, language}, in the order of the footer.")
    ] = ()
    blurb: Annotated[
        str, Meta(description="What the journal is, in a few sentences; else the imported page's own.")
    ] = ""
    editors_address: Annotated[
        str, Meta(description="Where readers' replies and reminders go; else mail.reply_to.")
    ] = ""
    sign_ups_per_network_per_hour: Annotated[
        int, Meta(ge=1, description="Sign-ups that the site takes an hour from the addresses of one network.")
    ] = 20
    sign_ups_per_hour: Annotated[
        int, Meta(ge=1, description="Sign-ups that it takes an hour in all; beyond it nobody is let in for a while.")
    ] = 300


class DatabaseSection(Struct, frozen=True, kw_only=True):
    """Where everything is stored."""

    url: Annotated[str, Meta(description="sqlite:///FILE or postgresql://USER@HOST/NAME.")] = "sqlite:///newsletter.db"


class EngineSection(Struct, frozen=True, kw_only=True):
    """Who hands batches of letters out to workers."""

    kind: Annotated[
        Literal["embedded", "procrastinate"],
        Meta(
            description='"embedded": workers look into the database; "procrastinate": jobs call them, on Postgres and '
            "with newsletter[postgres] installed. Run 'newsletter migrate' after a change."
        ),
    ] = "embedded"


class CadenceSection(Struct, frozen=True, kw_only=True):
    """When issues are due, and how they are numbered."""

    first: Annotated[date, Meta(description="Date of the first slot; all others are counted from it.")] = date(
        2026, 1, 1
    )
    weeks: Annotated[int, Meta(ge=1, description="Weeks from one slot to the next.")] = 2
    at: Annotated[str, Meta(description="Local time of day of a slot.", pattern=r"^\d\d:\d\d$")] = "09:00"
    timezone: Annotated[str, Meta(description="IANA zone of that time, such as Europe/Stockholm.")] = "UTC"
    first_number: Annotated[int, Meta(ge=0, description="Number of the first issue.")] = 1
    mode: Annotated[
        Literal["draft", "send"],
        Meta(description='"draft": the scheduler stops at the draft; "send": it sends what is approved by then.'),
    ] = "draft"

    @property
    def at_time(self) -> time:
        try:
            return time.fromisoformat(self.at)
        except ValueError as error:
            raise ConfigurationError(f"[cadence] at: {self.at!r} is no time of day; write it as 09:00.") from error


class Smtp(Struct, frozen=True, kw_only=True):
    """The relay that letters are handed to."""

    host: Annotated[str, Meta(description="The relay's host name.")] = "localhost"
    port: Annotated[int, Meta(ge=1, le=65535, description="Its port.")] = 25
    security: Annotated[
        Literal["none", "starttls", "tls"], Meta(description="none, starttls (usually port 587) or tls (465).")
    ] = "none"
    auth: Annotated[Literal["none", "password", "xoauth2"], Meta(description="How to sign in at the relay.")] = "none"
    username: Annotated[str, Meta(description="User name at the relay.")] = ""
    password: Annotated[str, Meta(description="Password at the relay; better in password_file.")] = ""
    password_file: Annotated[str, Meta(description="File that holds the password.")] = ""
    oauth_token_command: Annotated[
        str, Meta(description="For xoauth2: a command that prints an access token; else by oauth_token_url.")
    ] = ""
    oauth_token_url: Annotated[str, Meta(description="Where access tokens are asked for (RFC 6749).")] = ""
    oauth_client_id: Annotated[str, Meta(description="The client's id there.")] = ""
    oauth_client_secret: Annotated[
        str, Meta(description="The client's secret, if it has one; better in oauth_client_secret_file.")
    ] = ""
    oauth_client_secret_file: Annotated[str, Meta(description="File that holds the client's secret.")] = ""
    oauth_refresh_token_file: Annotated[
        str,
        Meta(description="File with the refresh token, rewritten when it changes; without it the client's own grant."),
    ] = ""
    oauth_scope: Annotated[str, Meta(description="Scope to ask for, where the server wants one.")] = ""
    connections: Annotated[int, Meta(ge=1, le=200, description="Connections at the same time.")] = 4
    messages_per_second: Annotated[float, Meta(ge=0, description="At most so many letters a second; 0: no limit.")] = 0
    messages_per_hour: Annotated[
        int, Meta(ge=0, description="At most so many in any hour, notices included; 0: no limit.")
    ] = 0
    messages_per_day: Annotated[int, Meta(ge=0, description="At most so many in any 24 hours; 0: no limit.")] = 0
    per_domain_per_second: Annotated[
        float, Meta(ge=0, description="At most so many a second to one recipient domain; 0: no limit.")
    ] = 0
    warm_up_letters: Annotated[
        int,
        Meta(ge=0, description="A new sender begins with so many letters of mailings in 24 hours …; 0: no warm-up."),
    ] = 0
    warm_up_first: Annotated[date, Meta(description="… on this day (UTC) …")] = date(2026, 1, 1)
    warm_up_growth: Annotated[
        float,
        Meta(ge=1.05, le=10, description="… and on each day after it may send so many times as many. The rest waits."),
    ] = 1.5
    weight: Annotated[
        float,
        Meta(
            ge=0,
            description="Its share of letters beside those of [[relays]]; 0: none while another relay takes letters. "
            "One that is slower than its share holds the others up.",
        ),
    ] = 1
    timeout_seconds: Annotated[float, Meta(gt=0, description="How long to wait for the relay's answer.")] = 60
    final_timeout_seconds: Annotated[
        float,
        Meta(
            gt=0, description="The same for a whole letter: a relay may look at it for long, and has it if we give up."
        ),
    ] = 600
    outbox: Annotated[
        str, Meta(description="A folder that letters are written to in place of a relay, for trials.")
    ] = ""


class RelaySection(Smtp, frozen=True, kw_only=True):
    """A further relay for mailings, with every key of [smtp] for itself; notices leave by [smtp] alone."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9-]{1,30}$", description="Its name in reports and log, unlike any other; never change it."
        ),
    ]


class Mail(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Sender and return path."""

    from_: Annotated[str, Meta(description="The sender's address, real and answerable.")] = ""
    reply_to: Annotated[str, Meta(description="Where answers go; else the sender's address.")] = ""
    bounce_domain: Annotated[str, Meta(description="Domain of the envelope senders; else that of mail.from.")] = ""
    bounce_address: Annotated[
        str, Meta(description='"bounces+{token}@…", or one fixed address; else b+{token}@ the bounce domain.')
    ] = ""
    list_id: Annotated[str, Meta(description="List-Id; else derived from the site's name and host.")] = ""
    feedback_id: Annotated[str, Meta(description="Feedback-ID's sender part, 5 to 15 characters; else derived.")] = ""


class Sending(Struct, frozen=True, kw_only=True):
    """How a mailing behaves."""

    doubtful: Annotated[
        DoubtfulPolicy, Meta(description="Letters that may or may not have arrived: resend, hold, or ask an editor.")
    ] = DoubtfulPolicy.RESEND
    recall_minutes: Annotated[int, Meta(ge=0, description="Minutes between send and the first letter; 0: none.")] = 0
    staged_share: Annotated[
        float,
        Meta(ge=0, lt=1, description="This share of the audience gets the issue first, such as 0.1; 0: all at once."),
    ] = 0
    staged_minutes: Annotated[int, Meta(ge=0, description="Minutes from the first share's end to the rest.")] = 60
    staged_rejected_percent: Annotated[
        float, Meta(ge=0, le=100, description="Hold the rest when more of the first share failed, in a hundred.")
    ] = 5
    pause_rejected_percent: Annotated[
        float, Meta(ge=0, le=100, description="Pause when so many in a hundred are rejected or come back for good …")
    ] = 5
    pause_rejected_outcomes: Annotated[int, Meta(ge=1, description="… of at least so many outcomes …")] = 200
    pause_rejected_minimum: Annotated[int, Meta(ge=1, description="… and at least so many such letters.")] = 10
    pause_complaints_percent: Annotated[
        float, Meta(ge=0, le=100, description="Pause when so many in a hundred are called spam by their readers …")
    ] = 0.1
    pause_complaints_minimum: Annotated[int, Meta(ge=1, description="… and at least so many.")] = 3


class Desk(Struct, frozen=True, kw_only=True):
    """How editors work at the desk."""

    second_approval: Annotated[
        bool, Meta(description="Whoever changed an issue last does not approve it: another editor does.")
    ] = False


class Dkim(Struct, frozen=True, kw_only=True):
    """Signing letters here (DKIM); without a key the relay is left to sign them."""

    domain: Annotated[str, Meta(description="Domain that signs; else that of mail.from.")] = ""
    selector: Annotated[str, Meta(description="The key is published at SELECTOR._domainkey.DOMAIN.")] = ""
    key: Annotated[str, Meta(description="RSA private key in PEM, at least 2048 bits; better in key_file.")] = ""
    key_file: Annotated[str, Meta(description="File that holds it; 'newsletter dkim new-key' makes one.")] = ""


class Bounces(Struct, frozen=True, kw_only=True):
    """Where reports come in, and when they suppress an address."""

    maildir: Annotated[str, Meta(description="Maildir that reports are delivered to.")] = ""
    imap_url: Annotated[
        str, Meta(description="IMAP folder that reports are delivered to: imaps://user%40example.org@host/INBOX.")
    ] = ""
    imap_auth: Annotated[
        Literal["password", "xoauth2"],
        Meta(description="How to sign in there; xoauth2 takes the oauth keys of [smtp]."),
    ] = "password"
    imap_password: Annotated[str, Meta(description="Password there; better in imap_password_file.")] = ""
    imap_password_file: Annotated[str, Meta(description="File that holds the password.")] = ""
    listen: Annotated[
        str, Meta(description="Address and port of an SMTP listener for the bounce domain, such as 127.0.0.1:2526.")
    ] = ""
    listen_also: Annotated[
        tuple[str, ...],
        Meta(description="Addresses that it takes without a token, such as one registered with a feedback loop."),
    ] = ()
    listen_certificate: Annotated[str, Meta(description="Certificate chain for STARTTLS there (PEM).")] = ""
    listen_key: Annotated[str, Meta(description="Key of that certificate (PEM).")] = ""
    token_days: Annotated[int, Meta(ge=1, description="Reports on older letters change nobody.")] = 60
    ambiguous_bounces: Annotated[int, Meta(ge=1, description="So many hard but ambiguous bounces suppress …")] = 3
    ambiguous_days: Annotated[int, Meta(ge=0, description="… when they span at least so many days.")] = 7
    full_bounces: Annotated[int, Meta(ge=1, description="So many bounces for a full mailbox suppress …")] = 5
    full_days: Annotated[int, Meta(ge=0, description="… when they span at least so many days.")] = 30


class Privacy(Struct, frozen=True, kw_only=True):
    """How long it is known who got which letter."""

    letters_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days after a mailing's end; then its letters, their reports and notices are only counted. "
            "0: they are kept.",
        ),
    ] = 400


class Render(Struct, frozen=True, kw_only=True):
    """How issues are compiled."""

    compiler: Annotated[
        Literal["auto", "mjml", "mrml"], Meta(description="auto takes mjml where Node is present, else mrml.")
    ] = "auto"
    theme: Annotated[str, Meta(description="Folder whose files replace single parts of templates/issue.")] = ""


class Server(Struct, frozen=True, kw_only=True):
    """The web server."""

    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535, description="Port to listen on.")] = 8080
    trusted_proxies: Annotated[
        tuple[str, ...], Meta(description="Addresses whose X-Forwarded-* headers are believed.")
    ] = ()


class Security(Struct, frozen=True, kw_only=True):
    """Keys. init makes them; keep them as long as the subscribers."""

    secret_key: Annotated[
        str,
        Meta(description="Signs links and envelope senders, encrypts second factors; at least 32 characters."),
    ] = ""
    secret_key_file: Annotated[str, Meta(description="File that holds it.")] = ""
    previous_secret_keys: Annotated[
        tuple[str, ...],
        Meta(description="Keys used before: their links keep working, and what they encrypted is read."),
    ] = ()
    address_key: Annotated[
        str,
        Meta(
            description="Hashes addresses for suppressions; never change it. Else derived from the oldest secret key."
        ),
    ] = ""
    address_key_file: Annotated[str, Meta(description="File that holds it.")] = ""


class Settings(Struct, frozen=True, kw_only=True):
    """All sections. Relative paths are already resolved beside the file."""

    site: Site = Site()
    database: DatabaseSection = DatabaseSection()
    engine: EngineSection = EngineSection()
    cadence: CadenceSection = CadenceSection()
    smtp: Smtp = Smtp()
    relays: tuple[RelaySection, ...] = ()
    mail: Mail = Mail()
    sending: Sending = Sending()
    desk: Desk = Desk()
    dkim: Dkim = Dkim()
    bounces: Bounces = Bounces()
    hooks: Annotated[
        dict[str, str],
        Meta(
            description="Webhooks of mail providers: under a provider's name, what its requests are verified with. "
            "docs/webhooks.md has the names."
        ),
    ] = {}
    privacy: Privacy = Privacy()
    render: Render = Render()
    server: Server = Server()
    security: Security = Security()
