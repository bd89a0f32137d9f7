"""Keys of second factors in the database: encrypted, each for its editor, and renewed when the secret changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desk_stand import PASSWORD, SETTINGS, appoint
from newsletter.app import migrate_database
from newsletter.domain.editor import Editor, EditorRole
from newsletter.domain.second_factor import STEP_SECONDS, make_code, new_key
from newsletter.domain.token import KeyRing
from newsletter.errors import ConfigurationError, UnauthenticatedError
from newsletter.service.edit_account import set_second_factor
from newsletter.service.init_project import init_project
from newsletter.service.second_factor import decrypt_key, encrypt_key, renew_keys
from newsletter.service.sign_in import Client, CodeNeeded, sign_in, sign_in_by_code
from newsletter.store import editors
from newsletter.store.database import Database

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
CLIENT = Client(host="192.0.2.7", agent="a test")
KEYS = KeyRing(SETTINGS.security.secret_key.encode())
ROTATED = KeyRing(b"another secret that came afterwards", previous=(KEYS.current,))
ADDRESS_KEY = b"a key of thirty-two bytes or more"


@pytest.fixture
def ada(database: Database) -> Editor:
    return appoint(database, EditorRole.OWNER, now=T0)


@pytest.fixture
def moments() -> Iterator[datetime]:
    """Give moments a minute apart, so that no code was used before."""
    return (T0 + timedelta(minutes=minute) for minute in range(1, 60))


def code_at(key: bytes, now: datetime) -> str:
    return make_code(key, int(now.timestamp()) // STEP_SECONDS)


def set_factor(database: Database, editor: Editor, *, keys: KeyRing = KEYS) -> tuple[bytes, tuple[str, ...]]:
    """Return the key and the recovery codes."""
    key = new_key()
    codes = set_second_factor(
        editor,
        key,
        code=code_at(key, T0),
        password=PASSWORD,
        database=database,
        keys=keys,
        address_key=ADDRESS_KEY,
        now=T0,
    )
    return key, codes


def store(database: Database, editor: Editor, stored: bytes) -> None:
    with database.transaction() as transaction:
        editors.save_second_factor(transaction, editor.id, stored, step=None, code_hashes=())


def stored_key(database: Database, editor: Editor) -> bytes:
    with database.snapshot() as snapshot:
        stored = editors.find_second_factor(snapshot, editor.id)
    assert stored
    return stored


def enter(database: Database, editor: Editor, code: str, *, keys: KeyRing, now: datetime) -> bool:
    """Sign in by password and code; tell whether that was right."""
    email = editor.address.text
    begun = sign_in(email, PASSWORD, client=CLIENT, database=database, keys=keys, address_key=ADDRESS_KEY, now=now)
    assert isinstance(begun, CodeNeeded)
    signed_in = sign_in_by_code(
        begun.proof, code, client=CLIENT, database=database, keys=keys, address_key=ADDRESS_KEY, now=now
    )
    return bool(signed_in.token)


def test_the_database_has_no_key_in_plain(database: Database, ada: Editor, moments: Iterator[datetime]) -> None:
    key, _ = set_factor(database, ada)
    now = next(moments)

    assert key not in stored_key(database, ada)
    assert enter(database, ada, code_at(key, now), keys=KEYS, now=now)


def test_a_key_in_plain_is_encrypted_at_the_next_good_sign_in(
    database: Database, ada: Editor, moments: Iterator[datetime]
) -> None:
    key, now = new_key(), next(moments)
    store(database, ada, key)
    with pytest.raises(UnauthenticatedError, match="code is not right"):
        enter(database, ada, "000000", keys=KEYS, now=now)
    assert stored_key(database, ada) == key

    assert enter(database, ada, code_at(key, now), keys=KEYS, now=now)
    assert key not in stored_key(database, ada)
    later = next(moments)
    assert enter(database, ada, code_at(key, later), keys=KEYS, now=later)


def test_after_a_sign_in_under_a_new_secret_the_earlier_one_is_not_needed(
    database: Database, ada: Editor, moments: Iterator[datetime]
) -> None:
    key, _ = set_factor(database, ada)
    first, second = next(moments), next(moments)

    assert enter(database, ada, code_at(key, first), keys=ROTATED, now=first)
    assert enter(database, ada, code_at(key, second), keys=KeyRing(ROTATED.current), now=second)


def test_a_key_under_the_present_secret_is_left_as_it_is(
    database: Database, ada: Editor, moments: Iterator[datetime]
) -> None:
    key, _ = set_factor(database, ada)
    before, now = stored_key(database, ada), next(moments)
    enter(database, ada, code_at(key, now), keys=KEYS, now=now)
    renew_keys(database=database, keys=KEYS)

    assert stored_key(database, ada) == before


def test_a_key_in_another_editors_row_lets_nobody_in(
    database: Database, ada: Editor, moments: Iterator[datetime]
) -> None:
    ben = appoint(database, EditorRole.WRITER, now=T0)
    bens_key, _ = set_factor(database, ben)
    set_factor(database, ada)
    store(database, ada, stored_key(database, ben))
    now = next(moments)

    with pytest.raises(UnauthenticatedError, match="codes cannot be checked"):
        enter(database, ada, code_at(bens_key, now), keys=KEYS, now=now)


def test_without_the_secret_a_recovery_code_still_lets_in_and_a_right_code_is_told_why_not(
    database: Database, ada: Editor, moments: Iterator[datetime]
) -> None:
    key, codes = set_factor(database, ada)
    stored, now, other = stored_key(database, ada), next(moments), KeyRing(b"a secret of somebody else, also long")

    with pytest.raises(UnauthenticatedError, match=r"secret .* is not in the configuration.* Take a recovery code"):
        enter(database, ada, code_at(key, now), keys=other, now=now)
    assert enter(database, ada, codes[0], keys=other, now=now)
    assert stored_key(database, ada) == stored


def test_all_keys_are_renewed_at_once_but_those_that_cannot_be_read(database: Database, ada: Editor) -> None:
    ben, eve = (appoint(database, role, now=T0) for role in (EditorRole.WRITER, EditorRole.EDITOR))
    appoint(database, EditorRole.PUBLISHER, now=T0)
    plain, rotated = new_key(), new_key()
    unreadable = encrypt_key(new_key(), eve.id, KeyRing(b"a secret that nobody has any more"))
    for editor, stored in ((ada, plain), (ben, encrypt_key(rotated, ben.id, KEYS)), (eve, unreadable)):
        store(database, editor, stored)
    renew_keys(database=database, keys=ROTATED)

    present = KeyRing(ROTATED.current)
    found = [decrypt_key(stored_key(database, editor), editor.id, present) for editor in (ada, ben)]
    assert [each and each.key for each in found] == [plain, rotated]
    assert stored_key(database, eve) == unreadable


def test_a_second_factor_set_up_meanwhile_is_not_overwritten_by_the_one_before(database: Database, ada: Editor) -> None:
    before = new_key()
    key, _ = set_factor(database, ada)
    stored = stored_key(database, ada)
    with database.transaction() as transaction:
        editors.replace_second_factor(transaction, ada.id, before, encrypt_key(before, ada.id, KEYS))

    assert stored_key(database, ada) == stored
    found = decrypt_key(stored, ada.id, KEYS)
    assert found
    assert found.key == key


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Make a project with a database of its own."""
    file = init_project(tmp_path / "project", today=T0.date())
    migrate_database(file)
    return file


def open_database(file: Path) -> Database:
    return Database(f"sqlite:///{file.parent / 'newsletter.db'}")


def test_migrating_encrypts_what_an_earlier_version_stored_in_plain(file: Path) -> None:
    database, key = open_database(file), new_key()
    editor = appoint(database, EditorRole.OWNER, now=T0)
    store(database, editor, key)
    migrate_database(file)

    stored = stored_key(database, editor)
    database.close()
    assert (key in stored, len(stored)) == (False, 48)


def test_migrating_says_which_key_no_secret_reads_and_goes_on(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    database = open_database(file)
    editor = appoint(database, EditorRole.OWNER, now=T0)
    store(database, editor, bytes(48))
    database.close()
    migrate_database(file)

    (line,) = map(json.loads, capfd.readouterr().err.splitlines())
    assert (line["event"], line["editor"]) == ("second factor unreadable", editor.id)


def test_without_a_secret_nothing_is_migrated(tmp_path: Path) -> None:
    file = tmp_path / "newsletter.toml"
    file.write_text(f'[security]\naddress_key = "{"a" * 40}"\n', encoding="utf-8")

    with pytest.raises(ConfigurationError, match="secret_key needs at least 32"):
        migrate_database(file)
    assert not (tmp_path / "newsletter.db").exists()
