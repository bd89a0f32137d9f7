from __future__ import annotations

import re
import stat
from datetime import date
from pathlib import Path

import pytest

from newsletter.errors import InputError, RefusedError
from newsletter.service.init_project import init_project
from newsletter.settings import load_settings

TODAY = date(2026, 3, 5)


def test_a_fresh_file_loads_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    file = init_project(tmp_path / "my" / "journal", today=TODAY)

    assert load_settings(file, {}).cadence.first == TODAY
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_each_line_that_the_fresh_file_offers_can_be_used_as_it_stands(tmp_path: Path) -> None:
    file = init_project(tmp_path, today=TODAY)
    (tmp_path / "smtp-password").write_text("secret", encoding="utf-8")
    file.write_text(re.sub(r"(?m)^# (?=\w+ = )", "", file.read_text(encoding="utf-8")), encoding="utf-8")

    settings = load_settings(file, {})

    assert settings.smtp.security == "starttls"
    assert settings.smtp.outbox == str(tmp_path / "outbox")
    assert settings.site.publishers[0].name == "Our Institute"


def test_a_project_is_never_made_anew(tmp_path: Path) -> None:
    text = init_project(tmp_path, today=TODAY).read_text(encoding="utf-8")

    with pytest.raises(RefusedError, match="exists already"):
        init_project(tmp_path, today=TODAY)
    assert (tmp_path / "newsletter.toml").read_text(encoding="utf-8") == text


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(InputError, match="Choose another folder"):
        init_project(tmp_path / "file", today=TODAY)
