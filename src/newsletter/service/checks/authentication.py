"""What receivers find out about the sender (SPF, DKIM, DMARC), as far as it is known without asking DNS."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof

#: Their domains tell receivers to distrust letters that come by another relay (DMARC).
_MAILBOX_PROVIDERS = frozenset(
    {"gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.uk", "yahoo.de", "yahoo.fr", "ymail.com", "aol.com"}
    | {"outlook.com", "hotmail.com", "live.com", "msn.com", "icloud.com", "me.com", "mac.com", "gmx.de", "gmx.net"}
    | {"web.de", "mail.ru", "bk.ru", "list.ru", "inbox.ru", "yandex.ru", "yandex.com", "proton.me", "protonmail.com"}
    | {"zoho.com", "t-online.de", "orange.fr", "free.fr", "libero.it"}
)


@check(
    Level.WARNING,
    promise="The sender is on a domain of one's own, and so are reports and signature, so that DMARC can pass.",
)
def check_authentication(proof: Proof) -> Iterator[Fault]:
    if proof.sender is None:
        return
    domain = proof.sender.address.domain
    if domain in _MAILBOX_PROVIDERS:
        yield Fault(
            where="[mail] from",
            what=f"{domain} tells receivers to refuse letters that its own servers did not send (DMARC).",
            mend="Send from an address on a domain of your own: set from under [mail].",
        )
    if proof.signing_domain and not _is_aligned(domain, proof.signing_domain):
        yield Fault(
            where="[dkim] domain",
            what=f"Letters are signed for {proof.signing_domain}, which says nothing about {domain} (DMARC).",
            mend=f"Set domain under [dkim] to {domain}, and publish the key there.",
        )
    bounce_domain = proof.sender.envelope_sender("").rpartition("@")[2].lower()
    if not _is_aligned(domain, bounce_domain):
        yield Fault(
            where="[mail] bounce_domain",
            what=f"Reports go to {bounce_domain}, so SPF says nothing about {domain}, and DMARC rests on DKIM alone.",
            mend=f"Set bounce_domain under [mail] to {domain} or a name below it, where the relay takes it.",
        )


def _is_aligned(domain: str, other: str) -> bool:
    """Tell whether two names belong together as DMARC's relaxed mode sees it (RFC 7489 3.1.2), near enough."""
    return _organization(domain) == _organization(other)


def _organization(domain: str) -> list[str]:
    labels = domain.split(".")
    # As in co.uk and com.au; the whole list of such names would be a download.
    is_registry = len(labels[-1]) == len("uk") and len(labels[-2]) <= len("com")
    return labels[-3:] if is_registry else labels[-2:]
