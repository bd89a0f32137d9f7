"""Whether everything is there that sending needs."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.response import Template

from newsletter.checkup import examine_app
from newsletter.desk.collaborators import TheApp
from newsletter.desk.routes import goes_by_htmx, screen
from newsletter.desk.visit import AnyRequest
from newsletter.domain.editor import EditorRole
from newsletter.service.diagnosis import Diagnosis, Level
from newsletter.web.pages import show

_WORST_FIRST = (Level.ERROR, Level.WARNING, Level.OK)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorPage:
    #: worst first; None before anything was looked at, which takes some seconds
    findings: tuple[Diagnosis, ...] | None = None


@screen("/doctor", role=EditorRole.PUBLISHER)
def show_doctor() -> Template:
    return show("doctor.html.j2", DoctorPage())


@screen("/doctor/findings", role=EditorRole.PUBLISHER)
def show_findings(request: AnyRequest, app: TheApp) -> Template:
    """Look at everything; relay and name servers are asked, each for some seconds at most."""
    found = sorted(examine_app(app), key=lambda each: _WORST_FIRST.index(each.level))
    template = "findings.html.j2" if goes_by_htmx(request) else "doctor.html.j2"
    return show(template, DoctorPage(findings=tuple(found)))
