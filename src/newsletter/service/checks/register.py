"""All checks. A new one is a function in a file beside this one, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from newsletter.service.checks.content import check_content
from newsletter.service.checks.image import check_images
from newsletter.service.checks.link import check_links
from newsletter.service.checks.partner import check_partners
from newsletter.service.checks.placeholder import check_placeholders
from newsletter.service.checks.repetition import check_repetitions
from newsletter.service.checks.sender import check_sender
from newsletter.service.checks.size import check_size
from newsletter.service.checks.subject import check_subject
from newsletter.service.finding import Finding
from newsletter.service.proof import Proof

CHECKS: tuple[Callable[[Proof], Iterator[Finding]], ...] = (
    check_content,
    check_subject,
    check_placeholders,
    check_links,
    check_images,
    check_size,
    check_sender,
    check_partners,
    check_repetitions,
)

#: the names by which findings may be overridden
NAMES = frozenset(
    {
        *("empty", "needs_headline", "withdrawn", "subject", "preheader", "placeholder", "link", "image"),
        *("size", "postal_address", "sender", "partner", "repetition"),
    }
)
