"""The folders that travel with the package: templates, migrations, config, examples.

A wheel carries them inside the package; in a checkout they stand at its top level.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parents[1]


def folder(name: str) -> Path:
    """Return the folder ``name``: the wheel's copy where there is one, else the checkout's."""
    packed = _PACKAGE / "share" / name
    return packed if packed.is_dir() else _CHECKOUT / name
