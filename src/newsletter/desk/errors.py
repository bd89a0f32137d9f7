"""Errors at the desk: a page with the sentence, or for a script the sentence alone."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from litestar import Response
from litestar.response import Redirect, Template

from newsletter.desk.guard import SignInNeededError
from newsletter.desk.routes import PREFIX, goes_by_htmx
from newsletter.desk.visit import AnyRequest
from newsletter.web.errors import explain
from newsletter.web.pages import show


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    status: int
    title: str
    sentence: str


def show_error(request: AnyRequest, error: Exception) -> Template | Redirect | Response[bytes]:
    if isinstance(error, SignInNeededError):
        where = f"{PREFIX}/sign-in" + (f"?{urlencode({'back': error.back})}" if error.back else "")
        if "HX-Request" in request.headers:
            return Response(b"", status_code=401, headers={"HX-Redirect": where})
        return Redirect(where, status_code=303)
    explained = explain(error, method=request.method, to_editors=True)
    value = ErrorPage(status=explained.status, title=explained.title, sentence=explained.sentence)
    template = "error_sentence.html.j2" if goes_by_htmx(request) else "error.html.j2"
    return show(template, value, status=explained.status, headers=explained.headers)
