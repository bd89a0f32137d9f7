"""Email addresses, parsed once at the edge."""

from __future__ import annotations

import re
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from newsletter.errors import InvalidAddressError

# The plain shapes that nearly every address has. They need none of email-validator's checks, and a million-row
# import spends its time here. A label with two hyphens behind two letters is IDNA's, which only the validator knows.
_PLAIN = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?:(?!..--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_WITHIN_TEXT = re.compile(r"([^\s<>()\[\]\",;:@]{1,64})@((?:[\w-]{1,63}\.)+[\w-]{2,63})")
_LONGEST_LOCAL = 64  # RFC 5321 4.5.3.1.1
_LONGEST = 254  # RFC 5321 4.5.3.1.3, less the angle brackets


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An address that an ordinary relay takes: ASCII local part, the domain in its ASCII (IDNA 2008) form."""

    #: as it is written into envelopes and headers: the local part as given
    text: str

    @classmethod
    def parse(cls, text: str) -> EmailAddress:
        """Read one bare address, white space around it allowed.

        Raises InvalidAddressError; also for local parts beyond ASCII, which need SMTPUTF8 on every hop.
        """
        stripped = text.strip()
        local, _, domain = stripped.rpartition("@")
        if len(local) > _LONGEST_LOCAL or len(stripped) > _LONGEST:
            raise InvalidAddressError(text, "it is longer than mail servers take.")
        if _PLAIN.fullmatch(stripped):
            return cls(f"{local}@{domain.lower()}")
        try:
            valid = validate_email(
                stripped, check_deliverability=False, allow_smtputf8=False, globally_deliverable=False
            )
        except EmailNotValidError as error:
            raise InvalidAddressError(text, str(error)) from error
        if "." not in valid.ascii_domain:
            raise InvalidAddressError(text, "the part after the @ needs a dot, as in example.org.")
        return cls(f"{valid.local_part}@{valid.ascii_domain}")

    @property
    def domain(self) -> str:
        return self.text.rpartition("@")[2]

    @property
    def normalized(self) -> str:
        """The form in which two spellings of one mailbox are equal: case folded.

        RFC 5321 2.4 lets a host tell cases apart; no mailbox provider does, and mailing one person twice is worse.
        """
        return self.text.lower()

    @property
    def masked(self) -> str:
        """The address for those who need not know it: its first letter, and where it is."""
        return f"{self.text[0]}…@{self.domain}"

    def __str__(self) -> str:
        return self.text


def mask_addresses(text: str) -> str:
    """Return a text of anybody's with the addresses in it masked, as ``EmailAddress.masked`` does."""
    return _WITHIN_TEXT.sub(lambda found: f"{found[1][0]}…@{found[2]}", text)
