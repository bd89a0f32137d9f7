"""The issues that every check reads: seven, each hard in its own way. All people, places and titles are invented."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path

from letter_checks.press import FORTNIGHT, NOW, Press, PrintedIssue
from newsletter.domain.issue import Publisher
from newsletter.resources import folder
from newsletter.settings import Site

BASE = "https://ostrel-review.example"
SAMPLES = folder("examples")
TRANSLATIONS = Path(__file__).parent / "articles"

#: A page as it is published, where one lies beside the checkout, or where this variable says that one lies.
PUBLISHED_PAGE = Path(
    os.environ.get("NEWSLETTER_PUBLISHED_PAGE", Path(__file__).parents[3] / "shared" / "data" / "analyst-issue.txt")
)

# Made up to break things: what templates, MJML, HTML, MIME and mail headers each take for their own.
_HOSTILE = "=?utf-8?q?a=0D=0ABcc=3A_x=40example.net?= {{ 7*7 }} </mj-text> <script>alert(1)</script> 🦊𝔘"
_LONG_WORD = "Donaudampfschifffahrt" * 96  # 2,016 characters without a place to break


def print_issue(name: str, folder: Path) -> PrintedIssue:
    """Print the issue of that name in a folder that does not exist yet."""
    return ISSUES[name](folder)


def _site(*, name: str = "The Ostrel Review", language: str = "en", blurb: str = "", publisher: str = "") -> Site:
    return Site(
        name=name,
        base_url=BASE,
        postal_address="The Ostrel Review\nPump House Lane 4, Carrow",
        language=language,
        publishers=(
            Publisher(name=publisher or "Institute for Basin Studies", url="https://basin-studies.example/"),
            Publisher(name="Vesk School of Commerce", url="https://commerce.example/"),
        ),
        blurb=blurb,
    )


def _picture(name: str, alt: str) -> dict[str, str]:
    """Return the fields of a picture, as an editor writes them."""
    url = f"{BASE}/pictures/{name}.jpg"
    return {"image_url": url, "image_alt": alt, "image_author": "Ilse Maren", "image_licence": "CC BY 4.0"}


def _print_sample(folder: Path) -> PrintedIssue:
    """Print the project's own sample articles: an issue that has everything, and an earlier one before it."""
    headlines = {
        "Ilse Marrowby": ("One Set of Figures for the Carrow Reservoir", "water"),
        "Tobias Fenwright": ("The Night Train That Is Not Judged Alone", "rail"),
        "Kester Vaun": ("Eleven Thousand Registers, Thawed", "archives"),
        "Petra Ashlin": ("The Mills That Stop at Five", "energy"),
    }
    with Press(folder, _site(), now=NOW - FORTNIGHT) as press:
        press.take(*sorted((SAMPLES / "articles").glob("*.md")))
        press.publish("earlier")
        for article in press.take(SAMPLES / "articles" / "ostrel-review.txt"):
            headline, tag = headlines[article.article.authors[0]]
            press.write(article, headline=headline, tags=tag, **_picture(tag, f"The {tag} of the basin in October"))
        press.take(SAMPLES / "articles" / "notes.atom")
        for announcement in tomllib.loads((SAMPLES / "announcements.toml").read_text(encoding="utf-8"))[
            "announcements"
        ]:
            press.announce(**announcement)
        press.befriend("Basin Studies Institute", "https://basin-institute.example/", "Maps and open data")
        press.befriend("Ostrel Water Watch", "https://water-watch.example/", "Levels, daily")
        press.befriend("Night Train Forum", "https://night-train.example/", "Timetables, and quarrels about them")
        return press.publish("sample", note="This issue asks one thing four times: who holds the ruler?")


def _print_single(folder: Path) -> PrintedIssue:
    """Print an issue of one article, and nothing else at all."""
    with Press(folder, _site(blurb="The Ostrel Review is free to read.")) as press:
        press.take(SAMPLES / "articles" / "ferry-timetable.md")
        return press.publish("single")


def _print_large(folder: Path) -> PrintedIssue:
    """Print an issue of 25 articles, each with a picture."""
    with Press(folder, _site()) as press:
        sources = folder / "sources"
        sources.mkdir()
        for number in range(1, 26):
            source = sources / f"{number:02}.md"
            source.write_text(
                f"---\ntitle: Notes From the Basin, Part {number}\nauthors: [Nadja Orlen, Kester Vaun]\n"
                f"date: 2025-10-15T{number // 2:02}:{number % 2 * 30:02}:00Z\ntags: [basin]\n"
                f"url: {BASE}/notes/{number}\nstandfirst: >-\n"
                f"  Part {number} of a survey of the basin’s twenty-five bridges. Each was walked in a day, measured"
                f" twice, and drawn by hand. What the drawings show is that no two of them were built to one plan.\n"
                f"image:\n  url: {BASE}/pictures/bridge-{number}.jpg\n  alt: Bridge {number} of the basin\n"
                "  author: Ilse Maren\n  licence: CC BY 4.0\n---\n\nIt stands.\n",
                encoding="utf-8",
            )
        press.take(*sorted(sources.iterdir()))
        return press.publish("large")


def _print_russian(folder: Path) -> PrintedIssue:
    site = _site(
        name="Острельское обозрение",
        language="ru",
        blurb="«Острельское обозрение» — журнал о воде и железных дорогах бассейна. Выходит раз в две недели.",
        publisher="Институт изучения бассейна",
    )
    with Press(folder, site) as press:
        press.take(*sorted((TRANSLATIONS / "russian").iterdir()))
        press.announce(
            kind="event",
            title="День открытых дверей на насосной станции",
            text="Посмотрите на опломбированные приборы и спросите инженеров, как они о них договорились.",
            url=f"{BASE}/ru/events/pump-house",
            starts_at="2025-11-08T10:00",
            ends_at="2025-11-08T16:00",
            place="Насосная станция, Карроу",
        )
        press.announce(
            kind="news",
            title="Указатель статей готов",
            text="Все статьи с первого номера теперь можно найти по месту, автору и предмету.",
            url=f"{BASE}/ru/index",
        )
        press.befriend("Форум ночных поездов", "https://night-train.example/", "Расписания и споры о них")
        return press.publish("russian", note="В этом номере мы четыре раза задаём один вопрос: у кого в руках линейка?")


def _print_arabic(folder: Path) -> PrintedIssue:
    site = _site(
        name="مجلة أوستريل",
        language="ar",
        blurb="مجلة أوستريل دورية تُعنى بالمياه والسكك الحديدية في الحوض، وتصدر كل أسبوعين.",
        publisher="معهد دراسات الحوض",
    )
    with Press(folder, site) as press:
        press.take(*sorted((TRANSLATIONS / "arabic").iterdir()))
        press.announce(
            kind="event",
            title="يوم مفتوح في محطة الضخ",
            text="شاهدوا المقاييس المختومة، واسألوا المهندسين كيف اتفقوا عليها.",
            url=f"{BASE}/ar/events/pump-house",
            starts_at="2025-11-08T10:00",
            ends_at="2025-11-08T16:00",
            place="محطة الضخ، كارو",
        )
        press.announce(
            kind="news",
            title="اكتمل فهرس المجلة",
            text="يمكن الآن العثور على كل مقال منذ العدد الأول بحسب المكان والكاتب والموضوع.",
            url=f"{BASE}/ar/index",
        )
        press.befriend("منتدى القطار الليلي", "https://night-train.example/", "جداول المواعيد وما يقال عنها")
        return press.publish("arabic", note="في هذا العدد نطرح السؤال نفسه أربع مرات: من الذي يمسك بالمسطرة؟")


def _print_hostile(folder: Path) -> PrintedIssue:
    """Print what a source may hold by accident or malice. An editor lets it pass, with a reason."""
    with Press(folder, _site()) as press:
        sources = folder / "sources"
        sources.mkdir()
        for number, words in enumerate((_HOSTILE, _LONG_WORD, '" onload="alert(1)', "]]> --> <!-- &lt;b&gt; &#0;"), 1):
            source = sources / f"{number}.md"
            quoted = words.replace("\\", "\\\\").replace('"', '\\"')
            source.write_text(
                f'---\ntitle: "{quoted}"\nauthors: ["{quoted}"]\ndate: 2025-10-15T0{number}:00:00Z\n'
                f'tags: ["{quoted}"]\nurl: {BASE}/hostile/{number}?a=1&b=2\n'
                f'standfirst: "{quoted} \\a\\e[31m\\x85\\x9b\\uFFFE and so on, as hostile {number} as text can be."\n'
                f'image:\n  url: {BASE}/pictures/hostile-{number}.jpg\n  alt: "{quoted}"\n  author: "{quoted}"\n'
                f'  licence: "{quoted}"\n---\n\nText.\n',
                encoding="utf-8",
            )
        press.take(*sorted(sources.iterdir()))
        press.announce(kind="news", title=f"{_HOSTILE} again", text=_LONG_WORD, url=f"{BASE}/hostile/news?a=1&b=2")
        press.announce(
            kind="event", title=f"{_LONG_WORD} again", text=_HOSTILE, place=_HOSTILE, starts_at="2025-11-08T10:00",
            url=f"{BASE}/hostile/event",
        )  # fmt: skip
        press.befriend(f"{_HOSTILE} for ever", "https://hostile.example/?a=1&b=2", _LONG_WORD)
        return press.publish(
            "hostile",
            subject="{{ 7*7 }} </mj-text> <script>alert(1)</script> 🦊",
            preheader="{{ 7*7 }} </mj-text> <script>alert(2)</script> 🦊 and words enough to make a preheader of it",
            note=_HOSTILE,
            overrides={
                "placeholder": "the braces are the story",
                "size": "the word is that long",
            },
        )


def _print_published_page(folder: Path) -> PrintedIssue:
    """Print a published page, whose articles have no headlines of their own."""
    with Press(folder, _site()) as press:
        for article in press.take(PUBLISHED_PAGE):
            press.write(article, headline=f"What article {article.id} found", url=f"{BASE}/articles/{article.id}")
        return press.publish("published page")


ISSUES: dict[str, Callable[[Path], PrintedIssue]] = {
    "sample": _print_sample,
    "single": _print_single,
    "large": _print_large,
    "russian": _print_russian,
    "arabic": _print_arabic,
    "hostile": _print_hostile,
    "published page": _print_published_page,
}
