from __future__ import annotations

from pathlib import Path

from builders import a_partner
from checking import a_complete_proof
from draft_builders import a_proof, a_stored_partner, an_article_shown
from newsletter.service.check import load_checks
from newsletter.service.preflight import preflight

_TESTS = Path(__file__).parent / "checks"


def test_a_complete_issue_has_no_findings() -> None:
    assert preflight(a_complete_proof()) == ()


def test_errors_come_first() -> None:
    proof = a_proof(an_article_shown(), partners=[a_stored_partner(1, a_partner(url=None))], sender=None)

    assert [finding.level.value for finding in preflight(proof)] == ["error", "warning"]


def test_every_check_promises_something_and_has_a_test_of_its_name() -> None:
    for name, check in load_checks().items():
        assert check.name == name
        assert check.promise.endswith(".")
        assert "\n" not in check.promise
        assert (_TESTS / f"test_{name}.py").exists()
