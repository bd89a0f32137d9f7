"""Set up what the targets of the Makefile need; idempotent, and quick when nothing changed.

``setup.py checkout`` makes .venv from requirements-dev.lock and, where Node is, node_modules from package-lock.json.
``setup.py system`` installs the Debian packages that only tests and benchmarks need, where the machine lets it.

Written for a bare Python: it runs before any package is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
NODE_MODULES = ROOT / "node_modules"

_OLDEST_NODE = 20


@dataclass(frozen=True)
class SystemPackage:
    """A Debian package, and how to see that what we want of it is already here."""

    name: str
    purpose: str
    is_present: Callable[[], bool]
    #: Answers to the questions that its installation would ask.
    answers: str = ""


def has_program(name: str) -> bool:
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin") is not None


def has_postgres_server() -> bool:
    """Debian keeps the server's programs outside PATH."""
    return any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or has_program("initdb")


SYSTEM_PACKAGES = (
    SystemPackage("postgresql", "the tests on Postgres", has_postgres_server),
    SystemPackage(
        "postfix",
        "the tests with a real relay and the benchmarks against smtp-source and smtp-sink",
        lambda: has_program("smtp-sink"),
        answers="postfix postfix/main_mailer_type select No configuration\n",
    ),
    SystemPackage(
        "dovecot-imapd", "the tests of reading bounces from an IMAP server", Path("/usr/lib/dovecot/imap").exists
    ),
    SystemPackage("chromium", "the tests in a browser", lambda: has_program("chromium")),
    SystemPackage("spamassassin", "the tests against SpamAssassin", lambda: has_program("spamassassin")),
)


def main(what: str) -> int:
    if what == "checkout":
        set_up_python()
        set_up_node()
    elif what == "system":
        set_up_system()
    else:
        return fail(f"{what!r} cannot be set up: say checkout or system.")
    return 0


def set_up_python() -> None:
    recipe = fingerprint(ROOT / "requirements-dev.lock", ROOT / "pyproject.toml")
    stamp = VENV / ".stamp"
    if is_stamped(stamp, recipe) and runs(VENV_PYTHON):
        return
    with alone():
        if is_stamped(stamp, recipe) and runs(VENV_PYTHON):
            return
        if not runs(VENV_PYTHON) or was_moved(stamp):
            say(f"Making .venv with Python {sys.version.split()[0]} ...")
            run(sys.executable, "-m", "venv", "--clear", str(VENV))
        say("Installing the packages of requirements-dev.lock ...")
        # Wheels run nothing as they are installed; dkimpy, a tool of the tests, is published as source alone.
        wheels_only = ("--only-binary", ":all:", "--no-binary", "dkimpy")
        # The lock file is complete. Where pip looks for dependencies itself, a requirement with an extra, such as
        # coverage[toml], makes it want the newest version as soon as there is a newer one than the locked.
        pip("install", "--quiet", "--require-hashes", "--no-deps", *wheels_only, "-r", "requirements-dev.lock")
        pip("install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")
        pip("check", advice="Where a requirement of newsletter is missing, `make lock` adds it to the lock files.")
        stamp.write_text(recipe)


def set_up_node() -> None:
    version = node_version()
    if version is None or version < _OLDEST_NODE or not has_program("npm"):
        say(f"No Node {_OLDEST_NODE} or newer with npm is here: mrml will compile MJML, and HTML is not validated.")
        return
    recipe = fingerprint(ROOT / "package.json", ROOT / "package-lock.json")
    stamp = NODE_MODULES / ".stamp"
    if is_stamped(stamp, recipe):
        return
    with alone():
        if is_stamped(stamp, recipe):
            return
        say("Installing the packages of package-lock.json ...")
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
        stamp.write_text(recipe)


def set_up_system() -> None:
    """Install what is missing; where that cannot be done, name the command and go on."""
    if not find_missing():
        return
    with alone():
        missing = find_missing()
        if missing and os.geteuid() == 0 and has_program("apt-get"):
            say(f"Installing {', '.join(package.name for package in missing)} ...")
            subprocess.run(["apt-get", "update", "-qq"], check=False, stdin=subprocess.DEVNULL, stdout=sys.stderr)
            for package in missing:
                apt_install(package)
            missing = find_missing()
    for package in missing:
        say(f"Without {package.name}, {package.purpose} are skipped. To have them: sudo apt-get install {package.name}")


def find_missing() -> list[SystemPackage]:
    return [package for package in SYSTEM_PACKAGES if not package.is_present()]


def apt_install(package: SystemPackage) -> None:
    if package.answers and has_program("debconf-set-selections"):
        subprocess.run(["debconf-set-selections"], input=package.answers, text=True, check=False)
    with no_service_started():
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package.name],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        )


@contextmanager
def no_service_started() -> Iterator[None]:
    """Debian starts a service as it installs it, unless this program says no (status 101)."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other set-up is at work in this checkout."""
    checkout = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(checkout, fcntl.LOCK_EX)
        yield
    finally:
        os.close(checkout)


def fingerprint(*files: Path) -> str:
    """Describe what an installation was made from: its place, then a hash of ``files``."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return f"{ROOT}\n{digest.hexdigest()}"


def is_stamped(stamp: Path, recipe: str) -> bool:
    return stamp.exists() and stamp.read_text() == recipe


def was_moved(stamp: Path) -> bool:
    """Tell whether the stamp was set in another place; the scripts of a moved environment still name the old one."""
    return stamp.exists() and stamp.read_text().splitlines()[0] != str(ROOT)


def runs(python: Path) -> bool:
    """Tell whether the environment's Python works with its pip, in the version that PYTHON asks for if that is set."""
    try:
        question = [str(python), "-c", "import pip, sys; print(*sys.version_info[:2])"]
        version = subprocess.run(question, check=False, capture_output=True, text=True)
    except OSError:
        return False
    if os.environ.get("PYTHON"):
        return version.stdout.split() == [str(part) for part in sys.version_info[:2]]
    return version.returncode == 0


def node_version() -> int | None:
    """Return the major version of Node, None where there is no Node."""
    try:
        answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
        return int(answer.removeprefix("v").split(".")[0])
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None


def pip(*arguments: str, advice: str = "") -> None:
    run(str(VENV_PYTHON), "-m", "pip", "--no-input", "--disable-pip-version-check", *arguments, advice=advice)


def run(*command: str, advice: str = "") -> None:
    try:
        subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    except subprocess.CalledProcessError as error:
        sys.exit(
            fail(f"`{' '.join(command)}` failed with status {error.returncode}; its own words stand above. {advice}")
        )


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def fail(sentence: str) -> int:
    say(sentence)
    return 1


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
