"""The audit log: who did what, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias
from urllib.parse import urlencode

from litestar.params import QueryParameter
from litestar.response import Template

from newsletter.desk.collaborators import TheApp
from newsletter.desk.routes import PREFIX, screen
from newsletter.domain.act import Act
from newsletter.domain.editor import EditorRole
from newsletter.store.audit import list_actors, list_acts, list_kinds
from newsletter.web.pages import show

_MOST = 100

Text: TypeAlias = Annotated[str, QueryParameter()]
Before: TypeAlias = Annotated[int | None, QueryParameter()]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    #: the latest first
    acts: tuple[Act, ...]
    actors: tuple[str, ...]
    kinds: tuple[str, ...]
    actor: str
    act: str
    subject: str
    #: where the entries before these are; "" where there are none
    earlier: str
    zone: str

    @property
    def is_filtered(self) -> bool:
        return bool(self.actor or self.act or self.subject)


@screen("/audit", role=EditorRole.PUBLISHER)
def show_audit(app: TheApp, actor: Text = "", act: Text = "", subject: Text = "", before: Before = None) -> Template:
    subject = subject.strip()
    with app.database.snapshot() as snapshot:
        found = list_acts(snapshot, actor=actor, act=act, subject=subject, before=before, most=_MOST + 1)
        actors, kinds = list_actors(snapshot), list_kinds(snapshot)
    shown = found[:_MOST]
    query = {"actor": actor, "act": act, "subject": subject, "before": shown[-1].id if shown else 0}
    value = AuditPage(
        acts=shown,
        actors=actors,
        kinds=kinds,
        actor=actor,
        act=act,
        subject=subject,
        earlier=f"{PREFIX}/audit?{urlencode(query)}" if len(found) > _MOST else "",
        zone=app.cadence.timezone,
    )
    return show("audit.html.j2", value)
