"""Articles at the desk: bring in after a look, find, edit beside another editor, take out and bring back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from desk_stand import Browser, an_app, open_desk
from drawing import a_picture_file
from issue_desk import Desk
from manuscripts import google_article, word_reviewed
from newsletter.app import App
from newsletter.domain.editor import EditorRole
from newsletter.service.edit_article import edit_article, retract_article
from newsletter.service.import_articles import Handed, import_articles
from newsletter.store.article_list import count_states
from newsletter.store.articles import find_article, list_articles
from newsletter.store.database import Database

NOW = datetime(2026, 12, 3, 8, 0, tzinfo=UTC)
_PAGE = "By Ann Example\n\nA standfirst of the first.\n\nBACKGROUND: Text.\n"
_HOSTILE = "<script>alert(1)</script>\"'&"


@pytest.fixture
def app(database: Database) -> App:
    return an_app(database, now=lambda: NOW)


@pytest.fixture
def browser(app: App) -> Iterator[Browser]:
    with open_desk(app, role=EditorRole.EDITOR) as browser:
        yield browser


def take_in(database: Database, *texts: str) -> list[int]:
    def refuse(url: str) -> bytes:
        raise AssertionError(url)

    files = [Handed(name=f"{at}.txt", content=text.encode()) for at, text in enumerate(texts)]
    return [stored.id for stored in import_articles(files, fetch=refuse, database=database, now=NOW).added]


def upload(browser: Browser, *files: tuple[str, bytes], **fields: str) -> Any:  # noqa: ANN401 - httpx's answer
    parts = [("files", (name, content)) for name, content in files] or [("files", ("", b""))]
    return browser.post("/articles/import", on="/articles", files=parts, **fields)


def read_form(text: str) -> dict[str, str]:
    """Give what the article's form would send back as it stands."""
    form = text.partition('<form class="edit"')[2].partition("</form>")[0]
    fields = {}
    for tag in re.findall(r"<input [^>]*>", form.replace("\n", " ")):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="file"' not in tag:
            fields[name[1]] = _unescape(value[1]) if value else ""
    for name, value in re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
        fields[name] = _unescape(value)
    return fields


def _unescape(text: str) -> str:
    for sign, name in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        text = text.replace(sign, name)
    return text


def save(browser: Browser, article_id: int, form: dict[str, str], **changes: str) -> Any:  # noqa: ANN401 - httpx's answer
    fields = {name: value for name, value in (form | changes).items() if name != "form"}
    return browser.post(
        f"/articles/{article_id}", on=f"/articles/{article_id}", files=[("picture", ("", b""))], **fields
    )


def test_an_empty_desk_says_what_to_do_first(browser: Browser) -> None:
    page = browser.get("/articles").text

    assert "Nothing is stored yet" in page
    assert "Read, and show me" in page


def test_files_are_looked_at_before_they_are_stored(app: App, browser: Browser) -> None:
    answer = upload(
        browser, ("bridge.docx", google_article().file.write()), ("review.docx", word_reviewed().file.write())
    )
    look = browser.follow(answer)

    assert "The Bridge Nobody Ordered" in look.text
    assert "Comment by Gail Essay on “a remark”: “Source?”." in look.text
    assert "Dora Trial deleted “ten”; it is left out." in look.text
    with app.database.snapshot() as snapshot:
        assert list_articles(snapshot) == []

    path = answer.headers["Location"].removeprefix("/desk")
    stored = browser.follow(browser.post(path, on=path))
    assert "Stored: 2 new." in stored.text
    with app.database.snapshot() as snapshot:
        assert len(list_articles(snapshot)) == 2
    assert browser.get(path).status_code == 404


def test_a_file_again_says_that_all_of_it_is_stored(app: App, browser: Browser) -> None:
    take_in(app.database, _PAGE)

    look = browser.follow(upload(browser, ("a.txt", _PAGE.encode())))

    assert "All of it is stored already." in look.text
    assert "Store 1 article" not in look.text


def test_three_files_alike_are_one_article(app: App, browser: Browser) -> None:
    content = google_article().file.write()
    answer = upload(browser, *((f"{name}.docx", content) for name in ("bridge", "bridge (1)", "last version")))
    look, path = browser.follow(answer).text, answer.headers["Location"].removeprefix("/desk")

    assert "Store 1 article<" in look
    assert look.count("Once more: a file above has it too") == 2
    assert "Stored: 1 new" in browser.follow(browser.post(path, on=path)).text
    with app.database.snapshot() as snapshot:
        assert len(list_articles(snapshot)) == 1


def test_a_text_is_pasted_and_nothing_is_stored_of_it_in_the_end(app: App, browser: Browser) -> None:
    answer = upload(browser, text=_PAGE)
    path = answer.headers["Location"].removeprefix("/desk")

    assert "Store 1 article" in browser.follow(answer).text
    assert "Nothing was stored." in browser.follow(browser.post(f"{path}/discard", on=path)).text
    with app.database.snapshot() as snapshot:
        assert list_articles(snapshot) == []


def test_markdown_without_front_matter_is_pasted_and_stored(app: App, browser: Browser) -> None:
    answer = upload(
        browser, text="# The Ferry\n\nBy Ann Example\n\nThe strait was wide.\n\n## Background\n\nIt still is.\n"
    )
    path = answer.headers["Location"].removeprefix("/desk")

    assert "Stored: 1 new" in browser.follow(browser.post(path, on=path)).text
    with app.database.snapshot() as snapshot:
        (stored,) = list_articles(snapshot)
    assert (stored.article.headline, stored.article.authors) == ("The Ferry", ("Ann Example",))


def test_a_refused_file_is_a_sentence_on_the_page(browser: Browser) -> None:
    look = browser.follow(upload(browser, ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")))

    assert "old.doc: expected a Word document saved as .docx" in look.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Nothing was handed in"),
        ({"address": "ftp://example.org"}, "is not a web address"),
        ({"address": "http://localhost:1/"}, "a server on the public internet"),
    ],
)
def test_what_cannot_be_handed_in_is_said_with_what_was_typed(
    browser: Browser, fields: dict[str, str], sentence: str
) -> None:
    answer = upload(browser, **fields)

    assert answer.status_code == 400
    assert sentence in answer.text
    assert all(value in answer.text for value in fields.values())


def test_each_article_has_its_state(database: Database, browser: Browser) -> None:
    desk = Desk(database)
    published, *_ = desk.store("First Story", age_days=20)
    number = desk.publish()
    waiting, *_ = desk.store("Second Story")
    desk.draft()
    late, *_ = desk.store("Third Story")
    retract_article(desk.store("Fourth Story")[0], database=database, now=NOW)
    take_in(database, _PAGE)

    page = browser.get("/articles").text

    def state_of(article_id: int) -> str:
        row = page.partition(f'href="/desk/articles/{article_id}"')[2].partition("</tr>")[0]
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row.partition("</td>")[2])).strip().partition(" 20")[0]

    assert state_of(published) == f"published in {number}"
    assert state_of(waiting) == f"in issue {number + 1}"
    assert state_of(late) in {"ready", f"in issue {number + 1}"}
    assert "Fourth Story" not in page
    assert "Fourth Story" in browser.get("/articles?state=retracted").text
    assert "A standfirst of the first" in browser.get("/articles?state=needs+headline").text
    with database.snapshot() as snapshot:
        assert sum(count_states(snapshot).values()) == 5


def test_words_find_articles_retracted_ones_too(database: Database, browser: Browser) -> None:
    (article_id,) = take_in(database, _PAGE)
    retract_article(article_id, database=database, now=NOW)

    assert f"/desk/articles/{article_id}" in browser.get("/articles?q=standf+ann").text
    assert "No article is found by “nowhere”" in browser.get("/articles?q=nowhere").text


def test_a_long_list_has_pages(database: Database, browser: Browser) -> None:
    Desk(database).store(*(f"Story {number:03}" for number in range(120)))

    first, third = browser.get("/articles").text, browser.get("/articles?page=3").text

    assert first.count('class="headline"') == 50
    assert 'href="?page=2"' in first
    assert third.count('class="headline"') == 20
    assert 'rel="next"' not in third


def test_an_edit_changes_what_was_changed_and_nothing_else(app: App, browser: Browser) -> None:
    (article_id,) = take_in(app.database, _PAGE)
    form = read_form(browser.get(f"/articles/{article_id}").text)
    assert form["headline"] == ""

    answer = save(browser, article_id, form, headline=f"Real {_HOSTILE}", image_alt="A ferry")

    assert "The article is saved." in browser.follow(answer).text
    with app.database.snapshot() as snapshot:
        stored = find_article(snapshot, article_id)
    assert stored.article.headline == f"Real {_HOSTILE}"
    assert stored.edited == {"headline", "image_alt"}
    assert _HOSTILE not in browser.get(f"/articles/{article_id}").text
    assert _HOSTILE not in browser.get(f"/articles/{article_id}/preview").text


def test_two_editors_of_different_fields_lose_nothing(app: App, browser: Browser) -> None:
    (article_id,) = take_in(app.database, _PAGE)
    form = read_form(browser.get(f"/articles/{article_id}").text)
    edit_article(article_id, {"credit": "Theirs"}, database=app.database, now=NOW, actor="Ben")

    save(browser, article_id, form, headline="Mine")

    with app.database.snapshot() as snapshot:
        article = find_article(snapshot, article_id).article
    assert (article.headline, article.credit) == ("Mine", "Theirs")


def test_two_editors_of_one_field_see_both_texts_and_nothing_is_overwritten(app: App, browser: Browser) -> None:
    (article_id,) = take_in(app.database, _PAGE)
    form = read_form(browser.get(f"/articles/{article_id}").text)
    edit_article(article_id, {"headline": "Their Headline"}, database=app.database, now=NOW, actor="Ben")

    answer = save(browser, article_id, form, headline="My Headline", credit="Mine too")

    assert answer.status_code == 409
    assert "Their Headline" in answer.text
    again = read_form(answer.text)
    assert (again["headline"], again["credit"]) == ("My Headline", "Mine too")
    with app.database.snapshot() as snapshot:
        assert find_article(snapshot, article_id).article.headline == "Their Headline"
    assert save(browser, article_id, again).status_code == 303
    with app.database.snapshot() as snapshot:
        article = find_article(snapshot, article_id).article
    assert (article.headline, article.credit) == ("My Headline", "Mine too")


def test_the_time_of_publication_is_in_the_calendars_zone(app: App, browser: Browser) -> None:
    (article_id,) = take_in(app.database, _PAGE)
    form = read_form(browser.get(f"/articles/{article_id}").text)
    zone = app.cadence.zone

    save(browser, article_id, form, published_at="2026-11-30T09:30")

    with app.database.snapshot() as snapshot:
        moment = find_article(snapshot, article_id).article.published_at
    assert moment == datetime(2026, 11, 30, 9, 30, tzinfo=zone)


def test_what_cannot_be_saved_is_said_and_what_was_typed_is_kept(app: App, browser: Browser) -> None:
    (article_id,) = take_in(app.database, _PAGE)
    form = read_form(browser.get(f"/articles/{article_id}").text)

    answer = save(browser, article_id, form, url="example.org", headline="Kept")

    assert answer.status_code == 400
    assert "is not a web address" in answer.text
    assert read_form(answer.text)["headline"] == "Kept"


def test_a_picture_is_taken_with_its_author_and_licence(app: App, browser: Browser) -> None:
    (article_id,) = take_in(app.database, _PAGE)
    form = read_form(browser.get(f"/articles/{article_id}").text)
    fields = form | {"image_author": "Ann", "image_licence": "CC BY 4.0"}
    fields.pop("form")

    browser.post(
        f"/articles/{article_id}",
        on=f"/articles/{article_id}",
        files=[("picture", ("ferry.jpg", a_picture_file()))],
        **fields,
    )

    with app.database.snapshot() as snapshot:
        image = find_article(snapshot, article_id).article.image
    assert image is not None
    assert (image.url or "").startswith("/images/")
    assert (image.author, image.licence) == ("Ann", "CC BY 4.0")
    assert f'src="{image.url}"' in browser.get(f"/articles/{article_id}").text


@pytest.mark.parametrize(("take", "headline"), [("yes", "From the Source"), ("no", "Ours")])
def test_what_the_source_proposes_is_taken_or_not(app: App, browser: Browser, take: str, headline: str) -> None:
    file = "---\ntitle: {}\nurl: https://example.org/a\n---\n\nWords.\n"
    (article_id,) = take_in(app.database, file.format("First"))
    edit_article(article_id, {"headline": "Ours"}, database=app.database, now=NOW)
    take_in(app.database, file.format("From the Source"))
    page = browser.get(f"/articles/{article_id}").text
    assert "<del>Ours</del><ins>From the Source</ins>" in page

    answer = browser.post(f"/articles/{article_id}/proposal", on=f"/articles/{article_id}", field="headline", take=take)

    assert "Its source has changed" not in browser.follow(answer).text
    with app.database.snapshot() as snapshot:
        assert find_article(snapshot, article_id).article.headline == headline


def test_an_article_is_retracted_and_brought_back(app: App, browser: Browser) -> None:
    (article_id,) = take_in(app.database, _PAGE)

    gone = browser.follow(browser.post(f"/articles/{article_id}/retract", on=f"/articles/{article_id}"))
    assert f"Article {article_id} is retracted." in gone.text
    back = browser.follow(browser.post(f"/articles/{article_id}/restore", on=f"/articles/{article_id}"))

    assert f"Article {article_id} is back." in back.text
    with app.database.snapshot() as snapshot:
        assert find_article(snapshot, article_id).retracted_at is None
        acts = snapshot.exec_driver_sql("SELECT actor, act FROM audit_log ORDER BY id").all()
    assert [tuple(each) for each in acts[-2:]] == [("Editor", "retract article"), ("Editor", "restore article")]


def test_a_writer_may_edit_and_not_retract(app: App) -> None:
    (article_id,) = take_in(app.database, _PAGE)
    with open_desk(app, role=EditorRole.WRITER) as browser:
        page = browser.get(f"/articles/{article_id}").text
        assert "Save the article" in page
        assert "Retract the article" not in page
        assert browser.post(f"/articles/{article_id}/retract", on=f"/articles/{article_id}").status_code == 403


def test_the_preview_is_the_sites_page_in_a_frame_of_ours(app: App, browser: Browser) -> None:
    (article_id,) = take_in(app.database, _PAGE)

    answer = browser.get(f"/articles/{article_id}/preview")

    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert '<header class="site">' in answer.text
    assert "<h2>BACKGROUND</h2>" in answer.text


def test_a_name_is_withdrawn_and_stands_again(app: App, browser: Browser) -> None:
    (article_id,) = take_in(app.database, _PAGE)
    path = f"/articles/{article_id}"
    assert "Ann Example" in browser.get(f"{path}/preview").text

    gone = browser.follow(browser.post(f"{path}/byline", on=path, name="Ann Example", withdraw="yes"))
    assert "wherever readers look" in gone.text
    assert "Ann Example" not in browser.get(f"{path}/preview").text

    browser.post(f"{path}/byline", on=path, name="Ann Example", withdraw="no")
    assert "Ann Example" in browser.get(f"{path}/preview").text


_MARKED = (
    "---\ntitle: A Ferry\nauthor: Ann Example\n---\nThe lead.\n\n## Background\n\nIt was *wide*.\n\nNobody asked.\n"
)


def test_a_body_is_edited_beside_the_other_fields(app: App, browser: Browser) -> None:
    (article_id,) = take_in(app.database, _MARKED)
    form = read_form(browser.get(f"/articles/{article_id}").text)
    assert form["body"] == "## Background\n\nIt was *wide*.\n\nNobody asked."

    answer = save(browser, article_id, form, body=form["body"].replace("\n", "\r\n") + f"\r\n\r\n> {_HOSTILE}")

    assert "The article is saved." in browser.follow(answer).text
    with app.database.snapshot() as snapshot:
        stored = find_article(snapshot, article_id)
    assert stored.edited == {"body"}
    assert stored.article.sections[0].paragraphs == ("It was wide.", "Nobody asked.", _HOSTILE)
    assert _HOSTILE not in browser.get(f"/articles/{article_id}").text
    assert "<em>wide</em>" in browser.get(f"/articles/{article_id}/preview").text
    assert _HOSTILE not in browser.get(f"/articles/{article_id}/preview").text


def test_a_form_that_is_sent_back_as_it_stands_changes_nothing(app: App, browser: Browser) -> None:
    (article_id,) = take_in(app.database, _MARKED)
    form = read_form(browser.get(f"/articles/{article_id}").text)

    save(browser, article_id, form, body=form["body"].replace("\n", "\r\n"))

    with app.database.snapshot() as snapshot:
        assert find_article(snapshot, article_id).edited == frozenset()


def test_two_editors_of_one_body_lose_nothing(app: App, browser: Browser) -> None:
    (article_id,) = take_in(app.database, _MARKED)
    form = read_form(browser.get(f"/articles/{article_id}").text)
    theirs = form["body"].replace("wide", "narrow")
    edit_article(article_id, {"body": theirs}, database=app.database, now=NOW, actor="Ben")

    answer = save(browser, article_id, form, body=form["body"].replace("Nobody", "Somebody"))

    assert answer.status_code == 409
    assert "<del>*wide*.</del><ins> *narrow*.</ins>" in answer.text.replace("<del> ", "<del>")
    assert "It was *narrow*.\n\nNobody asked.</textarea>" in answer.text
    again = read_form(answer.text)
    assert again["body"].endswith("It was *wide*.\n\nSomebody asked.")
    assert save(browser, article_id, again, body=theirs.replace("Nobody", "Somebody")).status_code == 303
    with app.database.snapshot() as snapshot:
        article = find_article(snapshot, article_id).article
    assert article.sections[0].paragraphs == ("It was narrow.", "Somebody asked.")


def test_a_mark_that_means_nothing_is_said_at_the_text_and_what_was_typed_is_kept(app: App, browser: Browser) -> None:
    (article_id,) = take_in(app.database, _MARKED)
    form = read_form(browser.get(f"/articles/{article_id}").text)
    body = "One.\n\nA [ferry](ferry.pdf)."

    answer = save(browser, article_id, form, body=body)

    assert answer.status_code == 400
    assert '<p class="error" id="field-body-error">Line 3: a link leads to an address' in answer.text
    assert read_form(answer.text)["body"] == body


def test_what_the_form_has_is_shown_before_it_is_saved(app: App, browser: Browser) -> None:
    (article_id,) = take_in(app.database, _MARKED)
    form = read_form(browser.get(f"/articles/{article_id}").text)
    form.pop("form")
    path, on = f"/articles/{article_id}/preview", f"/articles/{article_id}"

    seen = browser.post(path, on=on, files=[("picture", ("", b""))], **form | {"body": "Tried **out**."})
    refused = browser.post(path, on=on, files=[("picture", ("", b""))], **form | {"body": "A ``` \n\n```\nx"})

    assert "Tried <strong>out</strong>." in seen.text
    assert '<header class="site">' in seen.text
    assert refused.status_code == 400
    assert "Line 3: what ``` begins has no end" in refused.text
    for answer in (seen, refused):
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    with app.database.snapshot() as snapshot:
        assert find_article(snapshot, article_id).edited == frozenset()


def test_a_picture_for_the_text_is_stored_and_stands_behind_it(app: App, browser: Browser) -> None:
    (article_id,) = take_in(app.database, _MARKED)
    form = read_form(browser.get(f"/articles/{article_id}").text)
    fields = form | {"body_alt": "A ferry", "body_credit": "Ann Example, CC BY 4.0"}
    fields.pop("form")

    answer = browser.post(
        f"/articles/{article_id}",
        on=f"/articles/{article_id}",
        files=[("body_picture", ("ferry.jpg", a_picture_file()))],
        **fields,
    )

    assert "Its new picture stands behind the text" in browser.follow(answer).text
    with app.database.snapshot() as snapshot:
        html = find_article(snapshot, article_id).article.body_html or ""
    assert re.search(
        r'<figure><img src="/images/\w+\.jpg" alt="A ferry" width="\d+" height="\d+">'
        r"<figcaption>Ann Example, CC BY 4.0</figcaption></figure>$",
        html,
    )


def test_what_a_source_proposes_for_a_body_is_the_paragraphs_that_differ(app: App, browser: Browser) -> None:
    (article_id,) = take_in(app.database, _MARKED)
    edit_article(article_id, {"body": "## Background\n\nOurs.\n\nNobody asked."}, database=app.database, now=NOW)
    take_in(app.database, _MARKED.replace("*wide*", "deep"))

    page = browser.get(f"/articles/{article_id}").text

    card = page.partition('<div class="card">')[2].partition("</div>")[0]
    assert "<h3>Text</h3>" in card
    assert "It was deep." in card
    assert "Ours." in card
    assert "Nobody asked." not in card
