"""Suppress an address by an editor's decision, and lift a suppression, whoever made it."""

from __future__ import annotations

from datetime import datetime

import structlog

from newsletter.domain.address import EmailAddress
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.token import hash_address
from newsletter.errors import NotFoundError, RefusedError
from newsletter.store.audit import record_act
from newsletter.store.database import Database
from newsletter.store.suppressions import lift_suppression as lift_standing
from newsletter.store.suppressions import suppress

log = structlog.get_logger(__name__)


def suppress_address(
    address: EmailAddress, *, because: str, database: Database, address_key: bytes, now: datetime
) -> None:
    """Mail the address no more; it need not be stored. Raises RefusedError if that is so already."""
    address_hash = hash_address(address.normalized, address_key)
    with database.transaction() as transaction:
        evidence = {"because": because}
        if not suppress(transaction, address_hash, SuppressionReason.EDITOR, evidence=evidence, now=now):
            raise RefusedError(f"{address} is suppressed already; 'newsletter subscribers show' says why.")
        record_act(transaction, "suppress", subject=f"address {address_hash.hex()}", detail={}, now=now)
    log.info("address suppressed", reason=SuppressionReason.EDITOR.value)


def lift_suppression(
    address: EmailAddress, *, because: str, database: Database, address_key: bytes, now: datetime
) -> None:
    """Mail the address again, if it is an active subscriber's. Raises NotFoundError if no suppression stands."""
    address_hash = hash_address(address.normalized, address_key)
    with database.transaction() as transaction:
        if not lift_standing(transaction, address_hash, because=because, now=now):
            raise NotFoundError(f"{address} is not suppressed.")
        record_act(transaction, "lift suppression", subject=f"address {address_hash.hex()}", detail={}, now=now)
    log.info("suppression lifted")
