"""What processes agree on among themselves."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from newsletter.store.tables.schema import Moment, metadata

# Who may do a periodic task now; the lease lets another process finish what a dead one began.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", Moment, nullable=False),
)

# A fingerprint of the key that addresses are hashed under: with another key every suppression would be lost silently.
key_fingerprints = Table(
    "key_fingerprints",
    metadata,
    Column("name", Text, primary_key=True),
    Column("fingerprint", String(64), nullable=False),
)

# Which version of another package's tables stand beside ours, by the name of the last script of its that was run.
job_schemas = Table(
    "job_schemas",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Text, nullable=False),
)
