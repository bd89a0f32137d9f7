from __future__ import annotations

from dataclasses import replace

from newsletter.domain.arrangement import ItemName, Items, place_item, remove_item, step_item
from newsletter.domain.composition import Composition, TextField, TextName
from newsletter.domain.issue import DraftItem, ItemSlot
from newsletter.domain.merge import merge_compositions

HEADLINE = TextName(TextField.HEADLINE, 2)
STORIES = [ItemName.parse(str(number)) for number in (1, 2, 3, 4)]


def a_composition(*articles: int) -> Composition:
    return Composition(
        subject="Ours",
        items=(
            *(
                DraftItem(slot=ItemSlot.FEATURE if place else ItemSlot.LEAD, article_id=article, reason="new")
                for place, article in enumerate(articles or (1, 2, 3, 4))
            ),
            DraftItem(slot=ItemSlot.PARTNER, partner_id=1, reason="shown in 0 issues, weight 1"),
        ),
    )


def arranged(composition: Composition, items: Items) -> Composition:
    return replace(composition, items=items)


def stories(composition: Composition) -> list[int | None]:
    return [item.article_id for item in composition.items if item.slot is not ItemSlot.PARTNER]


def test_changes_to_different_things_add_up() -> None:
    base = a_composition()
    mine = base.write(HEADLINE, "Better")
    theirs = arranged(base.write(TextName(TextField.SUBJECT), "Theirs"), remove_item(base.items, STORIES[2]))

    merge = merge_compositions(base, mine, theirs)

    assert merge.clashes == ()
    assert (merge.composition.read(HEADLINE), merge.composition.subject) == ("Better", "Theirs")
    assert stories(merge.composition) == [1, 2, 4]


def test_one_text_written_twice_is_a_clash_and_theirs_stands() -> None:
    base = a_composition()

    merge = merge_compositions(base, base.write(HEADLINE, "Mine"), base.write(HEADLINE, "Theirs"))

    assert merge.clashes == (HEADLINE,)
    assert merge.composition.read(HEADLINE) == "Theirs"


def test_the_same_words_twice_are_no_clash() -> None:
    base = a_composition()
    written = base.write(HEADLINE, "The same")

    assert merge_compositions(base, written, written).clashes == ()


def test_a_move_lands_behind_the_same_neighbour_whatever_else_happened() -> None:
    base = a_composition()
    mine = arranged(base, place_item(base.items, STORIES[1], ItemSlot.FEATURE))
    theirs = arranged(base, step_item(base.items, STORIES[0], 1, among=STORIES))

    assert stories(mine) == [1, 3, 4, 2]
    assert stories(theirs) == [2, 1, 3, 4]
    assert stories(merge_compositions(base, mine, theirs).composition) == [1, 3, 4, 2]


def test_what_they_removed_stays_away_though_i_moved_it() -> None:
    base = a_composition()
    mine = arranged(base, place_item(base.items, STORIES[3], ItemSlot.FEATURE, before=STORIES[1]))
    theirs = arranged(base, remove_item(base.items, STORIES[3]))

    assert stories(merge_compositions(base, mine, theirs).composition) == [1, 2, 3]


def test_a_change_is_taken_back_from_under_later_ones() -> None:
    drafted = a_composition()
    without_lead = arranged(drafted, remove_item(drafted.items, STORIES[0]))
    later = without_lead.write(HEADLINE, "Later")

    back = merge_compositions(without_lead, drafted, later).composition

    assert stories(back) == [1, 2, 3, 4]
    assert [item.slot for item in back.items[:2]] == [ItemSlot.LEAD, ItemSlot.FEATURE]
    assert back.read(HEADLINE) == "Later"


def test_a_pin_is_merged_like_anything_else() -> None:
    base = a_composition()
    pinned = replace(base.items[1], is_pinned=True)
    mine = arranged(base, (base.items[0], pinned, *base.items[2:]))

    merged = merge_compositions(base, mine, base.write(HEADLINE, "Theirs")).composition

    assert merged.items[1] == replace(pinned, headline="Theirs")


def test_a_composition_survives_being_stored() -> None:
    composition = a_composition().write(HEADLINE, "Better")

    assert Composition.load(composition.dump()) == composition
