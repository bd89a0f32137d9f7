"""Maildir, mbox and loose files."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.errors import UnreadableSourceError
from newsletter.mail.mailbox import keep, read_files, read_maildir, read_mbox
from newsletter.mail.parts import MOST_BYTES


def a_maildir(path: Path, **messages: bytes) -> Path:
    for folder in ("new", "cur", "tmp"):
        (path / folder).mkdir(parents=True)
    for name, raw in messages.items():
        (path / "new" / name).write_bytes(raw)
    return path


def test_a_message_stays_in_new_until_it_is_kept(tmp_path: Path) -> None:
    folder = a_maildir(tmp_path / "m", b=b"two", a=b"one")
    (folder / "new" / "folder").mkdir()

    assert [(each.name, each.raw) for each in read_maildir(folder)] == [("a", b"one"), ("b", b"two")]
    keep(folder, "a")

    assert [each.name for each in read_maildir(folder)] == ["b"]
    assert (folder / "cur" / "a:2,S").read_bytes() == b"one"


def test_keeping_a_message_twice_is_no_error(tmp_path: Path) -> None:
    folder = a_maildir(tmp_path / "m", a=b"one")
    keep(folder, "a")
    keep(folder, "a")

    assert (folder / "cur" / "a:2,S").exists()


def test_a_folder_that_is_no_maildir_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSourceError, match="Maildir"):
        list(read_maildir(tmp_path))


def test_of_a_huge_message_the_head_is_read(tmp_path: Path) -> None:
    folder = a_maildir(tmp_path / "m", a=b"x" * (2 * MOST_BYTES))

    assert [len(each.raw) for each in read_maildir(folder)] == [MOST_BYTES + 1]


def test_a_message_that_another_process_moved_meanwhile_is_passed_over(tmp_path: Path) -> None:
    folder = a_maildir(tmp_path / "m", a=b"one", b=b"two", c=b"three")
    messages = read_maildir(folder)
    next(messages)
    keep(folder, "b")

    assert [each.name for each in messages] == ["c"]


def test_a_maildir_without_cur_gets_one(tmp_path: Path) -> None:
    folder = a_maildir(tmp_path / "m", a=b"one")
    (folder / "cur").rmdir()

    keep(folder, "a")

    assert (folder / "cur" / "a:2,S").read_bytes() == b"one"


def test_an_mbox_is_cut_at_its_from_lines(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(b"From a Thu\nSubject: 1\n\none\n>From here\nFrom there\n\nFrom b Fri\nSubject: 2\n\ntwo\n")

    assert [(each.name, each.raw) for each in read_mbox(path)] == [
        (f"{path}#1", b"Subject: 1\n\none\nFrom here\nFrom there\n\n"),
        (f"{path}#2", b"Subject: 2\n\ntwo\n"),
    ]


def test_a_huge_message_in_an_mbox_does_not_hide_the_next(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(b"From a\n" + b"x\n" * MOST_BYTES + b"\nFrom b\ntwo\n")

    assert [len(each.raw) for each in read_mbox(path)] == [MOST_BYTES + 1, 4]


def test_an_empty_mbox_has_no_messages(tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(b"")

    assert list(read_mbox(tmp_path / "box")) == []


def test_files_and_folders_are_read_in_order_whatever_their_suffix(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    for name in ("d/2.txt", "d/1", "3.eml"):
        (tmp_path / name).write_bytes(name.encode())

    found = [each.raw for each in read_files([tmp_path / "d", tmp_path / "3.eml"])]

    assert found == [b"d/1", b"d/2.txt", b"3.eml"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSourceError, match="missing"):
        list(read_files([tmp_path / "missing"]))
    with pytest.raises(UnreadableSourceError, match="mbox"):
        list(read_mbox(tmp_path / "missing"))
