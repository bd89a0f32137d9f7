"""Partner links: windows, weights, what was shown when."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Literal
from zoneinfo import ZoneInfo

from litestar import Response
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.local_time import read_local, write_local
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.typed_form import TypedForm
from newsletter.desk.visit import AnyRequest
from newsletter.domain.editor import EditorRole
from newsletter.domain.partner import PartnerLink, StoredPartnerLink
from newsletter.errors import InputError, RefusedError
from newsletter.ingest.csv_subscribers import protect_cell
from newsletter.service.edit_partner import (
    PartnerTexts,
    edit_partner,
    mark_partner,
    retire_partner,
    return_partner,
    show_texts,
    write_partner,
)
from newsletter.store.partners import find_partner, list_partners, list_shown
from newsletter.web.pages import show

_TEXTS = ("name", "url", "text", "logo", "language")
_TIMES = ("window_from", "window_until")

LABELS = {
    "name": "Name",
    "url": "Address",
    "text": "A line about the partner",
    "logo": "Address of a logo",
    "language": "Language of the name",
    "weight": "Weight",
    "window_from": "Shown from",
    "window_until": "Shown until",
}

Standing = Literal["shown", "needs an address", "to come", "over", "retired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPartner:
    stored: StoredPartnerLink
    standing: Standing
    #: issues that have carried it
    count: int
    #: the latest of them
    last: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnersPage:
    listed: tuple[ListedPartner, ...]
    #: that times are in
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerPage:
    #: None for one that is not stored yet
    stored: StoredPartnerLink | None
    form: TypedForm
    #: that times are in
    zone: str

    @property
    def labels(self) -> Mapping[str, str]:
        return LABELS


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    #: each issue with the names that it showed, the latest first
    issues: tuple[tuple[int, tuple[str, ...]], ...]


@screen("/partners", role=EditorRole.WRITER)
def show_partners(app: TheApp) -> Template:
    now = app.now()
    with app.database.snapshot() as snapshot:
        stored = list_partners(snapshot, with_retired=True)
        shown = list_shown(snapshot)
    numbers: dict[int, list[int]] = {}
    for number, partner_id in shown:
        numbers.setdefault(partner_id, []).append(number)
    listed = [
        ListedPartner(
            stored=each,
            standing=_stand(each, now),
            count=len(numbers.get(each.id, ())),
            last=next(iter(numbers.get(each.id, ())), None),
        )
        for each in stored
    ]
    listed.sort(key=lambda each: (each.standing == "retired", each.stored.link.name.casefold()))
    return show("partners.html.j2", PartnersPage(listed=tuple(listed), zone=app.cadence.timezone))


@screen("/partners/report", role=EditorRole.WRITER)
def show_report(app: TheApp) -> Template:
    return show("partners_report.html.j2", ReportPage(issues=load_report(app)))


@screen("/partners/report.csv", role=EditorRole.WRITER)
def give_report(app: TheApp) -> Response[str]:
    """Give a line for each link that an issue showed."""
    stream = StringIO()
    writer = csv.writer(stream)
    writer.writerow(["issue", "partner"])
    writer.writerows([number, protect_cell(name)] for number, names in load_report(app) for name in names)
    headers = {"Content-Disposition": 'attachment; filename="partners.csv"'}
    return Response(stream.getvalue(), media_type="text/csv", headers=headers)


@screen("/partners/new", role=EditorRole.WRITER)
def show_new_partner(app: TheApp) -> Template:
    form = TypedForm(texts=show_texts(PartnerLink(name="")))
    return show("partner.html.j2", PartnerPage(stored=None, form=form, zone=app.cadence.timezone))


@act("/partners/new", role=EditorRole.EDITOR)
def add_partner(
    data: URLEncodedBody[dict[str, str]], request: AnyRequest, app: TheApp, editor: TheEditor
) -> Template | Redirect:
    try:
        texts = _read(data, app.cadence.zone)
        stored = write_partner(texts, database=app.database, now=app.now(), actor=editor.name)
    except (InputError, RefusedError) as error:
        form = TypedForm(texts=_keep(data), error=str(error))
        value = PartnerPage(stored=None, form=form, zone=app.cadence.timezone)
        return show("partner.html.j2", value, status=form.status)
    say(request, f"{stored.link.name} is stored.")
    return see_other("/partners")


@screen("/partners/{partner_id:int}", role=EditorRole.WRITER)
def show_partner(partner_id: FromPath[int], app: TheApp) -> Template:
    with app.database.snapshot() as snapshot:
        stored = find_partner(snapshot, partner_id)
    form = TypedForm(texts=_show_local(stored.link, app.cadence.zone), seen=mark_partner(stored.link))
    return show("partner.html.j2", PartnerPage(stored=stored, form=form, zone=app.cadence.timezone))


@act("/partners/{partner_id:int}", role=EditorRole.EDITOR)
def save_partner(
    partner_id: FromPath[int],
    data: URLEncodedBody[dict[str, str]],
    request: AnyRequest,
    app: TheApp,
    editor: TheEditor,
) -> Template | Redirect:
    zone, form = app.cadence.zone, TypedForm(texts=_keep(data), seen=data.get("seen", ""))
    try:
        stored = edit_partner(
            partner_id, _read(data, zone), database=app.database, now=app.now(), actor=editor.name, seen=form.seen
        )
    except (InputError, RefusedError) as error:
        with app.database.snapshot() as snapshot:
            found = find_partner(snapshot, partner_id)
        form = form.refuse(error, saved=_show_local(found.link, zone), mark=mark_partner(found.link))
        value = PartnerPage(stored=found, form=form, zone=app.cadence.timezone)
        return show("partner.html.j2", value, status=form.status)
    say(request, f"{stored.link.name} is saved.")
    return see_other("/partners")


@act("/partners/{partner_id:int}/retire", role=EditorRole.EDITOR)
def retire(partner_id: FromPath[int], request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    stored = retire_partner(partner_id, database=app.database, now=app.now(), actor=editor.name)
    say(request, f"{stored.link.name} is retired.")
    return see_other(f"/partners/{partner_id}")


@act("/partners/{partner_id:int}/return", role=EditorRole.EDITOR)
def bring_back(partner_id: FromPath[int], request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    stored = return_partner(partner_id, database=app.database, now=app.now(), actor=editor.name)
    say(request, f"{stored.link.name} is back.")
    return see_other(f"/partners/{partner_id}")


def load_report(app: TheApp) -> tuple[tuple[int, tuple[str, ...]], ...]:
    with app.database.snapshot() as snapshot:
        names = {each.id: each.link.name for each in list_partners(snapshot, with_retired=True)}
        shown = list_shown(snapshot)
    issues: dict[int, list[str]] = {}
    for number, partner_id in shown:
        issues.setdefault(number, []).append(names[partner_id])
    return tuple((number, tuple(carried)) for number, carried in issues.items())


def _stand(stored: StoredPartnerLink, now: datetime) -> Standing:
    link = stored.link
    if stored.retired_at:
        return "retired"
    if link.url is None:
        return "needs an address"
    if link.window_from and link.window_from > now:
        return "to come"
    return "shown" if link.is_shown_at(now) else "over"


def _show_local(link: PartnerLink, zone: ZoneInfo) -> dict[str, str]:
    return show_texts(link) | {name: write_local(getattr(link, name), zone) for name in _TIMES}


def _read(data: Mapping[str, str], zone: ZoneInfo) -> PartnerTexts:
    weight = data.get("weight", "1").strip() or "1"
    if not weight.isdecimal():
        raise InputError(f"{weight!r} is no weight: write a whole number, 1 or more.")
    texts = {name: data[name] for name in _TEXTS if name in data}
    times = {
        name: read_local(data[name], zone).isoformat() if data[name].strip() else "" for name in _TIMES if name in data
    }
    return PartnerTexts(**texts, **times, weight=int(weight))


def _keep(data: Mapping[str, str]) -> dict[str, str]:
    return {name: data.get(name, "") for name in LABELS}
