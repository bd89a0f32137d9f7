"""The wheel, installed where there is no checkout: templates, migrations and examples travel inside it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from newsletter.resources import folder

ROOT = Path(__file__).parents[2]
PAGE = folder("examples") / "articles" / "ostrel-review.txt"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Build the wheel, install it into an environment of its own, and return where its programs are."""
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path / "dist"), cwd=ROOT)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    environment = tmp_path / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", str(environment), cwd=tmp_path)
    installer = (sys.executable, "-m", "pip", "--python", str(environment / "bin" / "python"))
    run(*installer, "install", "--quiet", "--no-deps", "--no-index", str(wheel), cwd=tmp_path)
    # What it depends on is borrowed from here; the wheel's own copy of the newsletter comes first on the path.
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment / "bin"


def run(*words: str, cwd: Path, **environment: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(
        words, cwd=cwd, env=inherited | environment, text=True, capture_output=True, timeout=100, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_an_issue_is_rendered_far_from_any_checkout(programs: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    config = str(away / "review" / "newsletter.toml")

    def newsletter(*words: str) -> str:
        return run(
            str(programs / "newsletter"), *words, cwd=away,
            NEWSLETTER_CONFIG=config, NEWSLETTER_MAIL__FROM="news@review.example", NEWSLETTER_RENDER__COMPILER="mrml",
        )  # fmt: skip

    where = run(str(programs / "python"), "-c", "import newsletter; print(newsletter.__file__)", cwd=away)
    package = Path(where.strip()).parent
    assert package.is_relative_to(programs.parent)
    assert (package / "render" / "compile.cjs").is_file()
    assert (package / "share" / "templates" / "locale" / "ru.po").is_file()
    assert (package / "share" / "templates" / "desk" / "desk.js").is_file()
    has_packages = (ROOT / "node_modules" / "htmx.org").is_dir()
    assert (package / "share" / "scripts" / "htmx.min.js").is_file() == has_packages
    assert "Usage" in newsletter("issue", "draft", "--help")
    newsletter("init", "review")
    newsletter("migrate")
    newsletter("articles", "import", str(PAGE))
    newsletter("issue", "draft")
    newsletter("issue", "render", "1", "--out", "out")

    assert "</html>" in (away / "out" / "issue.html").read_text(encoding="utf-8")
    assert (away / "out" / "issue.eml").read_bytes().startswith(b"From: ")
