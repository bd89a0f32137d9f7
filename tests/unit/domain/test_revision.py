"""How a stored article changes: by its source, and by editors."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from newsletter.domain.article import Article, Image, Section, StoredArticle
from newsletter.domain.revision import (
    FIELDS,
    accept,
    as_sourced,
    decline,
    edit,
    mark,
    merge,
    read_fields,
    revise,
    show_fields,
    write_fields,
)
from newsletter.errors import ChangedMeanwhileError, InputError, RefusedError

NOW = datetime(2025, 10, 16, 7, tzinfo=UTC)
ARTICLE = Article(
    headline="From the source",
    authors=("Ann Example", "Ben Sample"),
    standfirst="One sentence.",
    sections=(Section(name="A", paragraphs=("Text.",)),),
    body_html="<h2>A</h2>\n<p>Text.</p>",
    image=Image(url="https://example.org/i.png", alt="A dam"),
    credit="Example House",
    biography="Ann writes.",
    url="https://example.org/a",
    published_at=NOW,
    tags=("water",),
)
BARE = Article(
    headline="One sentence", needs_headline=True, authors=("Ann Example",), standfirst="One sentence.", published_at=NOW
)


def a_stored(article: Article = ARTICLE, *, dated_by_import: bool = False) -> StoredArticle:
    return StoredArticle(id=7, article=article, imported_at=NOW, dated_by_import=dated_by_import)


@pytest.mark.parametrize("article", [ARTICLE, BARE])
def test_the_texts_of_all_fields_give_the_same_article_again(article: Article) -> None:
    texts = read_fields(article)

    assert set(texts) == set(FIELDS)
    assert write_fields(article, texts) == article


def test_what_the_source_changed_is_taken_over() -> None:
    source = replace(ARTICLE, credit="New House", tags=("water", "dams"), sections=(), body_html=None)

    revised = revise(a_stored(), source)

    assert revised.article == replace(ARTICLE, credit="New House", tags=("water", "dams"))
    assert not revised.proposed


def test_new_text_replaces_the_old_with_its_markup() -> None:
    source = replace(ARTICLE, sections=(Section(name="B", paragraphs=("New.",)),), body_html=None)

    assert revise(a_stored(), source).article == source


def test_what_a_source_does_not_say_stays() -> None:
    revised = revise(a_stored(), BARE).article

    assert revised == replace(ARTICLE, authors=("Ann Example",))


def test_an_editors_text_stays_and_the_change_of_the_source_is_proposed() -> None:
    stored = edit(a_stored(), {"headline": "An editor’s"})

    revised = revise(stored, replace(ARTICLE, headline="Changed"))

    assert revised.article.headline == "An editor’s"
    assert revised.proposed == {"headline": "Changed"}


def test_a_source_that_did_not_change_proposes_nothing() -> None:
    stored = edit(a_stored(), {"headline": "An editor’s", "credit": ""})

    assert revise(stored, ARTICLE) == stored


def test_a_proposal_goes_when_source_and_editor_agree_again() -> None:
    stored = revise(edit(a_stored(), {"headline": "An editor’s"}), replace(ARTICLE, headline="Changed"))

    assert revise(stored, replace(ARTICLE, headline="An editor’s")).proposed == {}
    assert edit(stored, {"headline": "Another"}).proposed == {}


def test_a_proposal_that_an_editor_wrote_over_does_not_come_back() -> None:
    stored = revise(edit(a_stored(), {"headline": "An editor’s"}), replace(ARTICLE, headline="Changed"))

    again = revise(edit(stored, {"headline": "Another"}), replace(ARTICLE, headline="Changed"))

    assert again.proposed == {}


def test_an_accepted_field_follows_its_source_again() -> None:
    stored = revise(edit(a_stored(), {"headline": "An editor’s"}), replace(ARTICLE, headline="Changed"))

    accepted = accept(stored, ["headline"])

    assert accepted == a_stored(replace(ARTICLE, headline="Changed"))
    assert accept(stored) == accepted
    assert revise(accepted, ARTICLE).article.headline == "From the source"


def test_only_what_is_proposed_can_be_accepted() -> None:
    with pytest.raises(RefusedError, match="Article 7: its source proposes nothing new for credit"):
        accept(a_stored(), ["credit"])


def test_an_editors_headline_ends_the_need_for_one() -> None:
    stored = edit(a_stored(BARE), {"headline": "A headline"})

    assert not stored.article.needs_headline
    assert revise(stored, BARE) == stored


def test_a_headline_from_the_source_ends_the_need_for_one() -> None:
    revised = revise(a_stored(BARE), replace(BARE, headline="Real", needs_headline=False))

    assert (revised.article.headline, revised.article.needs_headline) == ("Real", False)


def test_a_provisional_headline_follows_the_standfirst() -> None:
    revised = revise(a_stored(BARE), replace(BARE, standfirst="Other words."))

    assert (revised.article.headline, revised.article.needs_headline) == ("Other words", True)


@pytest.mark.parametrize("change", [{"published_at": "2025-10-17T00:00:00+00:00"}, {"credit": "x"}])
def test_a_date_from_an_editor_or_the_source_is_no_longer_the_imports(change: dict[str, str]) -> None:
    stored = a_stored(dated_by_import=True)
    is_dated = "published_at" in change

    assert edit(stored, change).dated_by_import is not is_dated
    assert revise(stored, replace(write_fields(BARE, change), published_at=None)).dated_by_import
    assert not revise(stored, ARTICLE).dated_by_import


def test_an_article_is_known_again_by_what_its_source_said() -> None:
    stored = edit(a_stored(), {"standfirst": "Entirely other words.", "authors": "A. Example", "url": ""})

    assert as_sourced(stored) == ARTICLE
    assert as_sourced(edit(a_stored(BARE), {"headline": "A headline"})).headline == "A headline"


def test_an_image_can_be_given_piece_by_piece_and_taken_away() -> None:
    stored = edit(a_stored(BARE), {"image_url": "https://example.org/b.png", "image_licence": "CC BY"})

    assert stored.article.image == Image(url="https://example.org/b.png", licence="CC BY")
    assert edit(stored, {"image_url": "", "image_licence": ""}).article.image is None


@pytest.mark.parametrize("name", ["headline", "standfirst", "published_at"])
def test_some_fields_cannot_be_emptied(name: str) -> None:
    with pytest.raises(InputError, match=f"Article 7: {name} cannot be empty"):
        edit(a_stored(), {name: ""})


def test_what_was_declined_is_proposed_again_only_when_the_source_changes_again() -> None:
    edited = edit(a_stored(), {"headline": "Ours"})
    proposed = revise(edited, replace(ARTICLE, headline="Second"))
    declined = decline(proposed, ["headline"])

    assert declined.proposed == {}
    assert declined.article.headline == "Ours"
    assert revise(declined, replace(ARTICLE, headline="Second")).proposed == {}
    assert revise(declined, replace(ARTICLE, headline="Third")).proposed == {"headline": "Third"}
    with pytest.raises(RefusedError, match="proposes nothing new for headline"):
        decline(declined, ["headline"])


def marks_of(stored: StoredArticle) -> dict[str, str]:
    return {name: mark(text) for name, text in show_fields(stored).items()}


def test_a_headline_that_nobody_wrote_is_shown_empty() -> None:
    assert show_fields(a_stored(BARE))["headline"] == ""
    assert show_fields(a_stored())["headline"] == "From the source"


def test_only_what_an_editor_changed_is_merged() -> None:
    began = a_stored()
    meanwhile = edit(began, {"credit": "Theirs"})
    texts = show_fields(began) | {"headline": "Mine"}

    assert merge(meanwhile, texts, marks_of(began)) == {"headline": "Mine"}


def test_both_texts_of_one_field_are_kept_apart_unless_they_are_the_same() -> None:
    began = a_stored()
    meanwhile = edit(began, {"headline": "Theirs"})

    with pytest.raises(ChangedMeanwhileError, match="somebody has changed headline") as caught:
        merge(meanwhile, {"headline": "Mine"}, marks_of(began))
    assert caught.value.theirs == {"headline": "Theirs"}
    assert merge(meanwhile, {"headline": "Theirs"}, marks_of(began)) == {}
    assert merge(meanwhile, {"headline": "Mine"}, marks_of(meanwhile)) == {"headline": "Mine"}


OTHER = replace(
    ARTICLE, sections=(Section(name="A", paragraphs=("Other one.",)),), body_html="<h2>A</h2>\n<p>Other <i>one</i>.</p>"
)


def test_an_editors_body_stays_and_the_change_of_the_source_is_proposed() -> None:
    stored = edit(a_stored(), {"body": "Ours, and *weighed*."})

    revised = revise(stored, OTHER)

    assert revised.article.sections == (Section(name="", paragraphs=("Ours, and weighed.",)),)
    assert revised.article.body_html == "<p>Ours, and <em>weighed</em>.</p>"
    assert revised.edited == {"body"}
    assert revised.proposed == {"body": "## A\n\nOther *one*."}
    assert revise(stored, ARTICLE) == stored
    assert as_sourced(revised).sections == OTHER.sections


def test_an_accepted_body_follows_its_source_again() -> None:
    accepted = accept(revise(edit(a_stored(), {"body": "Ours."}), OTHER))

    assert accepted.article.sections == OTHER.sections
    assert accepted.article.body_html == "<h2>A</h2>\n<p>Other <em>one</em>.</p>"
    assert (accepted.edited, accepted.proposed) == (frozenset(), {})
    assert revise(accepted, ARTICLE).article == ARTICLE


def test_a_declined_body_is_proposed_again_only_when_the_source_changes_again() -> None:
    declined = decline(revise(edit(a_stored(), {"body": "Ours."}), OTHER), ["body"])

    assert revise(declined, OTHER) == declined
    assert revise(declined, ARTICLE).proposed == {"body": "## A\n\nText."}


def test_a_body_that_no_editor_wrote_is_taken_over_with_its_own_markup() -> None:
    assert revise(a_stored(), OTHER).article.body_html == OTHER.body_html


def test_both_bodies_are_kept_apart_where_two_editors_wrote() -> None:
    began = a_stored()
    meanwhile = edit(began, {"body": "## A\n\nTheirs."})

    with pytest.raises(ChangedMeanwhileError, match="somebody has changed body") as caught:
        merge(meanwhile, {"body": "## A\n\nMine."}, marks_of(began))
    assert caught.value.theirs == {"body": "## A\n\nTheirs."}
    assert merge(meanwhile, {"body": "## A\n\nText.", "credit": "Mine"}, marks_of(began)) == {"credit": "Mine"}


def test_a_body_can_be_emptied() -> None:
    emptied = edit(a_stored(), {"body": ""}).article

    assert (emptied.sections, emptied.body_html) == ((), None)
