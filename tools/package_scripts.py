"""Put the npm scripts of the desk's pages into the wheel, where they are installed; a step of the build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SCRIPTS = (
    "htmx.org/dist/htmx.min.js",
    "htmx-ext-sse/dist/sse.min.js",
    "sortablejs/Sortable.min.js",
)


class ScriptsHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's own names
        """Name what is there; without Node packages the wheel's desk works by plain forms."""
        for script in _SCRIPTS:
            file = Path(self.root) / "node_modules" / script
            if file.is_file():
                build_data["force_include"][str(file)] = f"newsletter/share/scripts/{file.name}"
