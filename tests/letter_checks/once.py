"""Work that all processes of a test run share: the first one that asks does it, the others read what it made."""

from __future__ import annotations

import fcntl
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

_Made = TypeVar("_Made")


class Once:
    """Makes a thing once a test run; it has to be picklable, and is made again by each process where it raised."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, object] = {}

    def __call__(self, name: str, make: Callable[[], _Made]) -> _Made:
        if name not in self._made:
            self._made[name] = self._share(re.sub(r"\W+", "-", name), make)
        return self._made[name]  # type: ignore[return-value]  # one name, one kind of thing

    def _share(self, name: str, make: Callable[[], _Made]) -> _Made:
        file = self._folder / f"{name}.pickle"
        with (self._folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if file.exists():
                return pickle.loads(file.read_bytes())  # type: ignore[no-any-return]  # noqa: S301 - written below
            made = make()
            file.write_bytes(pickle.dumps(made))
            return made
