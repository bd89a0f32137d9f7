from __future__ import annotations

import pytest

from newsletter.domain.arrangement import (
    ItemName,
    Items,
    add_item,
    find_item,
    order_features,
    pin_item,
    place_item,
    refill_items,
    remove_item,
    replace_item,
    reword_item,
    set_lead,
    step_item,
    swap_items,
)
from newsletter.domain.issue import DraftItem, ItemSlot
from newsletter.errors import InputError, RefusedError


def the_items() -> Items:
    return (
        DraftItem(slot=ItemSlot.LEAD, article_id=1, reason="new"),
        DraftItem(slot=ItemSlot.FEATURE, article_id=2, reason="new"),
        DraftItem(slot=ItemSlot.FEATURE, article_id=3, reason="new"),
        DraftItem(slot=ItemSlot.FEATURE, article_id=4, reason="new"),
        DraftItem(slot=ItemSlot.ANNOUNCEMENT, announcement_id=1, reason="news"),
        DraftItem(slot=ItemSlot.PARTNER, partner_id=1, reason="shown in 0 issues, weight 1"),
    )


def stories(items: Items) -> list[tuple[str, int | None]]:
    return [(item.slot.value, item.article_id) for item in items if item.article_id]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("17", "article 17"),
        (" article:17 ", "article 17"),
        ("announcement:3", "announcement 3"),
        ("partner:5", "partner 5"),
    ],
)
def test_items_are_named_by_kind_and_id(text: str, written: str) -> None:
    assert str(ItemName.parse(text)) == written


@pytest.mark.parametrize("text", ["", "x", "feature:3", "partner:", "partner:x"])
def test_a_name_that_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="names no item"):
        ItemName.parse(text)


def test_every_item_has_the_name_it_was_made_from() -> None:
    for text in ("17", "announcement:3", "partner:5"):
        name = ItemName.parse(text)
        assert ItemName.of(name.make_item(ItemSlot.FEATURE, "pinned")) == name


def test_an_added_item_stands_behind_the_others_of_its_slot() -> None:
    items = add_item(the_items(), ItemName.parse("9"), ItemSlot.FEATURE, reason="pinned")

    assert stories(items) == [("lead", 1), ("feature", 2), ("feature", 3), ("feature", 4), ("feature", 9)]
    assert items[-2].announcement_id == 1


def test_an_item_is_added_only_once() -> None:
    with pytest.raises(RefusedError, match="has partner 1 already"):
        add_item(the_items(), ItemName.parse("partner:1"), ItemSlot.PARTNER, reason="pinned")


def test_the_former_lead_becomes_the_first_feature() -> None:
    items = set_lead(the_items(), 3)

    assert stories(items) == [("lead", 3), ("feature", 1), ("feature", 2), ("feature", 4)]
    assert items[0].reason == "pinned"


def test_without_its_lead_an_issue_is_led_by_its_first_feature() -> None:
    items = remove_item(the_items(), ItemName.parse("1"))

    assert stories(items) == [("lead", 2), ("feature", 3), ("feature", 4)]


def test_removing_anything_else_leaves_the_lead() -> None:
    items = remove_item(the_items(), ItemName.parse("announcement:1"))

    assert find_item(items, ItemName.parse("announcement:1")) is None
    assert stories(items)[0] == ("lead", 1)


def test_the_last_story_may_be_removed() -> None:
    assert remove_item(the_items()[:1], ItemName.parse("1")) == ()


def test_named_features_come_first_and_the_others_keep_their_order() -> None:
    assert stories(order_features(the_items(), [4])) == [("lead", 1), ("feature", 4), ("feature", 2), ("feature", 3)]


def test_only_features_have_an_order() -> None:
    with pytest.raises(RefusedError, match="Article 1 is not a feature"):
        order_features(the_items(), [2, 1])


def test_words_for_this_issue_stand_until_they_are_emptied() -> None:
    reworded = reword_item(the_items(), 2, headline=" Better ", teaser="Shorter.")
    teaser_only = reword_item(reworded, 2, headline="")

    assert (reworded[1].headline, reworded[1].teaser) == ("Better", "Shorter.")
    assert (teaser_only[1].headline, teaser_only[1].teaser) == (None, "Shorter.")


def test_what_the_issue_has_not_cannot_be_reworded() -> None:
    with pytest.raises(RefusedError, match="has no article 99"):
        reword_item(the_items(), 99, headline="Better")


def name(text: str) -> ItemName:
    return ItemName.parse(text)


def test_an_item_is_put_before_another() -> None:
    items = place_item(the_items(), name("4"), ItemSlot.FEATURE, before=name("2"))

    assert stories(items) == [("lead", 1), ("feature", 4), ("feature", 2), ("feature", 3)]
    assert [item.article_id for item in items if item.is_pinned] == [4]


def test_an_item_put_to_the_lead_leads_and_keeps_its_reason() -> None:
    items = place_item(the_items(), name("3"), ItemSlot.LEAD)

    assert stories(items) == [("lead", 3), ("feature", 1), ("feature", 2), ("feature", 4)]
    assert items[0].reason == "new"


def test_a_lead_put_elsewhere_leaves_its_place_to_the_first_feature() -> None:
    items = place_item(the_items(), name("1"), ItemSlot.FEATURE)

    assert stories(items) == [("lead", 2), ("feature", 3), ("feature", 4), ("feature", 1)]


def test_where_the_neighbour_is_gone_the_item_goes_behind_all() -> None:
    items = place_item(the_items(), name("2"), ItemSlot.FEATURE, before=name("99"))

    assert stories(items) == [("lead", 1), ("feature", 3), ("feature", 4), ("feature", 2)]


@pytest.mark.parametrize(("item", "slot"), [("partner:1", ItemSlot.LEAD), ("1", ItemSlot.PARTNER)])
def test_an_item_stands_among_its_own_kind(item: str, slot: ItemSlot) -> None:
    with pytest.raises(RefusedError, match="cannot stand there"):
        place_item(the_items(), name(item), slot)


def test_items_go_step_by_step_from_the_lead_to_the_end_and_back() -> None:
    items = the_items()
    seen = []
    for by in (1, 1, 1, 1, -1, -1, -1, -1):
        row = [ItemName.of(item) for item in items if item.article_id]
        items = step_item(items, name("1"), by, among=row)
        seen.append([article for _, article in stories(items)])

    assert seen[:4] == [[2, 1, 3, 4], [2, 3, 1, 4], [2, 3, 4, 1], [2, 3, 4, 1]]
    assert seen[4:] == [[2, 3, 1, 4], [2, 1, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]]
    assert stories(items)[0] == ("lead", 1)


def test_two_items_change_places() -> None:
    assert stories(swap_items(the_items(), name("1"), name("3"))) == [
        ("lead", 3),
        ("feature", 2),
        ("feature", 1),
        ("feature", 4),
    ]


def test_an_article_takes_the_place_of_another() -> None:
    items = replace_item(the_items(), name("1"), name("9").make_item(ItemSlot.FEATURE, "pinned"))

    assert stories(items) == [("lead", 9), ("feature", 2), ("feature", 3), ("feature", 4)]


def test_a_draft_is_filled_anew_around_what_an_editor_fixed() -> None:
    pinned = pin_item(the_items(), name("3"), is_pinned=True)
    worded = reword_item(pinned, 4, teaser="In brief.")
    fresh = tuple(
        DraftItem(slot=ItemSlot.FEATURE if place else ItemSlot.LEAD, article_id=article, reason="new since 41")
        for place, article in enumerate((7, 1, 8, 2, 3))
    )

    filled = refill_items(worded, fresh, dismissed=frozenset({name("2")}))

    assert stories(filled) == [("lead", 7), ("feature", 1), ("feature", 3), ("feature", 4), ("feature", 8)]
    assert find_item(filled, name("partner:1")) is None
