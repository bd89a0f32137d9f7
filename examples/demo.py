"""The whole job once, on this machine alone: `make demo`.

From stored articles to accepted mail, a bounce and an unsubscribe, in the folder ``demo`` of the checkout, which is
made anew each time. Every step is a command that an editor could type; letters go to an outbox folder in place of a
relay.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from itertools import product
from pathlib import Path
from typing import Any

import httpx
from typer.testing import CliRunner

from newsletter.cli import app
from newsletter.errors import NewsletterError

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "examples"
DEMO = ROOT / "demo"
OUTBOX = DEMO / "outbox"

EDITOR = "Mira Halvorsen"

_SETTINGS = """\
# Written by examples/demo.py. Every key: config/newsletter.example.toml.

[site]
name = "The Ostrel Review"
base_url = "http://localhost:8080"
postal_address = "The Ostrel Review, Pump House Lane 4, Carrow"
languages = ["en", "ru", "ar"]
publishers = [{{ name = "Institute for Basin Studies", url = "https://basin-studies.example/" }}]

[cadence]
first = {first}
timezone = "Europe/Stockholm"

[smtp]
outbox = "outbox"    # letters become files here; with a relay: host, port, security, username, password_file

[mail]
from = "editors@ostrel-review.example"

[security]
secret_key = "{secret_key}"
address_key = "{address_key}"
"""

# The sample page has no headlines, as the real pages have none: an editor writes them.
_HEADLINES = (
    ("Ilse Marrowby", "One Set of Figures for the Carrow Reservoir", "water"),
    ("Tobias Fenwright", "The Night Train That Is Not Judged Alone", "rail"),
    ("Kester Vaun", "Eleven Thousand Registers, Thawed", "archives"),
    ("Petra Ashlin", "The Mills That Stop at Five", "energy"),
)
_PICTURES = {
    "rail": ("railway.jpg", "A viaduct with a short red train in front of snowy peaks"),
    "energy": ("harvest.jpg", "Three grain silos beside a field of wheat"),
}
_PARTNER_URLS = {
    "Basin Studies Institute": "https://basin-studies.example/",
    "Ostrel Water Watch": "https://water-watch.example/",
    "Night Train Forum": "https://night-train.example/",
    "Friends of the Meldin Archive": "https://meldin-archive.example/",
}
_FIRST_NAMES = ("Anna", "Bruno", "Chiara", "Dmitri", "Elif", "Femi", "Greta", "Hamid", "Ines", "Jonas")
_LAST_NAMES = ("Aldous", "Brandt", "Castellan", "Duarte", "Ekman")


def main() -> int:
    began = time.monotonic()
    shut_out_other_projects()
    make_project()
    with serve_site() as site:
        send_first_issue()
        draft = draft_second_issue()
        send_second_issue(draft)
        bounced = return_a_letter()
        left = unsubscribe_a_reader(read_address(site))
    send_third_issue(bounced, left)
    tell_where_to_look(time.monotonic() - began)
    return 0


def shut_out_other_projects() -> None:
    """Forget the environment of any other newsletter: the demo touches its own folder and nothing else."""
    for name in [name for name in os.environ if name.startswith("NEWSLETTER_")]:
        del os.environ[name]


def make_project() -> None:
    shutil.rmtree(DEMO, ignore_errors=True)
    newsletter("init", DEMO)
    file = DEMO / "newsletter.toml"
    keys = tomllib.loads(file.read_text(encoding="utf-8"))["security"]
    first = datetime.now(UTC).date() - timedelta(weeks=2)
    file.write_text(_SETTINGS.format(first=first, **keys), encoding="utf-8")
    os.environ["NEWSLETTER_CONFIG"] = str(file)
    readers = write_subscribers(DEMO / "subscribers.csv")
    newsletter("subscribers", "import", DEMO / "subscribers.csv")
    tell("A project", f"demo/ has its configuration, keys and database, and {readers} invented subscribers.")


def write_subscribers(file: Path) -> int:
    names = list(product(_FIRST_NAMES, _LAST_NAMES))
    with file.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["email", "name", "consent_source", "consent_at", "topics"])
        for number, (first, last) in enumerate(names):
            domain = ("example.org", "example.net", "example.com")[number % 3]
            address = f"{first}.{last}@{domain}".lower()
            topics = "articles" if number % 10 == 0 else ""  # a few read no announcements
            rows.writerow([address, f"{first} {last}", "sign-up form", "2025-06-01", topics])
    return len(names)


def send_first_issue() -> None:
    newsletter("articles", "import", *sorted((SAMPLES / "articles").glob("*.md")))
    newsletter("issue", "draft")
    newsletter("issue", "approve", 1, "--by", EDITOR)
    newsletter("issue", "send", 1, "--wait")
    report = newsletter_json("issue", "report", 1)
    tell("An earlier issue", f"Issue 1, of two weeks ago: three articles, {report['accepted']} letters accepted.")


def draft_second_issue() -> dict[str, Any]:
    """Import the page, write what it lacks, and let the issue be drafted from the store."""
    imported = newsletter_json("articles", "import", SAMPLES / "articles" / "ostrel-review.txt")
    waiting = [newsletter_json("articles", "show", article) for article in imported["needs_headline"]]
    for author, headline, tag in _HEADLINES:
        article = next(each for each in waiting if author in each["authors"])
        newsletter("articles", "edit", article["id"], "--headline", headline, "--tag", tag)
        if tag in _PICTURES:
            file, words = _PICTURES[tag]
            picture = ("--image", SAMPLES / "pictures" / file, "--image-alt", words)
            newsletter("articles", "edit", article["id"], *picture, "--image-author", EDITOR, "--image-licence", "CC0")
    for partner in newsletter_json("partners", "list"):
        newsletter("partners", "edit", partner["id"], "--url", _PARTNER_URLS[partner["name"]])
    for announcement in tomllib.loads((SAMPLES / "announcements.toml").read_text(encoding="utf-8"))["announcements"]:
        options = [(f"--{key.replace('_', '-')}", text) for key, text in announcement.items()]
        newsletter("announcements", "add", *(word for option in options for word in option))
    tell(
        "Articles in",
        f"{len(imported['added'])} articles read from a published page, with {len(imported['partners'])} partner names;"
        " headlines and partner addresses written, two pictures, two events and a news item added.",
    )
    draft: dict[str, Any] = newsletter_json("issue", "draft")
    return draft


def send_second_issue(draft: dict[str, Any]) -> None:
    features = [item["id"] for item in draft["items"] if item["slot"] == "feature"]
    newsletter("issue", "arrange", 2, "--features", ",".join(map(str, reversed(features))))
    newsletter("issue", "edit", 2, "--note", "This issue asks one thing four times: who holds the ruler?")
    shown = newsletter_json("issue", "show", 2)
    tell("Issue 2, drafted", f"“{shown['subject']}”")
    for item in shown["items"]:
        print(f"      {item['slot']:<13}{shorten(item['headline']):<54}{item['reason']}")
    checked = newsletter_json("issue", "check", 2)
    warnings = ", ".join(finding["check"] for finding in checked["findings"])
    approval = newsletter_json("issue", "approve", 2, "--by", EDITOR)
    newsletter("issue", "render", 2, "--out", DEMO / "issue-2")
    tell(
        "Approved",
        f"no errors, warnings about: {warnings or 'nothing'}. {EDITOR} approved the text {approval['digest'][:12]}, and"
        " exactly that is sent.",
    )
    newsletter("issue", "send", 2, "--wait")
    report = newsletter_json("issue", "report", 2)
    size = max(file.stat().st_size for file in OUTBOX.glob("2-*.eml"))
    tell("Sent", f"{report['intended']} intended = {report['accepted']} accepted; a letter has {size:,} bytes.")
    require(report["accepted"] == len(list(OUTBOX.glob("2-*.eml"))), "The outbox holds as many letters as the ledger.")


def return_a_letter() -> str:
    """Let a host far away refuse one letter for good, in the words of RFC 3464."""
    letter = read_letter("2-3.eml")
    address, return_path = letter["Delivered-To"], letter["Return-Path"].strip("<>")
    report = (SAMPLES / "delivery-report.eml").read_text(encoding="utf-8")
    filled = report.format(
        host=address.partition("@")[2], address=address, return_path=return_path, message_id=letter["Message-ID"]
    )
    newsletter("bounces", "read", "-", text=filled)
    bounce = newsletter_json("bounces", "list")[0]
    suppressed = newsletter_json("subscribers", "show", address)["suppression"]
    require(suppressed is not None, f"{address} is suppressed.")
    tell(
        "A bounce",
        f"A report for {return_path.partition('@')[0]}@… names delivery {bounce['delivery']} by its signed token:"
        f" {bounce['kind']}, {bounce['reason']}; {address} is suppressed.",
    )
    return address


def unsubscribe_a_reader(site: str) -> str:
    """Leave by RFC 8058's one-click request, at the address that stands in the letter; looking changes nothing."""
    letter = read_letter("2-8.eml")
    address = letter["Delivered-To"]
    link = re.search(r"<https?://[^/>]+(/unsubscribe/[^>]+)>", letter["List-Unsubscribe"])
    require(link is not None, "The letter has an unsubscribe link.")
    path = link.group(1) if link else ""
    looked = httpx.get(site + path)
    require(looked.is_success and status_of(address) == "active", "Looking at the page changes nothing.")
    posted = httpx.post(site + path, data={"List-Unsubscribe": "One-Click"})
    require(posted.status_code == httpx.codes.OK and status_of(address) == "unsubscribed", "One click is enough.")
    tell("An unsubscribe", f"{address} left by one click at the site; a scanner's look at the page changed nothing.")
    return address


def send_third_issue(*gone: str) -> None:
    newsletter("articles", "import", SAMPLES / "articles" / "notes.atom")
    newsletter("issue", "draft")
    newsletter("issue", "approve", 3, "--by", EDITOR)
    newsletter("issue", "send", 3, "--wait")
    before, after = newsletter_json("issue", "report", 2), newsletter_json("issue", "report", 3)
    mailed = {read_letter(file.name)["Delivered-To"] for file in OUTBOX.glob("3-*.eml")}
    require(after["intended"] == before["intended"] - len(gone), "The next audience is smaller by two.")
    require(not mailed.intersection(gone), "Neither of the two is mailed again.")
    tell(
        "The next issue",
        f"Issue 3, sent ahead of its date, goes to {after['intended']} and not to {before['intended']}: neither of the"
        " two is mailed again.",
    )


def tell_where_to_look(seconds: float) -> None:
    print(f"\nDone in {seconds:.0f} s. Where to look:")
    for place, what in (
        ("demo/issue-2/issue.html", "the issue as a browser shows it; issue.txt and issue.eml beside it"),
        ("demo/outbox/", f"{len(list(OUTBOX.glob('*.eml')))} letters, named MAILING-POSITION.eml"),
        ("demo/newsletter.db", "the database (SQLite)"),
        ("demo/newsletter.toml", "the configuration; try: cd demo && ../.venv/bin/newsletter issue report 2"),
        ("make serve", "the readers' pages at http://localhost:8080/"),
    ):
        print(f"  {place:<26}{what}")


def newsletter(*words: object, text: str | None = None) -> str:
    """Run one command of the command line, ``text`` being its standard input, and return what it prints.

    In this process: starting Python for each of forty commands would take longer than all of their work.
    """
    arguments = [str(word) for word in words]
    try:
        result = CliRunner().invoke(app, arguments, input=text, catch_exceptions=False)
    except NewsletterError as error:
        raise SystemExit(f"newsletter {' '.join(arguments)}: {error}") from error
    if result.exit_code:
        raise SystemExit(f"newsletter {' '.join(arguments)} ended with status {result.exit_code}:\n{result.output}")
    return result.stdout


def newsletter_json(*words: object) -> Any:  # noqa: ANN401 - whatever the command prints
    return json.loads(newsletter(*words, "--json"))


@contextmanager
def serve_site() -> Iterator[subprocess.Popen[str]]:
    """Run `newsletter serve` on a free port; it gets ready while issues are sent."""
    command = [sys.executable, "-m", "newsletter", "serve", "--port", "0"]
    with (DEMO / "serve.log").open("w") as log:
        site = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: S603 - our own program
        try:
            yield site
        finally:
            site.terminate()
            site.communicate()


def read_address(site: subprocess.Popen[str]) -> str:
    """Wait for the site to say where it answers."""
    said = site.stdout.readline() if site.stdout else ""
    address = re.search(r"http://[^/\s]+", said)
    require(address is not None, "The site answers; demo/serve.log says why it does not.")
    return address.group() if address else ""


def status_of(address: str) -> str:
    return str(newsletter_json("subscribers", "show", address)["status"])


def read_letter(name: str) -> Message:
    return message_from_bytes((OUTBOX / name).read_bytes())


def require(holds: bool, sentence: str) -> None:  # noqa: FBT001 - an assertion that stays in optimised runs
    if not holds:
        raise SystemExit(f"The demonstration failed. This should hold: {sentence}")


def tell(heading: str, sentence: str) -> None:
    indent = " " * 20
    print(textwrap.fill(f"  {heading + ':':<18}{sentence}", width=110, subsequent_indent=indent), flush=True)


def shorten(text: str, width: int = 52) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


if __name__ == "__main__":
    sys.exit(main())
