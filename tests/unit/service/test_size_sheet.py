from __future__ import annotations

from checking import a_complete_proof
from draft_builders import a_partner_shown, a_proof
from newsletter.service.size_sheet import measure_blocks


def test_the_running_total_ends_at_the_size_of_the_html() -> None:
    proof = a_complete_proof()

    blocks = measure_blocks(proof)

    assert [block.block for block in blocks] == ["frame", "lead", "feature", "announcement", "partner"]
    assert blocks[1].name == "article 1"
    assert blocks[0].total == blocks[0].bytes
    assert blocks[-1].total == sum(block.bytes for block in blocks) == len(proof.html.encode())


def test_an_issue_that_says_nothing_has_no_frame() -> None:
    frame, partner = measure_blocks(a_proof(a_partner_shown()))

    assert frame.bytes == 0
    assert partner.bytes > 0
