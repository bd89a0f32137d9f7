"""axe-core, run in the browser over a letter or a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from newsletter.resources import folder

_RUN = "() => axe.run(document, {resultTypes: ['violations']})"
_RUN_ONE = "rule => axe.run(document, {resultTypes: ['violations'], runOnly: [rule]})"
_SERIOUS = {"serious", "critical"}

#: Widths in CSS pixels and schemes that every page is looked at in: two of the four, and in the soak all.
VIEWS = (
    (375, "light"),
    (1280, "dark"),
    pytest.param(375, "dark", marks=pytest.mark.soak),
    pytest.param(1280, "light", marks=pytest.mark.soak),
)


def read_axe() -> str:
    """Return axe's own source; the test is skipped where the Node packages are missing."""
    source = folder("node_modules") / "axe-core" / "axe.min.js"
    if not source.exists():
        pytest.skip("axe-core is not here: install Node 20 or newer and npm, then make setup")
    return source.read_text(encoding="utf-8")


def find_barriers(page: Page, *, rule: str = "") -> list[str]:
    """Return what axe calls serious or critical in a page that has its source; with a rule, by that alone."""
    return list(_name_barriers(page.evaluate(_RUN_ONE, rule) if rule else page.evaluate(_RUN)))


def _name_barriers(results: Any) -> Iterator[str]:  # noqa: ANN401 - axe's own document
    for violation in results["violations"]:
        if violation["impact"] in _SERIOUS:
            yield from (f"{violation['id']}: {node['html'][:200]}" for node in violation["nodes"])
