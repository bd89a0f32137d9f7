"""Pages: a template, and the one frozen value that it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import route
from litestar.enums import HttpMethod, MediaType
from litestar.handlers import HTTPRouteHandler
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template import TemplateConfig
from litestar.types import AnyCallable


def page(path: str) -> Callable[[AnyCallable], HTTPRouteHandler]:
    """Serve a page that only shows something: by GET, and by HEAD as RFC 9110 9.3.2 wants it, in a thread."""
    return route(path, http_method=[HttpMethod.GET, HttpMethod.HEAD], status_code=200, sync_to_thread=True)


def show(
    template: str,
    value: object,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str = MediaType.HTML,
) -> Template:
    """Answer with a template; in it, ``page`` is ``value``."""
    return Template(
        template, context={"page": value}, media_type=media_type, status_code=status, headers=dict(headers or {})
    )


def open_templates(
    folder: Path,
    *,
    stylesheet: str,
    names: Mapping[str, object] | None = None,
    filters: Mapping[str, Callable[..., object]] | None = None,
) -> TemplateConfig[JinjaTemplateEngine]:
    """Set the template engine up; ``stylesheet`` is the path that the pages' style sheet is served under.

    ``names`` and ``filters`` are what an application's templates know besides.
    """
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["stylesheet"] = stylesheet
    environment.globals.update(names or {})
    environment.filters["long_date"] = long_date
    environment.filters.update(filters or {})
    return TemplateConfig(instance=JinjaTemplateEngine(engine_instance=environment))


def long_date(day: date) -> str:
    """Write a date as in print: 3 March 2026."""
    return f"{day.day} {day:%B %Y}"
