"""Keys of second factors: stored encrypted under the newsletter's secret, each for its editor alone.

AES-256-GCM, as ``nonce (12 bytes) · encrypted key · tag (16 bytes)``. What encrypts follows from the secret (HKDF, RFC
5869) and is used for nothing else; the editor's id is authenticated with it, so that nobody has the key of another row.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from newsletter.domain.second_factor import KEY_BYTES
from newsletter.domain.token import KeyRing
from newsletter.log import log
from newsletter.store import editors
from newsletter.store.database import Database, Transaction

_PURPOSE = b"newsletter second factor"
_NONCE_BYTES = 12  # random ones may repeat after some 2^32 keys (NIST SP 800-38D 8.3)
_TAG_BYTES = 16
_CIPHER_KEY_BYTES = 32
_EDITOR_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key that could be decrypted."""

    editor_id: int
    #: as the database has it
    stored: bytes
    key: bytes
    #: whether it is stored in plain, as earlier versions did, or under an earlier secret
    is_outdated: bool


def encrypt_key(key: bytes, editor_id: int, keys: KeyRing) -> bytes:
    """Return what is stored of an editor's key."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(keys.current).encrypt(nonce, key, _name(editor_id))


def decrypt_key(stored: bytes, editor_id: int, keys: KeyRing) -> StoredKey | None:
    """Return the key of what is stored, or None if none of our secrets encrypted it for this editor."""
    if len(stored) == KEY_BYTES:
        return StoredKey(editor_id=editor_id, stored=stored, key=stored, is_outdated=True)
    if len(stored) != _NONCE_BYTES + KEY_BYTES + _TAG_BYTES:
        return None
    nonce, encrypted = stored[:_NONCE_BYTES], stored[_NONCE_BYTES:]
    for secret in (keys.current, *keys.previous):
        try:
            key = _cipher(secret).decrypt(nonce, encrypted, _name(editor_id))
        except InvalidTag:
            continue
        return StoredKey(editor_id=editor_id, stored=stored, key=key, is_outdated=secret != keys.current)
    return None


def renew_key(transaction: Transaction, found: StoredKey, keys: KeyRing) -> None:
    """Encrypt a key anew if it is outdated, and is still the editor's."""
    if found.is_outdated:
        renewed = encrypt_key(found.key, found.editor_id, keys)
        editors.replace_second_factor(transaction, found.editor_id, found.stored, renewed)


def renew_keys(*, database: Database, keys: KeyRing) -> None:
    """Encrypt all outdated keys anew. One that none of our secrets decrypts stays as it is, and is logged."""
    with database.transaction() as transaction:
        for editor_id, stored in editors.list_second_factors(transaction):
            found = decrypt_key(stored, editor_id, keys)
            if found is None:
                log.warning("second factor unreadable", editor=editor_id)
            else:
                renew_key(transaction, found, keys)


def _cipher(secret: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), _CIPHER_KEY_BYTES, salt=None, info=_PURPOSE).derive(secret))


def _name(editor_id: int) -> bytes:
    return editor_id.to_bytes(_EDITOR_BYTES, "big")
