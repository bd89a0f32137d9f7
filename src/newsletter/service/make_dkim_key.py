"""Make a key to sign letters with, in a file that its owner alone may read."""

from __future__ import annotations

from pathlib import Path

from newsletter.errors import InputError, RefusedError
from newsletter.mail.dkim import DkimKey, make_key, read_key


def make_dkim_key(file: Path, *, domain: str, selector: str) -> DkimKey:
    """Write a fresh private key. Raises RefusedError where the file exists, InputError where it cannot be made."""
    pem = make_key()
    key = read_key(pem, domain=domain, selector=selector)
    try:
        file.touch(mode=0o600, exist_ok=False)
    except FileExistsError as error:
        raise RefusedError(f"{file} exists already and is left as it is; name another file with --file.") from error
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}. Name another file with --file.") from error
    file.write_text(pem, encoding="ascii")
    return key
