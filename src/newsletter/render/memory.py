"""Remember what issues were rendered to, so that a page that shows one again compiles nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from newsletter.domain.issue import Issue, RenderedIssue

_MOST = 8  # some hundred kilobytes each


class RenderMemory:
    """Renders each issue once, by its digest, until the theme changes. Equal issues give equal bytes anyway."""

    def __init__(self, render: Callable[[Issue], RenderedIssue], *, theme: Path | None) -> None:
        self._render, self._theme = render, theme
        self._lock = Lock()
        self._known: OrderedDict[tuple[str, float], RenderedIssue] = OrderedDict()

    def render(self, issue: Issue) -> RenderedIssue:
        """Return the issue rendered. Raises what rendering raises."""
        known = self.recall(issue)
        if known is not None:
            return known
        rendered = self._render(issue)
        with self._lock:
            self._known[self._key(issue)] = rendered
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return rendered

    def recall(self, issue: Issue) -> RenderedIssue | None:
        """Return it only if it was rendered before."""
        key = self._key(issue)
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
        return known

    def _key(self, issue: Issue) -> tuple[str, float]:
        files = self._theme.rglob("*") if self._theme else ()
        return issue.digest, max((file.stat().st_mtime for file in files), default=0.0)
