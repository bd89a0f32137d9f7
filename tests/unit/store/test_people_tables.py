"""No table may know something about people that their record does not show."""

from __future__ import annotations

from newsletter.store.tables import metadata

#: What `service.person_record` collects from, and what erasing a person empties.
_IN_THE_RECORD = {
    "address_changes",
    "bounces",
    "consent_log",
    "deliveries",
    "notices",
    "sign_ups",
    "subscriber_tags",
    "subscribers",
    "unsubscribes",
} | {"suppressions"}


def test_every_table_that_names_people_is_in_their_record() -> None:
    names = {
        table.name
        for table in metadata.tables.values()
        if {"address", "address_hash", "normalized", "subscriber_id"} & set(table.columns.keys())
    }

    assert names == _IN_THE_RECORD, "add the table to service/person_record.py, to store/people.py's erasure, and here"
