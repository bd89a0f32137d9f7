"""Keys of second factors are stored encrypted.

The columns stay as they are, and a migration knows no secret: `newsletter migrate` encrypts what is stored, right after
it. The version is a new one so that no process of an earlier version takes an encrypted key for a key.
"""

from __future__ import annotations

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    # Encrypted keys stay and fit no app's codes: recovery codes and invitations still let in, a password alone does not.
    pass
