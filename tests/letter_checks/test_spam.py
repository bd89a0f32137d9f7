"""Check 21: SpamAssassin, offline, with the rules that Debian ships."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from letter_checks.once import Once
from letter_checks.press import PrintedIssue

MOST_POINTS = 0.5
FORBIDDEN = re.compile(r"MISSING_|MIME_|HTML_FONT_LOW_CONTRAST")

_STATUS = re.compile(
    r"^X-Spam-Status: \w+, score=(-?[\d.]+) required=[\d.]+ tests=(.*?)\s+autolearn=", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Verdict:
    points: float
    tests: tuple[str, ...]


@pytest.fixture(scope="session")
def verdicts(
    once: Once, every_printed: Sequence[PrintedIssue], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Verdict]:
    """Give what SpamAssassin says of each issue, by name, and of a letter that it cannot like."""
    if shutil.which("spamassassin") is None:
        pytest.skip("SpamAssassin is not installed: sudo apt-get install spamassassin")
    letters = {printed.name: printed.letter.message for printed in every_printed}
    sound = letters["sample"]
    letters["dubious"] = re.sub(rb"(?m)^(Date|Subject): .*\r\n", b"", sound).replace(b"text/plain", b"text/html", 1)
    return once("verdicts", lambda: judge(letters, tmp_path_factory.mktemp("spamassassin")))


def judge(letters: Mapping[str, bytes], folder: Path) -> dict[str, Verdict]:
    """Judge all letters in one process: it takes seconds to start."""
    files = [folder / f"{number}.eml" for number in range(len(letters))]
    for file, message in zip(files, letters.values(), strict=True):
        file.write_bytes(message)
    judged = subprocess.run(
        ["spamassassin", "--local", "--test-mode", "--cf=use_bayes 0", "--cf=use_auto_welcomelist 0", *files],
        capture_output=True,
        check=True,
        env=os.environ | {"HOME": str(folder)},
    )
    # It reads the letter in the letter's own encodings, so its output is in no one encoding.
    statuses = _STATUS.findall(judged.stdout.decode("utf-8", "replace"))
    found = [Verdict(float(points), tuple(re.findall(r"\w+", tests))) for points, tests in statuses]
    return dict(zip(letters, found, strict=True))


def test_nothing_in_the_letter_looks_like_spam(printed: PrintedIssue, verdicts: Mapping[str, Verdict]) -> None:
    verdict = verdicts[printed.name]

    assert verdict.points <= MOST_POINTS
    assert [test for test in verdict.tests if FORBIDDEN.match(test)] == []
    assert "HTML_MESSAGE" in verdict.tests


def test_spamassassin_would_say_so(verdicts: Mapping[str, Verdict]) -> None:
    assert {"MISSING_DATE", "MISSING_SUBJECT"} <= set(verdicts["dubious"].tests)
    assert verdicts["dubious"].points > MOST_POINTS
