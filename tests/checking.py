"""For tests of preflight: what one check finds in a proof."""

from __future__ import annotations

from dataclasses import replace

from builders import a_masthead, a_picture
from draft_builders import (
    a_partner_shown,
    a_proof,
    a_stored_article,
    an_announcement_shown,
    an_article,
    an_article_shown,
)
from newsletter.domain.article import Image
from newsletter.domain.issue import ItemSlot, Masthead, RenderedVariant, SlottedText
from newsletter.service.check import load_checks
from newsletter.service.finding import Finding
from newsletter.service.proof import Proof

#: A site that only its own machine reaches.
LOCAL = "http://localhost:8080"


def findings(check: str, proof: Proof) -> list[Finding]:
    return list(load_checks()[check].run(proof))


def found(check: str, proof: Proof) -> list[tuple[str, str]]:
    """Return level and place of each finding."""
    return [(finding.level.value, finding.where) for finding in findings(check, proof)]


def the_only(check: str, proof: Proof) -> Finding:
    (finding,) = findings(check, proof)
    return finding


def a_site(base_url: str = LOCAL, *, postal_address: str = "12 Harbour Lane, Port Alder 4010") -> Masthead:
    return replace(a_masthead(base_url=base_url), postal_address=postal_address)


def a_complete_proof() -> Proof:
    image = Image(url="https://review.example/f.jpg", alt="A ferry", licence="CC BY 4.0")
    return a_proof(
        an_article_shown(a_stored_article(1, an_article(image=image)), picture=a_picture()),
        an_article_shown(a_stored_article(2), slot=ItemSlot.FEATURE),
        an_announcement_shown(),
        a_partner_shown(),
    )


def with_html(html: str, proof: Proof | None = None, *, text: str | None = None) -> Proof:
    """Return a proof whose HTML, and text if given, is another than its issue's."""
    proof = proof or a_proof(an_article_shown())
    assert proof.rendered
    (topics, variant), *_ = proof.rendered.variants.items()
    other = RenderedVariant(html=SlottedText((html,)), text=variant.text if text is None else SlottedText((text,)))
    return replace(proof, rendered=replace(proof.rendered, variants={topics: other}))
