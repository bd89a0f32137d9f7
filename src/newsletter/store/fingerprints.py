"""Fingerprints of keys that must never change."""

from __future__ import annotations

import hashlib

from sqlalchemy import insert, select

from newsletter.errors import ConfigurationError
from newsletter.store.database import Transaction
from newsletter.store.tables import key_fingerprints


def record_fingerprint(transaction: Transaction, name: str, key: bytes) -> None:
    """Remember the key by its fingerprint, when the first one is used."""
    stored = transaction.scalar(select(key_fingerprints.c.fingerprint).filter_by(name=name))
    if stored is None:
        transaction.execute(insert(key_fingerprints).values(name=name, fingerprint=_fingerprint(key)))


def check_fingerprint(transaction: Transaction, name: str, key: bytes) -> None:
    """Raise ConfigurationError if the key is not the one that this database was filled under."""
    stored = transaction.scalar(select(key_fingerprints.c.fingerprint).filter_by(name=name))
    if stored is not None and stored != _fingerprint(key):
        raise ConfigurationError(
            f"[security] {name} is not the key that this database was made with: suppressed people would be mailed "
            "again. Put the former key back (after a new secret_key, list the old one in previous_secret_keys)."
        )


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"newsletter fingerprint\0" + key).hexdigest()
