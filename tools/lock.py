"""Rewrite the lock files: exact versions and hashes, for every system, and no download address.

requirements.lock is what the newsletter needs to run, requirements-dev.lock the same and the tools of a checkout.
``lock.py --upgrade`` takes the newest versions allowed; without it, locked versions stay where they still fit.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(options: list[str]) -> None:
    lock_python("requirements.lock", *options)
    lock_python(
        "requirements-dev.lock", "--group", "dev", "--extra", "postgres", "--constraints", "requirements.lock", *options
    )
    if "--upgrade" in options:
        (ROOT / "package-lock.json").unlink(missing_ok=True)
    run("npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    drop_addresses(ROOT / "package-lock.json")


def drop_addresses(file: Path) -> None:
    """Take out where each package asks for money or has its licence: web addresses have no place in a lock file."""
    lock = json.loads(file.read_text(encoding="utf-8"))
    for package in lock["packages"].values():
        package.pop("funding", None)
        if "://" in package.get("license", ""):
            del package["license"]
    file.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def lock_python(output: str, *options: str) -> None:
    run(
        str(ROOT / ".venv" / "bin" / "uv"), "pip", "compile", "pyproject.toml",
        "--no-config", "--universal", "--python-version", "3.11",
        "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links",
        "--quiet", "--output-file", output, *options,
    )  # fmt: skip


def run(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
