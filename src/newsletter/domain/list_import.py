"""A list that was handed in at the desk, and how far its import has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

#: Lists and what was refused of them are kept so long; they hold addresses of people who may never become subscribers.
KEPT_FOR = timedelta(days=14)

#: A run that has shown no sign of life for so long is taken for dead, and another may go on in its place.
LIFE_SIGN = timedelta(minutes=1)

#: An upload may have so many bytes; a list of a million people has about sixty million.
MOST_BYTES = 100 << 20


class ImportStage(StrEnum):
    #: handed in; nothing was looked at beyond its header
    WAITING = "waiting"
    #: a run goes through it
    RUNNING = "running"
    #: an editor stopped the run; it can go on
    STOPPED = "stopped"
    #: a trial has gone through all of it
    TRIED = "tried"
    #: all of it was taken over
    FINISHED = "finished"
    #: it cannot be read
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReading:
    """How a list is to be read."""

    #: column of the file → column of ours
    mapping: Mapping[str, str] = field(default_factory=dict)
    #: where everybody in it gave consent, for lines that do not say
    consent_source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListProgress:
    """How far a run has come, and what it has found until then."""

    #: that the run is through with
    lines: int = 0
    #: fate → lines
    counts: Mapping[str, int] = field(default_factory=dict)
    #: lines of added addresses that an office shares; the first ones of them
    role_lines: tuple[int, ...] = ()
    #: the first ones whose address an earlier line has
    repeated_lines: tuple[int, ...] = ()
    #: the first ones of people who have left there, or bounced, and are active here
    left_lines: tuple[int, ...] = ()
    #: what could not be a tag → lines; the first ones of them
    untaken_tags: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListImport:
    id: int
    file_name: str
    #: bytes
    size: int
    uploaded_by: str
    uploaded_at: datetime
    stage: ImportStage
    #: the run stores nobody
    is_trial: bool
    reading: ListReading
    #: whose list it is; "" for our own
    system: str
    #: the file's, in lower case
    columns: tuple[str, ...]
    unknown_columns: tuple[str, ...]
    #: an editor wants the run to end
    is_stopping: bool
    progress: ListProgress
    #: why it failed; "" unless it did
    why: str
    #: the run's last sign of life
    alive_at: datetime | None

    def is_alive(self, now: datetime) -> bool:
        """Tell whether a run is at work on it."""
        return self.stage is ImportStage.RUNNING and self.alive_at is not None and now - self.alive_at < LIFE_SIGN

    def may_begin(self, now: datetime) -> bool:
        """Tell whether a run may begin, or go on."""
        return not self.is_alive(now) and self.stage not in {ImportStage.FINISHED, ImportStage.FAILED}

    def may_go_on(self, now: datetime) -> bool:
        """Tell whether a run began that no longer goes on."""
        return self.stage is ImportStage.STOPPED or (self.stage is ImportStage.RUNNING and not self.is_alive(now))
