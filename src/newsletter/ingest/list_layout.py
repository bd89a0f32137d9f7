"""What the columns of a list mean: our own, another system's, or what somebody says they mean.

A layout is found by its header alone. Each cell of ours is made of the first of its columns that is filled, or of all
of them where they are parts of one thing, such as first and last names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from types import MappingProxyType

from newsletter.errors import InputError
from newsletter.ingest.list_tags import BETWEEN_CELLS

#: Our columns, in the order in which they are written; only the first has to be there when a file is read.
COLUMNS = (
    *("email", "name", "consent_source", "consent_at", "topics", "language", "status"),
    *("created_at", "unsubscribed_at", "tags"),
)
_STATUS = COLUMNS.index("status")

#: A status that only other systems' lists have: their letters came back, so ours are not sent either.
BOUNCED = "bounced"

_AS_IT_IS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a list of one system is read."""

    system: str
    #: columns by which it is known, in lower case; all of them are there
    known_by: frozenset[str]
    #: where each of our cells comes from
    columns: Mapping[str, tuple[str, ...]]
    #: its words for a status
    statuses: Mapping[str, str] = field(default_factory=dict)
    #: columns that, once filled, say what became of a person
    marks: Mapping[str, str] = field(default_factory=dict)

    @property
    def read_columns(self) -> frozenset[str]:
        return frozenset(name for names in self.columns.values() for name in names) | frozenset(self.marks)


OURS = Layout(system="", known_by=frozenset({"email"}), columns={name: (name,) for name in COLUMNS})

#: The first one that fits; ours fits whenever there is a column email.
LAYOUTS = (
    Layout(
        system="Mailchimp",
        known_by=frozenset({"email address", "euid"}),
        columns={
            "email": ("email address",),
            "name": ("first name", "last name"),
            "consent_at": ("confirm_time", "optin_time"),
            "created_at": ("optin_time", "confirm_time"),
            "unsubscribed_at": ("unsub_time",),
            "tags": ("tags",),
        },
        marks={"unsub_time": "unsubscribed", "clean_time": BOUNCED},
    ),
    Layout(
        system="Ghost",
        known_by=frozenset({"email", "subscribed_to_emails"}),
        columns={
            "email": ("email",),
            "name": ("name",),
            "consent_at": ("created_at",),
            "status": ("subscribed_to_emails",),
            "created_at": ("created_at",),
            "unsubscribed_at": ("deleted_at",),
            "tags": ("labels",),
        },
        statuses={"true": "active", "false": "unsubscribed"},
        marks={"deleted_at": "unsubscribed"},
    ),
    Layout(
        system="listmonk",
        known_by=frozenset({"uuid", "email", "status", "attributes"}),
        columns={
            "email": ("email",),
            "name": ("name",),
            "consent_at": ("created_at",),
            "status": ("status",),
            "created_at": ("created_at",),
            # It has no date of leaving; the last change of somebody who has left is the nearest to one.
            "unsubscribed_at": ("updated_at",),
            "tags": ("attributes", "lists", "tags"),
        },
        statuses={"enabled": "active", "disabled": "unsubscribed", "blocklisted": "unsubscribed"},
    ),
    OURS,
)

#: Cells that are put together from all their columns, and by what; of the others the first one that is filled counts.
_JOINED: Mapping[str, str] = MappingProxyType({"name": " ", "tags": BETWEEN_CELLS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A layout on one file: which cells of its rows make which of ours."""

    layout: Layout
    #: for each of COLUMNS, the places of its cells in a row
    places: tuple[tuple[int, ...], ...]
    #: places of marks, and the status that each of them means
    marks: tuple[tuple[int, str], ...]
    unknown_columns: tuple[str, ...]

    def picker(self) -> Callable[[Sequence[str]], list[str]]:
        """Return what gives a row's cells in the order of COLUMNS.

        Where each of them is one cell of the row, or none, as in lists of our own, that takes a fifth of the time.
        """
        if self.layout.statuses or self.marks or any(len(places) > 1 for places in self.places):
            return self._pick
        get = itemgetter(*[places[0] if places else -1 for places in self.places])  # -1: the empty cell put behind

        def pick(row: Sequence[str]) -> list[str]:
            try:
                return [cell.strip() for cell in get((*row, ""))]
            except IndexError:  # the row is short of cells
                return self._pick(row)

        return pick

    def _pick(self, row: Sequence[str]) -> list[str]:
        width = len(row)
        cells = [
            row[places[0]].strip()
            if len(places) == 1 and places[0] < width
            else _combine(row, places, between=_JOINED.get(name))
            for name, places in zip(COLUMNS, self.places, strict=True)
        ]
        if self.layout.statuses:
            cells[_STATUS] = self.layout.statuses.get(cells[_STATUS].lower(), cells[_STATUS])
        for place, status in self.marks:
            if place < width and row[place].strip():
                cells[_STATUS] = status
        return cells


def plan_reading(header: Sequence[str], mapping: Mapping[str, str] = _AS_IT_IS) -> Plan:
    """Say how the rows below ``header`` (in lower case) are read.

    ``mapping`` has columns of the file and what they mean, one of COLUMNS each; it goes before any layout. Several may
    be parts of a name, or have tags. Raises InputError, whose sentence begins with what is missing or doubled.
    """
    meant = {theirs.strip().lower(): ours for theirs, ours in mapping.items()}
    for theirs, ours in meant.items():
        if ours not in COLUMNS:
            raise InputError(f"{ours!r} is no column of a list; there are {', '.join(COLUMNS)}.")
        if theirs not in header:
            raise InputError(f"There is no column {theirs!r} in the file; it has {', '.join(filter(None, header))}.")
    layout = next((each for each in LAYOUTS if each.known_by <= {*header, *meant.values()}), OURS)
    columns = dict(layout.columns)
    # A column of tags that is said to be something else has none.
    columns["tags"] = tuple(name for name in columns["tags"] if name not in meant)
    for ours in meant.values():
        named_by_hand = [theirs for theirs, meaning in meant.items() if meaning == ours]
        columns[ours] = tuple(named_by_hand if ours in _JOINED else named_by_hand[-1:])
    named = {name for names in columns.values() for name in names} | set(layout.marks)
    return Plan(
        layout=layout,
        places=tuple(
            tuple(header.index(name) for name in columns.get(column, ()) if name in header) for column in COLUMNS
        ),
        marks=tuple((header.index(name), status) for name, status in layout.marks.items() if name in header),
        unknown_columns=tuple(name for name in header if name and name not in named),
    )


def _combine(row: Sequence[str], places: Sequence[int], *, between: str | None) -> str:
    cells = [row[place].strip() for place in places if place < len(row)]
    if between is not None:
        return between.join(filter(None, cells))
    return next(filter(None, cells), "")
