from __future__ import annotations

import html
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import SITE, a_masthead
from html_reading import read_html
from newsletter.domain.notice import TO_READERS, NoticeKind
from newsletter.render.notice import RenderedNotice, render_notice
from newsletter.render.templates import strip_forbidden

ACTION = f"{SITE}/confirm/token?a=1&b=2"


def render(
    kind: NoticeKind,
    *,
    name: str = "",
    unsubscribe_url: str = "",
    templates: Path | None = None,
    language: str = "en",
) -> RenderedNotice:
    return render_notice(
        kind,
        masthead=a_masthead(language=language),
        action_url=ACTION,
        unsubscribe_url=unsubscribe_url,
        name=name,
        templates=templates,
    )


@pytest.mark.parametrize("kind", TO_READERS)
def test_a_notice_says_who_writes_and_what_its_one_link_does(kind: NoticeKind) -> None:
    notice = render(kind)
    reading = read_html(notice.html)

    assert "The Meridian Review" in notice.subject
    assert [url for url, _ in reading.links] == [ACTION]
    assert ACTION in notice.text
    for part in (reading.text, " ".join(notice.text.split())):
        assert "12 Harbour Lane, Port Alder 4010" in part
        assert reading.links[0][1] in part


def test_its_styles_are_inlined_its_doctype_kept_and_its_dark_colours_win() -> None:
    html = render(NoticeKind.WELCOME).html

    assert html.startswith("<!DOCTYPE html>")
    assert '<h1 style="' in html
    assert "prefers-color-scheme: dark" in html
    assert "!important" in html


def test_a_welcome_carries_the_way_out() -> None:
    notice = render(NoticeKind.WELCOME, unsubscribe_url=f"{SITE}/unsubscribe/token")

    assert (f"{SITE}/unsubscribe/token", "Unsubscribe") in read_html(notice.html).links
    assert f"{SITE}/unsubscribe/token" in notice.text


def test_a_reader_is_greeted_by_name_and_the_name_is_only_text() -> None:
    notice = render(NoticeKind.GOODBYE, name="Zoë <script>\x07 {{ 7*7 }} {0}")

    assert "Dear Zoë <script> {{ 7*7 }} {0}," in read_html(notice.html).text
    assert "Dear Zoë <script> {{ 7*7 }} {0}," in notice.text


def test_a_confirmation_carries_no_words_of_whoever_asked_for_it() -> None:
    notice = render(NoticeKind.CONFIRM, name="Buy at spam.example")

    assert "spam.example" not in notice.html + notice.text


def test_its_words_can_be_replaced_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "theme.toml").write_text('[notices.goodbye]\nsubject = "Farewell from {name}"\n')

    notice = render(NoticeKind.GOODBYE, templates=tmp_path)

    assert notice.subject == "Farewell from The Meridian Review"
    assert "As you asked" in notice.text


def test_it_speaks_the_language_of_the_site() -> None:
    russian = render(NoticeKind.WELCOME, unsubscribe_url=f"{SITE}/unsubscribe/token", language="ru")
    arabic = render(NoticeKind.WELCOME, language="ar")

    assert russian.subject == "Добро пожаловать в «The Meridian Review»"
    assert (f"{SITE}/unsubscribe/token", "Отписаться") in read_html(russian.html).links
    assert 'lang="ru" dir="ltr"' in russian.html
    assert 'lang="ar" dir="rtl"' in arabic.html
    assert "text-align:right" in arabic.html


@pytest.mark.parametrize(("wanted", "spoken"), [("ru-RU", "ru-RU"), ("en", "en"), ("mi", "ar"), ("", "ar")])
def test_it_speaks_the_readers_language_where_there_are_words_for_it(wanted: str, spoken: str) -> None:
    masthead = a_masthead(language="ar")

    notice = render_notice(NoticeKind.WELCOME, masthead=masthead, action_url=f"{SITE}/x", language=wanted)

    assert f'lang="{spoken}"' in notice.html


@given(name=st.text(min_size=1, max_size=40), query=st.text(alphabet="abc&=%;+1", max_size=20))
def test_a_readers_own_words_stand_where_the_styles_were_inlined_before(name: str, query: str) -> None:
    def welcome(name: str, action_url: str) -> RenderedNotice:
        return render_notice(
            NoticeKind.WELCOME,
            masthead=a_masthead(),
            action_url=action_url,
            unsubscribe_url=f"{SITE}/u",
            latest_url=f"{SITE}/issues/1",
            name=name,
        )

    notice, plain = welcome(name, f"{SITE}/?{query}"), welcome("Ida", f"{SITE}/x")

    kept = strip_forbidden(name)
    as_if = plain.html.replace("Ida", html.escape(kept)).replace(f"{SITE}/x", html.escape(f"{SITE}/?{query}"))
    assert notice.html == as_if
    assert "value-" not in notice.html
    assert f"{SITE}/?{query}" in [url for url, _ in read_html(notice.html).links]


def test_a_template_of_the_theme_may_do_with_a_name_what_it_likes(tmp_path: Path) -> None:
    (tmp_path / "notice.html.j2").write_text("<p>{{ notice.name | upper | first }}</p>", encoding="utf-8")

    assert "<p>I</p>" in render(NoticeKind.WELCOME, name="ida", templates=tmp_path).html
