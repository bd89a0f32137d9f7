"""What the details of an enhanced status mean (RFC 3463 and the IANA registry "SMTP Enhanced Status Codes")."""

from __future__ import annotations

from newsletter.domain.bounce import BounceReason as R

#: By "subject.detail". Details that every server uses as it likes (x.0, 7.1) are not in it.
REASON_OF_DETAIL = {
    "1.1": R.UNKNOWN_USER,
    "1.2": R.UNKNOWN_DOMAIN,
    "1.3": R.UNKNOWN_USER,  # bad destination mailbox address syntax
    "1.4": R.RECIPIENT_REFUSED,  # ambiguous destination
    "1.6": R.MOVED,
    "1.7": R.SENDER_REFUSED,
    "1.8": R.SENDER_REFUSED,
    "1.9": R.PROTOCOL,
    "1.10": R.UNKNOWN_USER,  # RFC 7505 means a null MX, Exchange "recipient not found"; both are final
    "2.1": R.MAILBOX_DISABLED,
    "2.2": R.MAILBOX_FULL,
    "2.3": R.TOO_BIG,
    "2.4": R.SYSTEM,  # list expansion
    "3.1": R.SYSTEM,
    "3.2": R.SYSTEM,
    "3.3": R.SYSTEM,
    "3.4": R.TOO_BIG,
    "3.5": R.SYSTEM,
    "4.1": R.NETWORK,
    "4.2": R.NETWORK,
    "4.3": R.NETWORK,
    "4.4": R.NETWORK,
    "4.5": R.NETWORK,
    "4.6": R.NETWORK,
    "4.7": R.EXPIRED,
    "5.1": R.PROTOCOL,
    "5.2": R.PROTOCOL,
    "5.3": R.RATE_LIMITED,  # too many recipients
    "5.4": R.PROTOCOL,
    "5.5": R.PROTOCOL,
    "5.6": R.AUTHENTICATION,
    "7.8": R.AUTHENTICATION,
    "7.9": R.AUTHENTICATION,
    "7.20": R.AUTHENTICATION,
    "7.21": R.AUTHENTICATION,
    "7.22": R.AUTHENTICATION,
    "7.23": R.AUTHENTICATION,
    "7.24": R.AUTHENTICATION,
    "7.25": R.BLOCKED,
    "7.26": R.AUTHENTICATION,
    "7.27": R.SENDER_REFUSED,
    "7.28": R.RATE_LIMITED,
    "7.29": R.AUTHENTICATION,
    "7.30": R.AUTHENTICATION,
    "7.509": R.AUTHENTICATION,
    "7.511": R.BLOCKED,
    "7.606": R.BLOCKED,
}

#: By the subject alone, for details that say nothing.
REASON_OF_SUBJECT = {
    "2": R.MAILBOX_DISABLED,
    "3": R.SYSTEM,
    "4": R.NETWORK,
    "5": R.PROTOCOL,
    "6": R.SPAM_CONTENT,
    "7": R.POLICY,
}
