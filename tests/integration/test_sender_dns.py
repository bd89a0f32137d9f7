"""What the doctor reads in DNS, asked of a real name server on loopback."""

from __future__ import annotations

from collections.abc import Mapping

import dns.resolver

from mailing_stand import SENDER
from name_server import NameServer
from newsletter.service.diagnosis import Level
from newsletter.service.sender_dns import Dns, examine_dns

Records = Mapping[tuple[str, str], list[str]]

#: Of a sender news@review.example.org whose reports go to bounces.example.org.
SOUND: Records = {
    ("TXT", "bounces.example.org"): ['"a site verification"', '"v=spf1 mx " "-all"'],
    ("TXT", "_domainkey.review.example.org"): [],
    ("TXT", "_dmarc.example.org"): ['"v=DMARC1; p=quarantine"'],
    ("A", "relay.example.org"): ["192.0.2.7"],
    ("PTR", "7.2.0.192.in-addr.arpa"): ["relay.example.org."],
}


def examine(records: Records, *, relay_host: str | None = "relay.example.org") -> dict[str, tuple[Level, str]]:
    with NameServer(records) as server:
        found = list(examine_dns(SENDER, relay_host=relay_host, dns=Dns(server.resolver)))
    return {diagnosis.check: (diagnosis.level, diagnosis.sentence) for diagnosis in found}


def test_a_sound_sender_has_all_four() -> None:
    found = examine(SOUND)

    assert {check: level for check, (level, _) in found.items()} == dict.fromkeys(
        ("SPF", "DKIM", "DMARC", "PTR"), Level.OK
    )
    assert "v=spf1 mx -all" in found["SPF"][1]
    assert "example.org has a DMARC policy" in found["DMARC"][1]


def test_what_is_missing_is_a_warning_that_says_what_to_publish() -> None:
    found = examine({("A", "relay.example.org"): ["192.0.2.7"]})

    assert {level for level, _ in found.values()} == {Level.WARNING}
    assert "publish a TXT record v=spf1" in found["SPF"][1]
    assert "_domainkey.review.example.org" in found["DKIM"][1]
    assert "_dmarc.review.example.org" in found["DMARC"][1]
    assert "192.0.2.7 (relay.example.org) has no name" in found["PTR"][1]


def test_two_spf_records_count_as_none() -> None:
    level, sentence = examine({("TXT", "bounces.example.org"): ['"v=spf1 mx -all"', '"v=spf1 -all"']})["SPF"]

    assert level is Level.WARNING
    assert "2 SPF records" in sentence


def test_a_relay_on_this_machine_is_not_asked_for() -> None:
    for host, words in (("localhost", "this machine"), (None, "no relay")):
        level, sentence = examine(SOUND, relay_host=host)["PTR"]

        assert level is Level.OK
        assert words in sentence


def test_offline_everything_could_not_be_asked() -> None:
    nobody = dns.resolver.Resolver(configure=False)  # it has no name server at all

    found = list(examine_dns(SENDER, relay_host="relay.example.org", dns=Dns(nobody)))

    assert [diagnosis.check for diagnosis in found] == ["SPF", "DKIM", "DMARC", "PTR"]
    assert {diagnosis.level for diagnosis in found} == {Level.WARNING}
    assert all("could not be asked" in diagnosis.sentence for diagnosis in found)
