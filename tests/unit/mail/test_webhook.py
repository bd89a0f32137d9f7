"""The providers of webhooks, found by being there."""

from __future__ import annotations

from pathlib import Path

from newsletter.mail.webhook import list_providers, open_webhooks

DOCS = Path(__file__).parents[3] / "docs" / "webhooks.md"


def fetch_nothing(_url: str) -> bytes:
    return b""


def test_each_provider_has_a_line_in_the_documentation() -> None:
    text = DOCS.read_text(encoding="utf-8")

    assert [name for name in list_providers() if f"| `{name}` |" not in text] == []


def test_only_providers_with_a_key_are_opened() -> None:
    assert list(open_webhooks({"generic": "a secret", "generic_file": "generic.key"}, fetch=fetch_nothing)) == [
        "generic"
    ]
    assert open_webhooks({"generic": ""}, fetch=fetch_nothing) == {}
