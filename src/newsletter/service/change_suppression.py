"""Suppress an address by an editor's decision, and lift a suppression, whoever made it."""

from __future__ import annotations

from datetime import datetime

from newsletter.domain.address import EmailAddress
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.token import hash_address
from newsletter.errors import NotFoundError, RefusedError
from newsletter.log import log
from newsletter.store.audit import record_act
from newsletter.store.database import Database, Transaction
from newsletter.store.suppressions import find_standing_by_id, suppress
from newsletter.store.suppressions import lift_suppression as lift_standing


def suppress_address(
    address: EmailAddress,
    *,
    because: str,
    database: Database,
    address_key: bytes,
    now: datetime,
    actor: str | None = None,
) -> None:
    """Mail the address no more; it need not be stored. Raises RefusedError if that is so already."""
    address_hash = hash_address(address.normalized, address_key)
    with database.transaction() as transaction:
        evidence = {"because": because}
        if not suppress(transaction, address_hash, SuppressionReason.EDITOR, evidence=evidence, now=now):
            raise RefusedError(f"{address} is suppressed already; 'newsletter subscribers show' says why.")
        subject = f"address {address_hash.hex()}"
        record_act(transaction, "suppress", subject=subject, detail={}, now=now, actor=actor)
    log.info("address suppressed", reason=SuppressionReason.EDITOR.value)


def lift_suppression(
    address: EmailAddress,
    *,
    because: str,
    database: Database,
    address_key: bytes,
    now: datetime,
    actor: str | None = None,
) -> None:
    """Mail the address again, if it is an active subscriber's. Raises NotFoundError if no suppression stands."""
    address_hash = hash_address(address.normalized, address_key)
    with database.transaction() as transaction:
        if not lift_standing(transaction, address_hash, because=because, now=now):
            raise NotFoundError(f"{address} is not suppressed.")
        _record_lifting(transaction, address_hash, now=now, actor=actor)
    log.info("suppression lifted")


def lift_by_id(
    suppression_id: int, *, because: str, database: Database, now: datetime, actor: str | None = None
) -> None:
    """Do the same where perhaps nobody knows the address any more. Raises NotFoundError if that one does not stand."""
    with database.transaction() as transaction:
        address_hash = find_standing_by_id(transaction, suppression_id)
        if address_hash is None or not lift_standing(transaction, address_hash, because=because, now=now):
            raise NotFoundError("This suppression does not stand any more: somebody has lifted it.")
        _record_lifting(transaction, address_hash, now=now, actor=actor)
    log.info("suppression lifted")


def _record_lifting(transaction: Transaction, address_hash: bytes, *, now: datetime, actor: str | None) -> None:
    subject = f"address {address_hash.hex()}"
    record_act(transaction, "lift suppression", subject=subject, detail={}, now=now, actor=actor)
