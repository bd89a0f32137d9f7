"""Errors as pages: what happened and what to do, in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from litestar import Request
from litestar.exceptions import HTTPException, InternalServerException
from litestar.response import Template

from newsletter.domain.issue import Masthead
from newsletter.errors import (
    ForbiddenError,
    InputError,
    NewsletterError,
    NotFoundError,
    RefusedError,
    TooManyError,
    UnauthenticatedError,
    trace_failure,
)
from newsletter.log import log
from newsletter.web.pages import show

# The first that fits: a class stands before the one that it is a kind of.
_STATUSES: dict[type[NewsletterError], HTTPStatus] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    InputError: HTTPStatus.BAD_REQUEST,
    TooManyError: HTTPStatus.TOO_MANY_REQUESTS,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    UnauthenticatedError: HTTPStatus.FORBIDDEN,
    RefusedError: HTTPStatus.CONFLICT,
}

_SENTENCES = {
    HTTPStatus.NOT_FOUND: "There is no page here. The address may be cut off, or the page has moved.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This page cannot be used in that way; go back and try its button again.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests have come from your network; please try again in some minutes.",
}
_OUR_FAULT = "Something went wrong on our side, and we have been told. Please try again in some minutes."
_YOUR_FAULT = "The request could not be understood; go back and try again."
_HUNG_UP = "client disconnected prematurely"  # Litestar's words for it, and it has no class of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    masthead: Masthead
    status: int
    title: str
    sentence: str


def create_error_handler(masthead: Masthead) -> Callable[[Request[Any, Any, Any], Exception], Template]:
    """Make the handler of every error that a page raises; it shows ``error.html.j2``."""

    def show_error(request: Request[Any, Any, Any], error: Exception) -> Template:
        explained = explain(error, method=request.method)
        value = ErrorPage(
            masthead=masthead, status=explained.status, title=explained.title, sentence=explained.sentence
        )
        return show("error.html.j2", value, status=explained.status, headers=explained.headers)

    return show_error


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What is said of an error."""

    status: HTTPStatus
    sentence: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return "Not found" if self.status == HTTPStatus.NOT_FOUND else self.status.phrase


def explain(error: Exception, *, method: str, to_editors: bool = False) -> Explained:
    """Say what an error means for who asked, and log what only we can mend: that is told to editors, not to readers."""
    explained = _explain(error, to_editors=to_editors)
    if explained.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("page failed", method=method, kind=type(error).__name__, at=trace_failure(error))
    return explained


def _explain(error: Exception, *, to_editors: bool) -> Explained:
    for kind, status in _STATUSES.items():
        if isinstance(error, kind):
            return Explained(status=status, sentence=str(error))
    if isinstance(error, NewsletterError):
        sentence = str(error) if to_editors else _OUR_FAULT
        return Explained(status=HTTPStatus.SERVICE_UNAVAILABLE, sentence=sentence, headers={"Retry-After": "60"})
    if isinstance(error, InternalServerException) and error.detail == _HUNG_UP:
        return Explained(status=HTTPStatus.BAD_REQUEST, sentence=_YOUR_FAULT)  # which nobody reads any more
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        status = HTTPStatus(error.status_code)
        return Explained(status=status, sentence=_SENTENCES.get(status, _YOUR_FAULT), headers=dict(error.headers or {}))
    return Explained(status=HTTPStatus.INTERNAL_SERVER_ERROR, sentence=_OUR_FAULT)
