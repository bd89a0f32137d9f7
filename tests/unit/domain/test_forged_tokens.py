"""Ten thousand forged and truncated links, none accepted; and how their signatures are compared."""

from __future__ import annotations

import ast
import inspect
import random
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import newsletter
from newsletter.domain import token
from newsletter.domain.token import ChangeToken, ConfirmToken, DataToken, KeyRing, Purpose, ReaderToken

KEYS = KeyRing(b"a secret of the newsletter, long enough", previous=(b"the secret that was used before it",))
STRANGER = KeyRing(b"the secret of somebody else, also long")
PUBLIC_ID = b"\x00\x01reader"
ASKED_AT = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
COUNT = 10_000

_LETTERS = string.ascii_letters + string.digits + "-_"

Link = tuple[Callable[[KeyRing], str], Callable[[str], object]]


def reader_link(purpose: Purpose) -> Link:
    return (
        lambda keys: ReaderToken(PUBLIC_ID, mailing=7).sign(purpose, keys),
        lambda text: ReaderToken.verify(text, purpose, KEYS),
    )


#: Each kind of link: how one is signed, and whether one is taken.
LINKS: dict[str, Link] = {
    "unsubscribe": reader_link(Purpose.UNSUBSCRIBE),
    "preferences": reader_link(Purpose.PREFERENCES),
    "return": reader_link(Purpose.RETURN),
    "confirm": (
        lambda keys: ConfirmToken(PUBLIC_ID, ASKED_AT).sign(keys),
        lambda text: ConfirmToken.verify(text, KEYS),
    ),
    "change of address": (
        lambda keys: ChangeToken(PUBLIC_ID, 7).sign(Purpose.CHANGE_ADDRESS, keys),
        lambda text: ChangeToken.verify(text, Purpose.CHANGE_ADDRESS, KEYS),
    ),
    "kept address": (
        lambda keys: ChangeToken(PUBLIC_ID, 7).sign(Purpose.KEEP_ADDRESS, keys),
        lambda text: ChangeToken.verify(text, Purpose.KEEP_ADDRESS, KEYS),
    ),
    "data": (lambda keys: DataToken(PUBLIC_ID, ASKED_AT).sign(keys), lambda text: DataToken.verify(text, KEYS)),
}


def forge(sound: str, foreign: str, chance: random.Random) -> Iterator[str]:
    """Give forged texts for ever: cut, lengthened, changed in a letter or a bit, spliced, signed by a stranger."""
    raw = urlsafe_b64decode(sound + "=" * (-len(sound) % 4))
    while True:
        place = chance.randrange(len(sound))
        yield sound[:place]
        yield sound[place + 1 :]
        yield sound + "".join(chance.choices(_LETTERS, k=chance.randint(1, 9)))
        yield sound[:place] + chance.choice(_LETTERS) + sound[place + 1 :]
        yield sound[:place] + chance.choice("!*.=%/ \n\0é") + sound[place:]
        bit = 1 << chance.randrange(len(raw) * 8)
        flipped = (int.from_bytes(raw, "big") ^ bit).to_bytes(len(raw), "big")
        yield urlsafe_b64encode(flipped).decode().rstrip("=")
        yield sound[:place] + foreign[place:]
        yield "".join(chance.choices(_LETTERS, k=len(sound)))
        # The body of another reader under the sound signature, and the sound body under none.
        yield urlsafe_b64encode(raw[:1] + chance.randbytes(len(raw) - 17) + raw[-16:]).decode().rstrip("=")
        yield urlsafe_b64encode(raw[:-16] + bytes(chance.choice((0, 8, 15, 16)))).decode().rstrip("=")
        yield foreign
        yield sound.swapcase()


@pytest.mark.parametrize("kind", LINKS)
def test_of_ten_thousand_forged_links_none_is_taken(kind: str) -> None:
    sign, verify = LINKS[kind]
    sound = sign(KEYS)
    others = {other(KEYS) for name, (other, _) in LINKS.items() if name != kind}
    forged = (text for text in forge(sound, sign(STRANGER), random.Random(6)) if text != sound)  # noqa: S311 - no secret

    taken = [text for _, text in zip(range(COUNT), forged, strict=False) if verify(text) is not None]

    assert verify(sound) is not None
    assert taken == []
    assert [text for text in others if verify(text) is not None] == []


def test_a_signature_is_only_ever_compared_in_constant_time() -> None:
    compared = [
        comparison
        for comparison in ast.walk(ast.parse(inspect.getsource(token)))
        if isinstance(comparison, ast.Compare) and "mac" in names_in(comparison)
    ]
    verifying = ast.parse(inspect.getsource(KeyRing.verify).replace("\n    ", "\n").lstrip())
    calls = [ast.unparse(call) for call in ast.walk(verifying) if isinstance(call, ast.Call)]

    assert [ast.unparse(comparison) for comparison in compared] == []
    assert "hmac.compare_digest(_mac(secret, purpose, body, mac_bytes), mac)" in calls


def test_nobody_but_the_key_ring_computes_a_signature_to_compare_it() -> None:
    source = Path(newsletter.__file__).parent
    users = {
        file.relative_to(source).as_posix()
        for file in source.rglob("*.py")
        if "_mac(" in (text := file.read_text(encoding="utf-8")) and {"_mac", "_begin_mac"} & names_in(ast.parse(text))
    }

    assert users == {"domain/token.py"}


def names_in(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
