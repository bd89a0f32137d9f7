"""What receivers find in DNS about a sender before they read a letter: SPF, DKIM, DMARC, the name of the relay."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import dns.exception
import dns.resolver
import dns.reversename

from newsletter.domain.host import is_loopback
from newsletter.domain.letter import Sender
from newsletter.mail.dkim import DkimKey
from newsletter.service.diagnosis import Diagnosis, Level

_SECONDS = 3.0


class DnsSilenceError(Exception):
    """Nobody answered: offline, or no name server is configured. Says nothing about the name that was asked for."""


class Dns:
    """Asks the name servers of this machine, each question for a few seconds; once in silence it asks no more."""

    def __init__(self, resolver: dns.resolver.Resolver | None = None) -> None:
        self._resolver = resolver
        self._is_silent = False

    def ask(self, name: str, kind: str) -> list[str] | None:
        """Return the records of a name, [] if it has none of that kind, None if there is no such name."""
        if self._is_silent:
            raise DnsSilenceError
        try:
            answer = (self._resolver or dns.resolver.get_default_resolver()).resolve(name, kind, lifetime=_SECONDS)
        except dns.resolver.NXDOMAIN:
            return None
        except dns.resolver.NoAnswer:
            return []
        except (dns.exception.DNSException, OSError) as error:
            self._is_silent = True
            raise DnsSilenceError from error
        return [_text(record) for record in answer]


def examine_dns(
    sender: Sender, *, relay_host: str | None, dns: Dns, dkim_key: DkimKey | None = None
) -> Iterator[Diagnosis]:
    """Look at what the sender's domain and the relay publish. What is missing is a warning: letters leave anyway.

    But signatures that nobody can check, made with ``dkim_key``, are an error.
    """
    checks: tuple[tuple[str, Callable[[], Diagnosis]], ...] = (
        ("SPF", lambda: _check_spf(sender, dns)),
        ("DKIM", lambda: _check_own_key(sender, dkim_key, dns) if dkim_key else _check_dkim(sender, dns)),
        ("DMARC", lambda: _check_dmarc(sender, dns)),
        ("PTR", lambda: _check_relay_name(relay_host, dns)),
    )
    for name, check in checks:
        try:
            yield check()
        except DnsSilenceError:
            yield _silence(name)


def _check_spf(sender: Sender, dns: Dns) -> Diagnosis:
    domain = sender.envelope_sender("").rpartition("@")[2]
    found = [text for text in dns.ask(domain, "TXT") or [] if text.lower().startswith("v=spf1")]
    match found:
        case [record]:
            return Diagnosis(check="SPF", level=Level.OK, sentence=f"{domain} says who may send for it: {record}")
        case []:
            what = f"{domain} has no SPF record: publish a TXT record v=spf1 that names the relay."
        case _:
            what = f"{domain} has {len(found)} SPF records, which counts as none: keep one."
    return Diagnosis(check="SPF", level=Level.WARNING, sentence=what)


def _check_dkim(sender: Sender, dns: Dns) -> Diagnosis:
    # Without its selector a key cannot be asked for, but a name above keys exists, and one above none does not.
    name = f"_domainkey.{sender.address.domain}"
    if dns.ask(name, "TXT") is None:
        what = f"No DKIM key is published below {name}: have the relay sign letters, and publish its key."
        return Diagnosis(check="DKIM", level=Level.WARNING, sentence=what)
    what = f"Keys are published below {name}; a test letter's headers show whether the relay signs with one."
    return Diagnosis(check="DKIM", level=Level.OK, sentence=what)


def _check_own_key(sender: Sender, key: DkimKey, dns: Dns) -> Diagnosis:
    records = [_read_tags(text) for text in dns.ask(key.record_name, "TXT") or []]
    published = [tags["p"] for tags in records if "p" in tags]  # RFC 6376 3.6.1: the one tag that has to be there
    match published:
        case [found] if found == key.public_key:
            return _check_alignment(sender, key)
        case [""]:
            what = f"The key published at {key.record_name} is revoked: publish this one under a new selector."
        case [_]:
            what = (
                f"The key published at {key.record_name} is not the one that [dkim] key_file holds: change one of them."
            )
        case []:
            what = f"No key is published at {key.record_name}: publish what 'newsletter dkim record' prints."
        case _:
            what = f"{len(published)} keys are published at {key.record_name}, which may count as none: keep one."
    return Diagnosis(check="DKIM", level=Level.ERROR, sentence=what)


def _check_alignment(sender: Sender, key: DkimKey) -> Diagnosis:
    """See whether the signature counts for DMARC: one domain has to be the other, or to lie in it (RFC 7489 3.1)."""
    ours, signing = f".{sender.address.domain}", f".{key.domain}"
    if ours.endswith(signing) or signing.endswith(ours):
        what = f"Letters are signed with the key that is published at {key.record_name}."
        return Diagnosis(check="DKIM", level=Level.OK, sentence=what)
    what = f"Letters from {sender.address.domain} are signed by {key.domain}, which does not count for DMARC."
    return Diagnosis(check="DKIM", level=Level.WARNING, sentence=what)


def _read_tags(record: str) -> dict[str, str]:
    tags = (tag.partition("=") for tag in record.split(";"))
    return {name.strip(): "".join(value.split()) for name, _, value in tags}


def _check_dmarc(sender: Sender, dns: Dns) -> Diagnosis:
    labels = sender.address.domain.split(".")
    for depth in range(len(labels) - 1):  # a domain without a record of its own follows the one above it
        domain = ".".join(labels[depth:])
        for text in dns.ask(f"_dmarc.{domain}", "TXT") or []:
            if text.lower().startswith("v=dmarc1"):
                return Diagnosis(check="DMARC", level=Level.OK, sentence=f"{domain} has a DMARC policy: {text}")
    what = f"{sender.address.domain} has no DMARC record: publish a TXT record at _dmarc.{sender.address.domain}."
    return Diagnosis(check="DMARC", level=Level.WARNING, sentence=what)


def _check_relay_name(relay_host: str | None, dns: Dns) -> Diagnosis:
    if relay_host is None:
        what = "Letters go to no relay, so there is no name to look for."
        return Diagnosis(check="PTR", level=Level.OK, sentence=what)
    if is_loopback(relay_host):
        what = "The relay is this machine; the address that it sends from cannot be seen from here."
        return Diagnosis(check="PTR", level=Level.OK, sentence=what)
    for address in dns.ask(relay_host, "A") or []:
        names = dns.ask(str(_reverse(address)), "PTR")
        if not names:
            what = f"{address} ({relay_host}) has no name in DNS: have whoever runs it publish a PTR record."
            return Diagnosis(check="PTR", level=Level.WARNING, sentence=what)
    return Diagnosis(check="PTR", level=Level.OK, sentence=f"The addresses of {relay_host} have names.")


def _reverse(address: str) -> object:
    return dns.reversename.from_address(address)


def _text(record: object) -> str:
    strings = getattr(record, "strings", None)  # a TXT record comes in pieces of 255 bytes
    return str(record) if strings is None else b"".join(strings).decode("utf-8", "replace")


def _silence(check: str) -> Diagnosis:
    what = "DNS could not be asked: run 'newsletter doctor' again where it can."
    return Diagnosis(check=check, level=Level.WARNING, sentence=what)
