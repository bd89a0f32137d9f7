"""What the checks of a letter share: the seven printed issues, and a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chromium import Chromium
from letter_checks.issues import ISSUES, PUBLISHED_PAGE, print_issue
from letter_checks.once import Once
from letter_checks.press import PrintedIssue

Print = Callable[[str], PrintedIssue]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Give what makes a thing once a test run, for all processes of it."""
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "once"
    shared.mkdir(exist_ok=True)
    return Once(shared)


@pytest.fixture(scope="session")
def print_once(once: Once, tmp_path_factory: pytest.TempPathFactory) -> Print:
    """Give what returns the issue of a name."""
    return lambda name: once(
        f"issue {name}", lambda: print_issue(name, tmp_path_factory.mktemp("press") / "newsletter")
    )


@pytest.fixture(scope="session", params=ISSUES)
def printed(request: pytest.FixtureRequest, print_once: Print) -> PrintedIssue:
    """Give each issue in turn, as its reader got it."""
    name: str = request.param
    if name == "published page" and not PUBLISHED_PAGE.exists():
        pytest.skip("no published page lies beside this checkout, and NEWSLETTER_PUBLISHED_PAGE names none")
    return print_once(name)


@pytest.fixture(scope="session")
def sample(print_once: Print) -> PrintedIssue:
    """Give the sample issue alone, for what is the same for every issue."""
    return print_once("sample")


@pytest.fixture(scope="session")
def every_printed(print_once: Print) -> tuple[PrintedIssue, ...]:
    """Give all issues at once, for tools that take long to start."""
    return tuple(print_once(name) for name in ISSUES if name != "published page" or PUBLISHED_PAGE.exists())


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """Give a browser without a network; the test is skipped where Chromium is not installed."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed: sudo apt-get install chromium")
    with Chromium(Path(program)) as browser:
        yield browser
