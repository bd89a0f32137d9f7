"""Check an issue before it may be approved."""

from __future__ import annotations

from operator import attrgetter

from newsletter.service.check import load_checks
from newsletter.service.finding import Finding
from newsletter.service.proof import Proof


def preflight(proof: Proof) -> tuple[Finding, ...]:
    """Return what all checks find, errors first."""
    findings = (finding for check in load_checks().values() for finding in check.run(proof))
    return tuple(sorted(findings, key=attrgetter("level")))  # "error" sorts before "warning"
