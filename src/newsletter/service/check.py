"""A check of preflight: one question to an issue, with the level of whatever it finds.

Every module of the package ``checks`` holds one, and the module's name is the check's.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import MappingProxyType

from newsletter.service import checks
from newsletter.service.finding import Fault, Finding, Level
from newsletter.service.proof import Proof

Inspect = Callable[[Proof], Iterator[Fault]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: str
    level: Level
    #: while the site is on this machine, and may lack what only a published one has to have
    level_on_trial: Level
    #: one sentence: what holds of an issue in which it finds nothing
    promise: str
    inspect: Inspect

    def run(self, proof: Proof) -> Iterator[Finding]:
        level = self.level_on_trial if proof.is_trial else self.level
        for fault in self.inspect(proof):
            yield Finding(
                check=self.name, level=level, where=fault.where, field=fault.field, what=fault.what, mend=fault.mend
            )


def check(level: Level, *, promise: str, on_trial: Level | None = None) -> Callable[[Inspect], Check]:
    """Make a check of a function from a proof to faults; the others are the fields of ``Check``."""

    def make(inspect: Inspect) -> Check:
        return Check(
            name=inspect.__module__.rpartition(".")[2],
            level=level,
            level_on_trial=on_trial or level,
            promise=promise,
            inspect=inspect,
        )

    return make


@cache
def load_checks() -> Mapping[str, Check]:
    """Return all checks by name, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(checks.__path__))
    return MappingProxyType({name: _load(name) for name in names})


def _load(name: str) -> Check:
    (found,) = (
        value for value in vars(import_module(f"{checks.__name__}.{name}")).values() if isinstance(value, Check)
    )
    return found
