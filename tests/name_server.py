"""A name server for the tests: answers over UDP on loopback from a table, and says NXDOMAIN to everything else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from typing import Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.rrset

_LONGEST_QUESTION = 4096


class NameServer:
    """A context manager. A record is named as ``("TXT", "review.example")``; a name alone exists without records."""

    def __init__(self, records: Mapping[tuple[str, str], list[str]]) -> None:
        self._records = records
        self._names = {name for _, name in records}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="name-server", daemon=True)

    @property
    def resolver(self) -> dns.resolver.Resolver:
        """What asks this server."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = self._socket.getsockname()[1]
        return resolver

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_ending.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._is_ending.is_set():
            try:
                question, client = self._socket.recvfrom(_LONGEST_QUESTION)
            except TimeoutError:
                continue
            self._socket.sendto(self._answer(dns.message.from_wire(question)).to_wire(), client)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        (asked,) = query.question
        name, kind = str(asked.name).rstrip("."), dns.rdatatype.to_text(asked.rdtype)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if records := self._records.get((kind, name)):
            answer.answer.append(dns.rrset.from_text_list(asked.name, 60, "IN", kind, records))
        elif name not in self._names:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer
