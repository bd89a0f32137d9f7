"""Whether a refusal says that the relay takes no more from us for now: neither the reader's fault nor for good.

Relays say so with every code there is: 450 and 452 for a rate, 421 before they hang up, and 550 or 554, "permanent",
for a daily limit (Microsoft 365, Workspace). Going by the code would reject readers for a limit of ours. So the words
decide, and words about the reader's own mailbox, which has a quota too, decide first.
"""

from __future__ import annotations

import re

# Words that leave no doubt, whatever status comes with them: a name of Exchange's for what a sender hands in (its full
# mailbox among the reasons, but not that it may not send as somebody else), and Workspace's relay service.
_OURS = re.compile(r"\bstoredrv\.submission\b(?!.*senddenied|.*sendasdenied)|\bsmtp relay limit\b", re.IGNORECASE)

# About the reader's mailbox, one letter's size or recipients, or this connection alone.
_SOMETHING_ELSE = re.compile(
    r"\b(?:mail ?box|inbox|maildir|disk|storage|size|large|user(?:'s)? (?:is )?over|over ?quota|"
    r"recipient'?s? (?:is |has |over)|receiving mail|gr[ae]y ?list|connections?\b|thread|"
    r"(?:this|per|one|a single) (?:session|connection|message)\b)",
    re.IGNORECASE,
)
_EXCEEDED_STORAGE = 552  # RFC 5321 4.2.2: the reader's

#: Enhanced statuses that name the reader (RFC 3463 3.2 and 3.3), but for one that Microsoft 365 gives another sense.
_ABOUT_THE_READER = re.compile(r"[45]\.(?:1\.(?!90\b)\d+|2\.[1-4])\b")
_ABOUT_POLICY = re.compile(r"[45]\.7\.")

_LETTERS = r"(?:e-?mails?|mails?|messages?|letters?|recipients?|submissions?)"
_TOO_MUCH = re.compile(
    rf"\btoo (?:many|much) (?:\w+ )?{_LETTERS}\b"
    rf"|\bsending (?:\w+ )?too (?:fast|many|much|quickly)\b"
    rf"|\b(?:rate|sending|hourly|daily|submission|message|relay|recipient|outgoing|outbound|maximum)"
    rf"(?: \w+)?[ -]?(?:limit|quota|rate)(?:s|ed|ing)?\b"
    rf"|\b(?:limit|quota|number) (?:of|on|for) (?:\w+ ){{0,3}}{_LETTERS}\b"
    rf"|\b{_LETTERS} (?:per|an?|in the last) (?:second|minute|hour|day|24)\b"
    rf"|\b(?:exceed\w*|reached|over) (?:\w+ ){{0,4}}(?:limit|threshold|rate)\b"
    rf"|\b(?:limit|threshold)s? (?:\w+ ){{0,2}}(?:exceeded|reached|used up)\b"
    rf"|\bunusual rate\b|\bthrottl\w+|quotaexceeded|\bratelimit",
    re.IGNORECASE,
)
_QUOTA = re.compile(r"\bquota\b", re.IGNORECASE)


def is_quota_refusal(code: int, enhanced: str | None, text: str) -> bool:
    """Tell whether a 4yz or 5yz reply means that our quota at the relay is used up, or that we are too fast."""
    if _OURS.search(text):
        return True
    if code == _EXCEEDED_STORAGE or (enhanced and _ABOUT_THE_READER.match(enhanced)) or _SOMETHING_ELSE.search(text):
        return False
    # "Quota exceeded" alone is a full mailbox, unless the status says that it is a rule about us.
    is_our_quota = enhanced is not None and _ABOUT_POLICY.match(enhanced) and _QUOTA.search(text)
    return bool(is_our_quota or _TOO_MUCH.search(text))
