"""Errors as pages: what happened and what to do, in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request
from litestar.exceptions import HTTPException
from litestar.response import Template

from newsletter.domain.issue import Masthead
from newsletter.errors import (
    InputError,
    NewsletterError,
    NotFoundError,
    RefusedError,
    TooManyError,
    UnauthenticatedError,
    trace_failure,
)
from newsletter.web.pages import show

log = structlog.get_logger(__name__)

# The first that fits: a class stands before the one that it is a kind of.
_STATUSES: dict[type[NewsletterError], HTTPStatus] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    InputError: HTTPStatus.BAD_REQUEST,
    TooManyError: HTTPStatus.TOO_MANY_REQUESTS,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    masthead: Masthead
    status: int
    title: str
    sentence: str


def create_error_handler(masthead: Masthead) -> Callable[[Request[Any, Any, Any], Exception], Template]:
    """Make the handler of every error that a page raises; it shows ``error.html.j2``."""

    def show_error(request: Request[Any, Any, Any], error: Exception) -> Template:
        status, sentence, headers = _explain(error)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("page failed", method=request.method, kind=type(error).__name__, at=trace_failure(error))
        title = "Not found" if status == HTTPStatus.NOT_FOUND else status.phrase
        value = ErrorPage(masthead=masthead, status=status, title=title, sentence=sentence)
        return show("error.html.j2", value, status=status, headers=headers)

    return show_error


def _explain(error: Exception) -> tuple[HTTPStatus, str, dict[str, str]]:
    """Return status, sentence and headers; what only we can mend is not told to readers."""
    for kind, status in _STATUSES.items():
        if isinstance(error, kind):
            return status, str(error), {}
    if isinstance(error, NewsletterError):
        return HTTPStatus.SERVICE_UNAVAILABLE, _OUR_FAULT, {"Retry-After": "60"}
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        status = HTTPStatus(error.status_code)
        return status, _SENTENCES.get(status, _YOUR_FAULT), dict(error.headers or {})
    return HTTPStatus.INTERNAL_SERVER_ERROR, _OUR_FAULT, {}
