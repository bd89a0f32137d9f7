"""Addresses on the web, taken apart."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def split_address(url: str) -> SplitResult | None:
    """Take an absolute http or https address apart; None for anything else."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    is_whole = parts.scheme in {"http", "https"} and host and not any(character.isspace() for character in url)
    return parts if is_whole else None


def host_of(url: str) -> str:
    """Return the host in lower case; "" for what is not a web address."""
    parts = split_address(url)
    return (parts.hostname or "") if parts else ""
